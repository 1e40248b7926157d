"""The plan as one web page that asks nothing of any network."""

from stalplan.render.html.page import render_html

__all__ = ["render_html"]
