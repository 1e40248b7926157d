"""What a result file says must be true of its server after the start."""

from typing import TYPE_CHECKING

from stalplan.model.health import HealthAsk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.model.inventory import ServiceSettings
    from stalplan.stalwart.effective import Effective
    from stalplan.stalwart.parse import FlatConfig

READY = "/healthz/ready"
ANYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1", "": "127.0.0.1"}  # noqa: S104 - read from files, never bound
LOG_PREFIX = "stalwart"
"""The file name a log tracer uses when it is told none.

Source: stalwart v0.15.5, crates/common/src/config/telemetry.rs.
"""


def health_ask(
    config: "FlatConfig", effective: "Effective", service: "ServiceSettings"
) -> HealthAsk:
    """What to ask a server that starts with *config*. Macros are left unasked."""
    names = _names(config)
    return HealthAsk(
        url=_url(config, names, service),
        timeout=service.health_timeout,
        hostname=effective.hostname,
        coordinated=bool(effective.coordinator and effective.coordinator_usable),
        listeners=tuple(bind for name in names for bind in _binds(config, name)),
        smtp=next(
            (
                _reached(bind)
                for name in names
                if _protocol(config, name) == "smtp" and not _tls(config, name)
                for bind in _binds(config, name)
            ),
            None,
        ),
        log_prefixes=tuple(_logs(config)),
    )


def _url(
    config: "FlatConfig", names: "list[str]", service: "ServiceSettings"
) -> str | None:
    if service.health is not None:
        return service.health or None
    listeners = [name for name in names if _protocol(config, name) == "http"]
    # plain before TLS: a certificate is for the hostname, not for this address
    for name in sorted(listeners, key=lambda name: _tls(config, name)):
        for bind in _binds(config, name):
            scheme = "https" if _tls(config, name) else "http"
            return f"{scheme}://{_reached(bind)}{READY}"
    return None


def _reached(bind: str) -> str:
    """The address to ask on the node itself, where *bind* may mean any."""
    address, _, port = bind.rpartition(":")
    return f"{ANYWHERE.get(address, address)}:{port}"


def _names(config: "FlatConfig") -> list[str]:
    prefix = "server.listener."
    keys = config.keys_under(prefix.rstrip("."))
    return sorted({key.removeprefix(prefix).split(".")[0] for key in keys})


def _protocol(config: "FlatConfig", name: str) -> str:
    return config.get(f"server.listener.{name}.protocol", "")


def _tls(config: "FlatConfig", name: str) -> bool:
    return config.get(f"server.listener.{name}.tls.implicit") == "true"


def _binds(config: "FlatConfig", name: str) -> "Iterator[str]":
    for key in config.keys_under(f"server.listener.{name}.bind"):
        bind = config[key]
        if "%{" not in bind and ":" in bind:
            yield bind


def _logs(config: "FlatConfig") -> "Iterator[str]":
    prefix = "tracer."
    keys = config.keys_under("tracer")
    for name in sorted({key.removeprefix(prefix).split(".")[0] for key in keys}):
        tracer = f"{prefix}{name}"
        folder = config.get(f"{tracer}.path", "")
        file = config.get(f"{tracer}.prefix", LOG_PREFIX)
        is_log = config.get(f"{tracer}.type") == "log"
        enabled = config.get(f"{tracer}.enable") != "false"
        if is_log and enabled and folder and "%{" not in folder + file:
            yield f"{folder.rstrip('/')}/{file}"
