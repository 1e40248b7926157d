"""What happens to the cluster of docs/operating.md, between what its reader types."""

from collections.abc import Callable
from pathlib import Path

from docs.reader import PowerCut, Reader, cluster_of
from stalplan.model.records import Lease
from stalplan.names import RunId
from stalplan.transport.memory import Fault, MemoryCluster

BY_SERVER = """\
authentication.fallback-admin.user = "admin"
cluster.coordinator = "nats"
cluster.node-id = 1
cluster.roles.acme.renew = 1
cluster.roles.metrics.calculate = "1,2"
cluster.roles.metrics.push = 1
cluster.roles.purge.accounts.0000 = 2
cluster.roles.purge.accounts.0001 = 3
cluster.roles.purge.stores.0000 = 2
cluster.roles.purge.stores.0001 = 3
server.hostname = "mx1.example.net"
server.listener.http.bind.0000 = "[::]:8080"
server.listener.http.protocol = "http"
store.nats.address.0000 = "nats.example.net:4222"
store.nats.type = "nats"
"""
BY_HAND = """\
# Rack @
[server]
hostname = "mx@.example.net"

[server.listener."http"]
bind = ["[::]:8080"]
protocol = "http"

[cluster]
node-id = @
coordinator = "nats"

[cluster.roles]
acme.renew = [1]
metrics.calculate = "1,2"
metrics.push = 1

[cluster.roles.purge]
stores = [2, 3]     # the two big ones
accounts = [2, 3]

[store."nats"]
type = "nats"
address = ["nats.example.net:4222"]
"""
DESIRED = """\
format = 1

[cluster]
name = "example-net"
release = "0.13"
coordinator = "nats"

[nodes.mx1]
id = 1
address = "192.0.2.11"
hostname = "mx1.example.net"

[nodes.mx2]
id = 2
address = "192.0.2.12"
hostname = "mx2.example.net"
labels = ["big"]

[nodes.mx3]
id = 3
address = "192.0.2.13"
hostname = "mx3.example.net"
labels = ["big"]

[roles]
"purge.stores" = ["mx2", "mx3"]
"purge.accounts" = { label = "big" }
"metrics.push" = ["mx1"]
"""


def nodes() -> MemoryCluster:
    """Three nodes on 0.13, one written by its server and two by hand."""
    mx2, mx3 = (BY_HAND.replace("@", number) for number in "23")
    files = {"mx1": BY_SERVER, "mx2": mx2, "mx3": mx3.replace('"mx3.', '"old.')}
    return cluster_of(files, version="0.13.4")


def write_desired(folder: Path) -> None:
    """As the page begins."""
    (folder / "stalplan.toml").write_text(DESIRED)


def _applied(reader: Reader) -> None:
    reader.stalplan("apply", "--auto-approve")


def _mx2_is_picky(reader: Reader) -> None:
    now = reader.cluster["mx2"].data
    reader.cluster["mx2"].script.healthy = lambda data: data == now


def _mx2_is_mended(reader: Reader) -> None:
    reader.cluster["mx2"].script.healthy = lambda _: True


def _cut(_text: str) -> PowerCut:
    return PowerCut()


def _power_goes(reader: Reader) -> None:
    calls = reader.cluster.calls
    reader.cluster.fault = Fault(
        call=len(calls) + 17, after_effect=True, lasts=True, error=_cut
    )
    reader.cluster["mx1"].script.dies_after = "gone"


def _power_is_back(reader: Reader) -> None:
    reader.cluster.fault = None
    reader.cluster["mx1"].script.dies_after = ""


def _somebody_else_is_at_work(reader: Reader) -> None:
    reader.cluster["mx2"].lease = Lease(
        number=99,
        run=RunId("20261124T085500Z-77aa01"),
        who="bob@desk",
        plan=None,
        until=reader.cluster.now().replace(minute=14),
        expired=False,
    )


def _edited_by_hand(reader: Reader) -> None:
    node = reader.cluster["mx3"]
    node.write(node.data.replace(b"mx3.example.net", b"mail3.example.net"))


def _mx2_is_off(reader: Reader) -> None:
    reader.cluster["mx2"].unreachable = "192.0.2.12 port 22 can't be reached"


def _mx2_is_on(reader: Reader) -> None:
    reader.cluster["mx2"].unreachable = ""


def _all_upgraded(reader: Reader) -> None:
    for node in reader.cluster.nodes.values():
        assert not node.running
        node.version = "0.15.5"


EVENTS: dict[str, list[Callable[[Reader], None]]] = {
    "stalplan status": [_applied],
    "stalplan apply --auto-approve": [
        _mx2_is_picky,
        _mx2_is_mended,
        _power_goes,
        _power_is_back,
        _somebody_else_is_at_work,
    ],
    "stalplan drift": [_edited_by_hand],
    "stalplan plan": [_mx2_is_off, _mx2_is_on],
    "stalplan plan --while-stopped --out upgrade.plan": [_all_upgraded],
}
