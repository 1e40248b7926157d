"""What is no longer as it was when a plan was made, node by node and key by key."""

from typing import TYPE_CHECKING

from stalplan.model.cluster import listed
from stalplan.model.stores import MASKS
from stalplan.planning.shown import as_written, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalplan.names import NodeName
    from stalplan.planning.plan import ActionName, FileEdit, Plan, PlannedNode


def differences_since(saved: "Plan", now: "Plan") -> list[str]:
    """Lines that name every node that differs, with its managed keys then and now.

    Never empty: where no node's file differs, the last line says what does.
    """
    lines = [
        line
        for then, here in _both(saved, now)
        for line in _of_node(saved, now, then, here)
    ]
    if saved.desired.digest != now.desired.digest:
        lines.append(f"{now.desired.path} has changed since the plan was made.")
    return lines or list(_of_the_rest(saved, now))


def _both(saved: "Plan", now: "Plan") -> "Iterator[tuple[PlannedNode, PlannedNode]]":
    later = {node.name: node for node in now.nodes}
    for node in saved.nodes:
        if node.name in later:
            yield node, later[node.name]


def _of_node(
    saved: "Plan", now: "Plan", then: "PlannedNode", here: "PlannedNode"
) -> "Iterator[str]":
    if then.base == here.base:
        yield from _of_secrets(saved, now, then, here)
        return
    if here.base is None:
        why = visible(here.error or "its file could not be read")
        yield f"{here.name}: {why}"
        return
    yield f"{here.name}: {here.path} was changed since the plan was made."
    was, is_ = _edits(saved, then.name), _edits(now, here.name)
    keys = list(_keys(was, is_))
    what = "no key that this plan manages differs"
    edits = [*was.values(), *is_.values()]
    if any(_hides(edit.before) or _hides(edit.after) for edit in edits):
        what = "of the keys that this plan manages only secrets may differ"
    yield from keys or [f"  {here.name}: {what}."]


def _keys(then: "dict[str, FileEdit]", now: "dict[str, FileEdit]") -> "Iterator[str]":
    """Keys whose live value differs. A key without an edit is as it should be."""
    for key in sorted(then.keys() | now.keys()):
        was = then[key].before if key in then else now[key].after
        is_ = now[key].before if key in now else then[key].after
        if was != is_:
            yield f"  {key}: was {as_written(was)}, now {as_written(is_)}"


def _of_secrets(
    saved: "Plan", now: "Plan", then: "PlannedNode", here: "PlannedNode"
) -> "Iterator[str]":
    """From the same file and the same wishes: a secret has another value by now."""
    same = saved.desired.digest == now.desired.digest
    if not same or then.result == here.result or here.result is None:
        return
    edits = {**_edits(saved, then.name), **_edits(now, here.name)}
    hidden = [visible(key) for key, edit in sorted(edits.items()) if _hides(edit.after)]
    if hidden:
        yield (
            f"{here.name}: {listed(hidden)} would get another secret than when the "
            "plan was made."
        )


def _hides(value: str | tuple[str, ...] | None) -> bool:
    """Whether a secret stands behind the value."""
    return bool(MASKS & {*(value if isinstance(value, tuple) else (value,))})


def _edits(plan: "Plan", node: "NodeName") -> "dict[str, FileEdit]":
    return {edit.key: edit for edit in plan.edits if edit.node == node}


def _of_the_rest(saved: "Plan", now: "Plan") -> "Iterator[str]":
    then, here = _parts(saved), _parts(now)
    for node in sorted(then.keys() | here.keys()):
        if then.get(node) != here.get(node):
            yield (
                f"{node}: its service or what it runs with has changed since the plan "
                "was made, and with it what would be done there."
            )
            return
    codes = {_code(plan) for plan in (saved, now)}
    what = "what stands in the way" if len(codes) > 1 else "the order or its risks"
    yield f"The plan is no longer the same: {what} has changed since it was made."


def _parts(
    plan: "Plan",
) -> "dict[NodeName, list[tuple[ActionName, ...]]]":
    found: dict[NodeName, list[tuple[ActionName, ...]]] = {}
    for step in plan.steps:
        for node in step.nodes:
            found.setdefault(node, []).append(step.actions)
    return found


def _code(plan: "Plan") -> tuple[tuple[str, "NodeName | None"], ...]:
    return tuple((each.code, each.node) for each in plan.findings if each.blocks)
