"""What a look at a node would have told, made from a file's bytes alone."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from stalplan.model.desired import read_desired
from stalplan.model.live import NodeFile, NodeReport, Seen, Service
from stalplan.model.records import State
from stalplan.model.secrets import Secrets
from stalplan.model.wishes import Desired
from stalplan.names import NodeName
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options, Planned

CREATED = datetime(2026, 11, 24, 1, 10, tzinfo=UTC)
WRITTEN = CREATED - timedelta(days=30)
STARTED = CREATED - timedelta(days=20)
PATH = "/opt/stalwart/etc/config.toml"


def report_of(
    name: str,
    data: bytes,
    *,
    running: bool = True,
    version: str | None = "0.15.5",
    changed_at: datetime = WRITTEN,
    started_at: datetime | None = STARTED,
    path: str = PATH,
    environment: dict[str, str] | None = None,
    unit_environment: dict[str, str] | None = None,
    backup: bytes | None = None,
    host_key: str | None = None,
) -> NodeReport:
    """A node whose file holds *data*; its server began after the file was written."""
    return NodeReport(
        node=NodeName(name),
        read_at=CREATED,
        host_key=host_key or f"SHA256:{name}",
        file=NodeFile(
            path=path,
            real_path=path,
            data=data,
            size=len(data),
            owner="stalwart:stalwart",
            mode=0o700,
            changed_at=changed_at,
        ),
        service=Service(
            running=running,
            pid=4711 if running else None,
            started_at=started_at if running else None,
        ),
        server_version=version,
        environment=environment or {},
        unit_environment=unit_environment or {},
        backup_before_start=backup,
    )


def desired_of(text: str) -> Desired:
    """A desired file, always called stalplan.toml."""
    return read_desired(text.encode(), file="stalplan.toml")


def planned(
    text: str,
    nodes: dict[str, str] | list[Seen],
    *,
    state: State | None = None,
    options: Options | None = None,
    secrets: Secrets | None = MappingProxyType({}),
) -> Planned:
    """The plan for a desired file and files of nodes that all run."""
    seen = nodes if isinstance(nodes, list) else seen_of(nodes)
    return make_plan(
        desired_of(text),
        seen,
        state,
        options=options or Options(),
        created=CREATED,
        secrets=secrets,
    )


def seen_of(nodes: dict[str, str]) -> list[Seen]:
    """A report of every node, by its file's text."""
    return [report_of(name, text.encode()) for name, text in nodes.items()]
