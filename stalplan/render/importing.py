"""What an import found, for the person who will read the file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.planning.importing.make import Imported
    from stalplan.planning.importing.remarks import Note

_UNFIT = "Can't be asked for as it is, so the plan changes it:"
_OTHERWISE = "Otherwise than the file asks for it, so the plan changes it:"


def import_text(imported: "Imported", file: str) -> str:
    """How many nodes, what is odd, what the first plan repairs, what wasn't read."""
    nodes = len(imported.nodes)
    count = "1 node" if nodes == 1 else f"{nodes} nodes"
    count += " added" if imported.merged else ""
    lines = [f"{file}: {count}, {imported.release}."]
    odd = [note for note in imported.notes if not note.repaired]
    repaired = [note for note in imported.notes if note.repaired]
    lines += _section("Odd, and left as it is:", odd)
    lines += _section(_OTHERWISE if imported.merged else _UNFIT, repaired)
    if imported.unread:
        lines += ["", "Not read:"]
        lines += [f"  {name}: {why}" for name, why in imported.unread.items()]
    said = {note.code for note in imported.notes}
    stops = {each.code for each in imported.plan.findings if each.blocks}
    if stops:
        lines += ["", f"`stalplan plan` is blocked by {', '.join(sorted(stops))}."]
        lines += [
            f"  {each.code}: {each.detail}"
            for each in imported.plan.findings
            if each.blocks and each.code not in said
        ]
        hints = {f.hint: None for f in imported.plan.findings if f.blocks and f.hint}
        lines += [f"  Hint: {hint}" for hint in hints]
    elif not repaired:
        lines += ["", "`stalplan plan` will find no changes."]
    return "\n".join(lines)


def _section(title: str, notes: "Sequence[Note]") -> list[str]:
    if not notes:
        return []
    return ["", title, *(f"  {note.where}: {note.remark}" for note in notes)]
