"""Plan -> text. Nothing here decides anything."""

from collections.abc import Callable

from stalplan.planning.plan import Plan
from stalplan.planning.plan_json import plan_to_json
from stalplan.render.markdown import render_markdown
from stalplan.render.text import render_text

RENDERERS: dict[str, Callable[[Plan], str]] = {
    "json": plan_to_json,
    "markdown": render_markdown,
    "text": render_text,
}
