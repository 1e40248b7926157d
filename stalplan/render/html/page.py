"""The page: what a reviewer sees first, and every other part in its place."""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalplan.findings import Severity
from stalplan.planning.documents import rfc3339
from stalplan.planning.plan import Origin
from stalplan.render.bases import base_lines, base_title
from stalplan.render.headlines import obstacle, title
from stalplan.render.html.elements import as_it_is, page, tag
from stalplan.render.html.matrix import matrix
from stalplan.render.html.parts import changes, files, findings
from stalplan.render.html.style import STYLE
from stalplan.render.html.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from stalplan.planning.plan import Options, Plan

# An icon of our own, so that no browser asks a server for one.
_ICON = "data:,"


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page: its place, its heading, how many there are, and all."""

    name: str
    heading: str
    count: int
    body: "list[Element]"


def render_html(plan: "Plan") -> str:
    """The plan as one self-contained page: no script, and nothing is fetched.

    Its policy forbids the browser everything but the page's own style, so even a
    text that broke out could not run or load anything.
    """
    parts = [part for part in _parts(plan) if part.body]
    body = tag(
        "body",
        tag("a", "Skip to the plan", class_="skip", href="#main"),
        _header(plan),
        _contents(parts),
        tag("main", [_section(part) for part in parts], id="main", tabindex="-1"),
        _footer(plan),
    )
    return page(tag("html", _head(plan), body, lang="en"))


def _parts(plan: "Plan") -> "Iterator[Part]":
    """In the order in which they are read: first of all what stands in the way."""
    faults = Part("findings", "Findings", len(plan.findings), findings(plan))
    if plan.blocked:
        yield faults
    if plan.base is not None:
        own = plan.base.origins.count(Origin.BRANCH)
        lines = tag("ul", [tag("li", line) for line in base_lines(plan)])
        yield Part("base", base_title(plan.base), own, [lines])
    yield Part("changes", "Changes", len(plan.changes), changes(plan))
    yield Part("cluster", "Cluster", len(plan.nodes), matrix(plan))
    yield Part("steps", "Steps", len(plan.steps), timeline(plan))
    if not plan.blocked:
        yield faults
    yield Part("files", "Files", plan.summary.files, files(plan))


def _head(plan: "Plan") -> "Element":
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"Plan: {title(plan)}"),
        tag("link", rel="icon", href=_ICON),
        as_it_is("style", STYLE),
    )


def _header(plan: "Plan") -> "Element":
    stops = obstacle(plan)
    kind = "stops" if stops else "changes" if plan.has_changes else "quiet"
    return tag(
        "header",
        tag("p", "stalplan plan", class_="kicker"),
        tag("h1", title(plan)),
        tag(
            "div",
            tag("p", stops, class_="obstacle") if stops else None,
            tag("p", plan.sentence, class_="sentence"),
            _risks(plan),
            _faults(plan),
            class_=f"verdict {kind}",
        ),
        tag("dl", list(_facts(plan)), class_="facts"),
    )


def _risks(plan: "Plan") -> "Element | None":
    """How many moments are not as they should be: where to look first."""
    exposed = sum(bool(step.exposure) for step in plan.steps)
    if not plan.steps:
        return None
    if not exposed:
        return tag("p", "Nothing is at risk between the steps.")
    steps = "1 step" if exposed == 1 else f"{exposed} of {len(plan.steps)} steps"
    return tag("p", "Something is at risk after ", tag("a", steps, href="#steps"), ".")


def _faults(plan: "Plan") -> "Element | None":
    """How many findings are more than remarks."""
    weights = [finding.severity for finding in plan.findings]
    errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
    counts = [(errors, "error"), (warnings, "warning")]
    told = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n]
    if not told:
        return None
    return tag(
        "p",
        "There ",
        "is " if errors + warnings == 1 else "are ",
        tag("a", " and ".join(told), href="#findings"),
        ".",
    )


def _facts(plan: "Plan") -> "Iterator[Element]":
    git = plan.desired.git
    commit = (
        "" if git is None else f" at {git.commit}{' (changed)' if git.dirty else ''}"
    )
    yield _fact("Desired file", f"{plan.desired.path}{commit}")
    yield _fact("Made", _time(rfc3339(plan.created)))
    yield _fact("Good until", _time(rfc3339(plan.expires)))
    if asked := _asked(plan.options):
        yield _fact("Made with", tag("code", asked))


def _fact(name: str, value: "Element | str") -> "Element":
    return tag("div", tag("dt", name), " ", tag("dd", value))


def _time(text: str) -> "Element":
    return tag("time", text.replace("T", " ").replace("Z", " UTC"), datetime=text)


def _asked(options: "Options") -> str:
    """The options a plan was made with, as a command line has them."""
    names = {
        "--target": options.target,
        "--exclude": options.exclude,
        "--assume-down": options.assume_down,
    }
    flags = {
        "--restart-unknown": options.restart_unknown,
        "--start-stopped": options.start_stopped,
        "--while-stopped": options.while_stopped,
    }
    words = [f"{option} {name}" for option, given in names.items() for name in given]
    return " ".join([*words, *(flag for flag, is_set in flags.items() if is_set)])


def _contents(parts: "list[Part]") -> "Element":
    links = [
        tag("li", tag("a", part.heading, " ", _count(part.count), href=f"#{part.name}"))
        for part in parts
    ]
    return tag("nav", tag("ul", links), aria_label="Parts of the plan")


def _section(part: Part) -> "Element":
    heading = f"{part.name}-heading"
    return tag(
        "section",
        tag("h2", part.heading, " ", _count(part.count), id=heading),
        part.body,
        id=part.name,
        aria_labelledby=heading,
    )


def _count(count: int) -> "Element":
    return tag("span", str(count), class_="count")


def _footer(plan: "Plan") -> "Element":
    digest = plan.digest if plan.has_changes and not obstacle(plan) else None
    return tag(
        "footer",
        tag("p", "Digest: ", tag("code", digest)) if digest else None,
        tag("p", "Review digest: ", tag("code", plan.review_digest)),
        tag("p", f"Made by stalplan {plan.stalplan}."),
    )
