"""Where a file's coordinator is to be tried."""

import pytest

from stalplan.planning.coordinator import CoordinatorAsk, coordinator_ask
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import Release, ServerVersion


def asked(lines: str) -> CoordinatorAsk | None:
    config = parse(
        f'cluster.coordinator = "c"\n{lines}\n'.encode(), ServerVersion.parse("0.15")
    )
    return coordinator_ask(config, effective(config, Release("0.15")))


@pytest.mark.parametrize(
    ("lines", "addresses"),
    [
        ('type = "redis"\nurls = "redis://:CANARY@r1:6380/0"', ("r1:6380",)),
        ('type = "redis"\nurls = ["redis://r1", "rediss://u:CANARY@r2:7"]', None),
        ('type = "nats"\naddress = ["n1", "nats://a:CANARY@n2:4223"]', None),
        ('type = "kafka"\nbrokers = "k1:9, [::1]:9093"\ngroup-id = "g"', None),
    ],
)
def test_only_the_place_is_told(lines: str, addresses: tuple[str, ...] | None) -> None:
    """Host and port of each address; nothing of a login; the type's own port."""
    ask = asked("[store.c]\n" + lines)

    assert ask is not None
    assert "CANARY" not in repr(ask)
    assert "" == ask.untried
    known = {
        "redis": ("r1:6379", "r2:7"),
        "nats": ("n1:4222", "n2:4223"),
        "kafka": ("[::1]:9093", "k1:9"),
    }
    kind = lines.split('"')[1]
    assert (addresses or known[kind]) == ask.addresses
    assert (kind == "nats") == ask.at_start


@pytest.mark.parametrize(
    "lines",
    [
        'type = "redis"\nurls = "%{env:REDIS_URL}%"',
        'type = "redis"\nurls = "redis://%{env:HOST}%:6379"',
        'type = "zenoh"\nconfig = "{}"',
        'type = "nats"\naddress = "nats://[broken"',
        'type = "redis"\nurls = "CANARY"',
    ],
)
def test_what_can_not_be_tried_is_said(lines: str) -> None:
    """A macro, no address at all, or none that anyone could read."""
    ask = asked("[store.c]\n" + lines)

    assert ask is not None
    assert () == ask.addresses
    assert "" != ask.untried


@pytest.mark.parametrize("lines", ["", '[store.c]\ntype = "rocksdb"'])
def test_no_coordinator_is_nothing_to_try(lines: str) -> None:
    """None is named, or its store can't be one."""
    assert asked(lines) is None
