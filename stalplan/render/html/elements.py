"""Elements of the page, built as a tree: no text can become mark-up."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from stalplan.planning.shown import visible

Child = ET.Element | str | None
Children = Child | Iterable[Child]

# After these a line may end without a blank being seen.
_BLOCKS = frozenset(
    {
        *("body", "footer", "head", "header", "html", "main", "nav", "section"),
        *("h1", "h2", "h3", "link", "meta", "p", "pre", "style", "title"),
        *("dd", "details", "div", "dl", "dt", "li", "ol", "summary", "ul"),
        *("caption", "table", "tbody", "td", "th", "thead", "tr"),
    }
)


def tag(name: str, /, *content: Children, **attributes: str | None) -> ET.Element:
    """`<name>` with *content*; None is no content and no attribute.

    A trailing underscore is taken off an attribute's name (`class_`), other ones
    become dashes (`aria_label`). Characters that can't be seen are spelled out.
    """
    element = ET.Element(name)
    for key, value in attributes.items():
        if value is not None:
            element.set(key.rstrip("_").replace("_", "-"), visible(value))
    for child in _flat(content):
        if isinstance(child, str):
            _append_text(element, visible(child))
        else:
            element.append(child)
    if name in _BLOCKS:
        element.tail = "\n"
    return element


def as_it_is(name: str, text: str) -> ET.Element:
    """`<name>` with our own *text* of many lines, such as a style sheet."""
    element = tag(name)
    element.text = text
    return element


def page(root: ET.Element) -> str:
    """The whole document, in ASCII: what can't be misread is no question of charset."""
    body: bytes = ET.tostring(root, encoding="us-ascii", method="html")
    return "<!DOCTYPE html>\n" + body.decode("ascii")


def _flat(content: Iterable[Children]) -> Iterable[ET.Element | str]:
    for child in content:
        if isinstance(child, str | ET.Element):
            yield child
        elif child is not None:
            yield from _flat(child)


def _append_text(element: ET.Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "").rstrip("\n") + text
    else:
        element.text = (element.text or "") + text
