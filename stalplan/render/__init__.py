"""Plan -> text. Nothing here decides anything."""

from collections.abc import Callable

from stalplan.planning.plan import Plan
from stalplan.planning.plan_json import plan_to_json
from stalplan.render import github, gitlab, sarif
from stalplan.render.failure import Failure
from stalplan.render.github import render_github
from stalplan.render.gitlab import render_code_quality, render_gitlab
from stalplan.render.html import render_html
from stalplan.render.markdown import render_markdown
from stalplan.render.sarif import render_sarif
from stalplan.render.text import render_text

RENDERERS: dict[str, Callable[[Plan], str]] = {
    "codequality": render_code_quality,
    "github": render_github,
    "gitlab": render_gitlab,
    "html": render_html,
    "json": plan_to_json,
    "markdown": render_markdown,
    "sarif": render_sarif,
    "text": render_text,
}

ON_LINES: dict[str, Callable[[Plan, str | None], str]] = {
    "codequality": render_code_quality,
    "github": render_github,
    "sarif": render_sarif,
}
"""Those that speak of lines: they are told the desired file's path in its repository,
since a pipeline's tools know files by that."""

FAILURES: dict[str, Callable[[Failure, str | None], str]] = {
    "codequality": gitlab.render_failure,
    "github": github.render_failure,
    "sarif": sarif.render_failure,
}
"""What a pipeline's tools are told where there is no plan."""
