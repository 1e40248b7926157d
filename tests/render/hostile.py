"""Plans whose every free text is one that wants to be more than a text."""

from dataclasses import replace

from reports import planned

from stalplan.planning.changes import Change, DropKey, SetHostname
from stalplan.planning.plan import FileEdit, Plan

EVIL = (
    "::error file=x,line=1::hi",
    "##[error]hi",
    "\n::warning::hi\r\n",
    "%0A::notice::hi",
    "@torvalds",
    "#123",
    "GH-12",
    "octo/repo#7",
    "!12 ~bug %9 &3",
    "/close",
    "http://evil.example/x",
    "www.evil.example",
    "a@evil.example",
    "<b>hi</b>",
    "<!-- hi -->",
    "--> <img src=x onerror=alert(1)>",
    "</details></summary>",
    "&lt;b&gt;",
    "| a | b |",
    "a\\|b",
    "\\",
    "`",
    "``` x",
    "`" * 100,
    "~~~",
    "[x](y)",
    "![x](y)",
    "[x]: y",
    "**x**",
    "_x_",
    "~~x~~",
    "$x$ $$y$$",
    ":100:",
    "# x",
    "> x",
    "- x",
    "1. x",
    "---",
    "    x",
    "\u202ex\u2066",
    "\u200fx\u061c\u05d0",
    "\u3164x\ufe0f\u115f\U000e0100",
    "\x1b[31mx\x00",
    "\u2028x\u0085",
    "END\nEND_",
    "deadbeef1234",
    "{0} {{1}}",
    '"}],"x":[{"',
    "'; x",
)


def poisoned(plan: Plan, evil: str) -> Plan:
    """*plan* with *evil* wherever a node, a file, a path or a reason has a say."""
    return replace(
        plan,
        cluster=evil,
        review_digest=evil,
        desired=replace(
            plan.desired,
            path=evil,
            lines=dict.fromkeys(plan.desired.lines, 3),
        ),
        nodes=tuple(replace(node, path=evil, error=evil) for node in plan.nodes),
        changes=tuple(_change(change, evil) for change in plan.changes),
        edits=tuple(_edit(edit, evil) for edit in plan.edits),
        steps=tuple(
            replace(
                step, why=evil, edits=tuple(_edit(edit, evil) for edit in step.edits)
            )
            for step in plan.steps
        ),
        findings=tuple(
            replace(
                finding,
                summary=evil,
                detail=evil,
                hint=evil,
                file=evil,
                key=evil,
            )
            for finding in plan.findings
        ),
    )


def _change(change: Change, evil: str) -> Change:
    if isinstance(change, SetHostname):
        return replace(change, before=evil, after=evil, reason=evil)
    if isinstance(change, DropKey):
        return replace(change, key=evil, reason=evil)
    return replace(change, reason=evil)


def _edit(edit: FileEdit, evil: str) -> FileEdit:
    before = edit.before and evil
    after = edit.after and (evil if isinstance(edit.after, str) else (evil, evil))
    return replace(edit, key=evil, before=before, after=after)


DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
hostname = "mail.example.org"
[nodes]
mx1.id = 1
"""
HOSTILE = "a`b``c```|<b>|[x](y)*_#\u202e\x1b[31m&lt;"


def hostile_plan() -> Plan:
    """A plan, really made, that shows a host name nobody should have."""
    nodes = {"mx1": f"cluster.node-id = 1\nserver.hostname = '''{HOSTILE}'''\n"}
    return planned(DESIRED, nodes).plan
