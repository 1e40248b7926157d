"""Plan -> text. Nothing here decides anything."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stalplan.planning.plan import Plan

if TYPE_CHECKING:
    from stalplan.render.failure import Failure


def _late(module: str, name: str) -> Callable[..., str]:
    """*name* of *module*, which is loaded when it is needed: a run needs one or two."""

    def render(*args: Any) -> str:  # noqa: ANN401 - passed on
        text: str = getattr(import_module(module), name)(*args)
        return text

    return render


_CODE_QUALITY = _late("stalplan.render.gitlab", "render_code_quality")
_GITHUB = _late("stalplan.render.github", "render_github")
_SARIF = _late("stalplan.render.sarif", "render_sarif")

RENDERERS: dict[str, Callable[[Plan], str]] = {
    "codequality": _CODE_QUALITY,
    "github": _GITHUB,
    "gitlab": _late("stalplan.render.gitlab", "render_gitlab"),
    "html": _late("stalplan.render.html", "render_html"),
    "json": _late("stalplan.planning.plan_json", "plan_to_json"),
    "markdown": _late("stalplan.render.markdown", "render_markdown"),
    "sarif": _SARIF,
    "text": _late("stalplan.render.text", "render_text"),
}

ON_LINES: dict[str, Callable[[Plan, str | None], str]] = {
    "codequality": _CODE_QUALITY,
    "github": _GITHUB,
    "sarif": _SARIF,
}
"""Those that speak of lines: they are told the desired file's path in its repository,
since a pipeline's tools know files by that."""

FAILURES: "dict[str, Callable[[Failure, str | None], str]]" = {
    "codequality": _late("stalplan.render.gitlab", "render_failure"),
    "github": _late("stalplan.render.github", "render_failure"),
    "sarif": _late("stalplan.render.sarif", "render_failure"),
}
"""What a pipeline's tools are told where there is no plan."""
