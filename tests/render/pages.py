"""A page as a reader finds it: its elements with their texts, and nothing hidden."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "wbr", "br", "img", "input", "hr"}


@dataclass(slots=True)
class Element:
    """One element: its name, attributes, and all text within it."""

    name: str
    attributes: dict[str, str | None]
    inside: list["Element"] = field(default_factory=list)
    text: str = ""

    def all(self, name: str, **attributes: str) -> list["Element"]:
        """The elements below this one with that name and those attributes."""
        return [
            each
            for each in self.below()
            if each.name == name
            and all(
                each.attributes.get(k.rstrip("_")) == v for k, v in attributes.items()
            )
        ]

    def one(self, name: str, **attributes: str) -> "Element":
        """The only such element."""
        (found,) = self.all(name, **attributes)
        return found

    def below(self) -> list["Element"]:
        """Every element within this one, in the order of the page."""
        return [each for child in self.inside for each in (child, *child.below())]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> ends <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def read_page(text: str) -> Element:
    """The page's elements. Fails where one is not closed, or closed twice."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root], "an element is left open"
    return reader.root
