"""Nodes that were read -> more nodes in a desired file that is there already."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stalplan.findings import CATALOGUE
from stalplan.model.desired import read_desired
from stalplan.model.inventory import ServiceSettings
from stalplan.model.rewriting import add_node, set_value
from stalplan.planning.importing.common import own
from stalplan.planning.importing.drafting import hostname_of
from stalplan.planning.importing.ids import choose_ids
from stalplan.planning.importing.joining import join_roles
from stalplan.planning.importing.make import Imported, known_of, none_was_read
from stalplan.planning.importing.met import Met, Settings, Terms
from stalplan.planning.importing.remarks import Note, notes_of
from stalplan.planning.make import make_plan
from stalplan.planning.plan import Options

if TYPE_CHECKING:
    from datetime import datetime

    from stalplan.model.desired.places import Path
    from stalplan.model.rewriting.writing import Value
    from stalplan.model.wishes import Desired
    from stalplan.names import NodeName
    from stalplan.planning.look import Known

_USUAL = ServiceSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The desired file as it is: its text, and what that says."""

    text: str = field(repr=False)
    desired: "Desired"

    @property
    def tree(self) -> dict[str, Any]:
        """The file as TOML has it."""
        return tomllib.loads(self.text)

    @property
    def names(self) -> "frozenset[NodeName]":
        """The nodes that are in it."""
        return frozenset(node.name for node in self.desired.nodes)

    def terms(self, told: Terms) -> Terms:
        """What holds for new nodes: the file's own tables, and what was *told*."""
        return replace(
            told,
            release=self.desired.release,
            ssh={**self.tree.get("ssh", {}), **told.ssh},
            service={**self.tree.get("service", {}), **told.service},
        )

    def has(self, path: "Path") -> bool:
        """Whether the file speaks of *path*."""
        tree: object = self.tree
        for part in path:
            if not isinstance(tree, Mapping) or part not in tree:
                return False
            tree = tree[part]
        return True


def merge_nodes(
    base: Base, met: Sequence[Met], terms: Terms, *, created: "datetime"
) -> Imported:
    """The file with the nodes of *met*, none of which is in it yet.

    All else stays as its author wrote it. Nodes that could not be read are only told.
    Raises NotImported where none could, and NotRewritten.
    """
    release = base.desired.release
    known, unread = known_of(met, terms, release)
    none_was_read(known, unread)
    taken = {node.node_id.value for node in base.desired.nodes}
    ids = choose_ids([*known.values()], taken)
    text = base.text
    for each in met:
        name = each.asked.name
        if name in known:
            settings = _settings(base, each, terms, known[name])
            text = add_node(text, name, {"id": ids[name], **settings})
    seen = [each.seen for each in met if each.asked.name in known]
    text = join_roles(text, _read(base, text), seen, known)
    merged = Base(text=text, desired=_read(base, text))
    plan = make_plan(
        merged.desired,
        seen,
        None,
        options=Options(),
        created=created,
        secrets={},
    ).plan
    notes = tuple(
        note
        for note in notes_of(plan, merged.has)
        if note.path[:1] != ("nodes",) or note.path[1] in known
    )
    text = _remarked(merged, notes)
    return Imported(
        text=text,
        plan=plan,
        notes=notes,
        unread=unread,
        nodes=tuple(known),
        release=release,
        merged=True,
    )


def _settings(base: Base, met: Met, terms: Terms, known: "Known") -> "dict[str, Value]":
    """A new node's table, without what the file says of all nodes anyway."""
    tree = base.tree
    table: dict[str, Value] = {}
    if met.asked.address != met.asked.name:
        table["address"] = met.asked.address
    hostname = hostname_of(known)
    if isinstance(hostname, str) and hostname != tree["cluster"].get("hostname"):
        table["hostname"] = hostname
    if met.asked.labels:
        table["labels"] = list(met.asked.labels)
    usual = {"manager": _USUAL.manager, "unit": _USUAL.unit}
    shared: dict[str, Settings] = {
        "ssh": tree.get("ssh", {}),
        "service": {**usual, **tree.get("service", {})},
    }
    said: dict[str, Settings] = {
        "ssh": {**terms.ssh, **met.asked.ssh},
        "service": {**terms.service, **met.service},
    }
    for key, settings in said.items():
        differing = own(settings, shared[key], ())
        if differing:
            table[key] = {path[0]: value for path, value in differing.items()}
    return table


def _read(base: Base, text: str) -> "Desired":
    return read_desired(text.encode(), file=base.desired.file)


def _remarked(merged: Base, notes: Sequence[Note]) -> str:
    """Codes behind the lines of the new nodes; the sentences are told elsewhere."""
    text, tree = merged.text, merged.tree
    for note in notes:
        if note.path[:1] == ("nodes",) and note.code is not None:
            path = note.path if merged.has(note.path) else note.path[:2]
            path = path if len(path) > 2 else (*path, "id")  # noqa: PLR2004 - nodes, a name and a key
            value = tree[path[0]][path[1]][path[2]]
            comment = f"{note.code}: {CATALOGUE[note.code][1]}"
            text = set_value(text, path, value, comment=comment)
    return text
