"""The plan for a comment under a pull request: Markdown, and never too long for one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING
from urllib.parse import quote

from stalplan.render import markdown_sections as sections
from stalplan.render.headlines import obstacle, title
from stalplan.render.markup import prose, sentence

if TYPE_CHECKING:
    from stalplan.planning.plan import Plan

COMMENT = 65_536
"""Characters of a comment on GitHub; a note on GitLab takes a million.

Source: GitHub's answer to longer ones, "maximum is 65536 characters". It counts code
points in some places and 262,144 bytes in others, which so many code points never
exceed: dead-claudia/github-limits, pull request 13.
"""

Part = Callable[["Plan"], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text, from all of it to the least of it."""

    name: str
    levels: tuple[Part, ...]


SECTIONS = (
    Section("danger", (sections.danger,)),
    Section("base", (sections.base,)),
    Section("changes", (sections.changes, sections.bare_changes)),
    Section("steps", (sections.steps, sections.bare_steps, sections.no_steps)),
    Section(
        "findings",
        (
            sections.findings,
            sections.grave_findings,
            sections.blocking_findings,
            sections.counted_findings,
        ),
    ),
    Section("files", (sections.files, sections.no_files)),
    Section("digests", (sections.digests,)),
)

CUTS = (
    ("files", "the diffs of the files"),
    ("findings", "findings that only inform"),
    ("steps", "what each step is for"),
    ("changes", "why each change is made"),
    ("findings", "warnings"),
    ("steps", "the steps"),
    ("findings", "the findings that stand in the way"),
)
"""What goes, in this order, until the text fits: the section's next level."""

WHERE = "All of it: `stalplan show PLAN`, of the file that `stalplan plan --out` wrote."
INCOMPLETE = "**This text is not complete and can't be approved.**"


def render_markdown(plan: "Plan") -> str:
    """The plan as CommonMark with GitHub's tables, of at most 65,536 characters."""
    return fitted(plan, COMMENT, len)


def marker(plan: "Plan") -> str:
    """What a bot finds its own comment by, and no reader sees; one per cluster."""
    return f"<!-- stalplan:{quote(plan.cluster, safe='')} -->"


def fitted(plan: "Plan", room: int, size: Callable[[str], int]) -> str:
    """The plan in at most *room*, as *size* measures it.

    Details go first, and the text says which; a change never does. If the changes
    alone are too much, it says that it is not complete, and has no digest to approve.
    """
    level = dict.fromkeys((section.name for section in SECTIONS), 0)
    texts = {section.name: _text(section.levels[0], plan) for section in SECTIONS}
    left_out: list[str] = []
    for name, what in CUTS:
        whole = _whole(plan, texts.values(), left_out)
        if size(whole) <= room:
            return whole
        level[name] += 1
        section = next(each for each in SECTIONS if each.name == name)
        shorter = _text(section.levels[level[name]], plan)
        if len(shorter) < len(texts[name]):
            texts[name] = shorter
            left_out.append(what)
    whole = _whole(plan, texts.values(), left_out)
    return whole if size(whole) <= room else _incomplete(plan, room, size)


def _text(part: Part, plan: "Plan") -> str:
    return "\n".join(part(plan))


def _whole(plan: "Plan", texts: Iterable[str], left_out: list[str]) -> str:
    blocks = [*_head(plan), *texts]
    if left_out:
        blocks.insert(3, f"**Left out for length:** {', '.join(left_out)}. {WHERE}")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(plan: "Plan") -> Iterator[str]:
    yield marker(plan)
    yield f"## {prose(title(plan))}"
    yield sentence(plan.sentence)


def _incomplete(plan: "Plan", room: int, size: Callable[[str], int]) -> str:
    """As many whole changes as fit, and that there are more."""
    _, _, *every = sections.bare_changes(plan)
    head = "\n\n".join(_head(plan))
    stops = f"\n\n**{prose(obstacle(plan))}**" if obstacle(plan) else ""

    def text(fit: int) -> str:
        told = f"{fit} of {len(every)} lines of changes fit in here. {WHERE}"
        shown = "".join(f"\n{line}" for line in every[:fit])
        return f"{head}\n\n{INCOMPLETE} {told}{stops}\n{shown}\n"

    left = room - size(text(0)) - len(str(len(every)))  # the count may get longer
    sizes = accumulate(size(f"\n{line}") for line in every)
    whole = text(sum(1 for _ in takewhile(lambda total: total <= left, sizes)))
    return whole if size(whole) <= room else f"{INCOMPLETE} {WHERE}\n"
