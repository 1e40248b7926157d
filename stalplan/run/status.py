"""The use case behind `stalplan status`: one look, and a question to each server."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stalplan.errors import StalplanError
from stalplan.model.inventory import Node
from stalplan.model.live import NodeReport, Seen
from stalplan.model.records import State
from stalplan.model.secrets import Secret, Unresolved, shown_ref
from stalplan.model.stores import ApiSettings
from stalplan.model.wishes import Desired
from stalplan.names import NodeName
from stalplan.planning.status import NodeStatus, status_of
from stalplan.ports import Clock, Reporter, SettingsAsk, Transport
from stalplan.run.look import SILENT
from stalplan.run.together import together

if TYPE_CHECKING:
    from datetime import timedelta

_QUESTION = (
    "/api/settings/keys?keys=cluster.node-id,cluster.coordinator,server.hostname,"
    "lookup.default.hostname&prefixes=cluster.roles"
)
"""What is managed. Source: stalwart v0.15.5 crates/http/src/management/settings.rs."""


def status_now(
    desired: Desired,
    *,
    transport: Transport,
    clock: Clock,
    state: State | None = None,
    password: Secret | Unresolved | None = None,
    reporter: Reporter = SILENT,
) -> tuple[NodeStatus, ...]:
    """Every node as it is now, by name. Changes nothing, and locks nothing.

    *state* is what was last applied, where it is known. *password* is that of [api];
    without it no server is asked what it holds. A node that can't be reached raises
    nothing: its status says so.
    """
    reporter.note(f"Reading {len(desired.nodes)} nodes …")
    began = clock.now()
    seen: list[Seen] = []
    took: dict[NodeName, timedelta] = {}
    for each in transport.read(desired.nodes):
        seen.append(each)
        took[each.node] = clock.now() - began
    asked = _asked(desired, seen, transport, password)
    return status_of(desired, seen, state, took=took, asked=asked)


def _asked(
    desired: Desired,
    seen: Sequence[Seen],
    transport: Transport,
    password: Secret | Unresolved | None,
) -> Mapping[NodeName, Mapping[str, str] | str]:
    """What the settings API of every running server says, or why it says nothing."""
    if desired.api is None or password is None:
        return {}
    up = {
        each.node
        for each in seen
        if isinstance(each, NodeReport) and each.service and each.service.running
    }
    nodes = [node for node in desired.nodes if node.name in up]
    if isinstance(password, Unresolved):
        which = shown_ref(desired.api.password)
        why = f"the settings API was not asked, for want of {which}: {password.why}"
        return {node.name: f"{node.name}: {why}" for node in nodes}
    ask = _ask(desired.api, password)

    def settings(node: Node) -> Mapping[str, str]:
        return transport.session(node).settings(ask)

    return {
        node.name: answer.detail if isinstance(answer, StalplanError) else answer
        for node, answer in together(settings, nodes)
    }


def _ask(api: ApiSettings, password: Secret) -> SettingsAsk:
    return SettingsAsk(url=f"{api.url}{_QUESTION}", user=api.user, password=password)
