"""Markdown as GitHub reads it: what is mark-up, what is text, and what is code."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import cmarkgfm  # type: ignore[import-untyped]  # GitHub's own reader, in C
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from markdown_it.token import Token

READER = MarkdownIt("gfm-like")
assert READER.linkify is not None
# A bare "example.org" is no link on GitHub; "www." and addresses with a scheme are.
READER.linkify.set({"fuzzy_link": False, "fuzzy_email": True})

LIVE = re.compile(
    r"@\w|[#!~%$&]\w|\bGH-\d|://|\bwww\.|:[a-z0-9_+-]+:|\b[0-9a-f]{7,40}\b|\$",
    re.IGNORECASE,
)
"""What GitHub or GitLab would make more of in a text that is not code."""


def skeleton(markdown: str) -> list[str]:
    """The tree of mark-up without its texts."""
    return [_kind(token) for token in _tokens(markdown) if token.type != "text"]


def _kind(token: Token) -> str:
    if token.type in {"html_block", "html_inline"}:
        return f"{token.type}: {tags(token.content)}"
    if token.type in {"heading_open", "fence"}:
        return f"{token.type} {token.tag} {token.info} {token.markup[:3]}"
    return token.type


def loose_texts(markdown: str) -> str:
    """All text that is neither code nor HTML, joined."""
    return "\n".join(
        token.content for token in _tokens(markdown) if token.type == "text"
    )


def all_texts(markdown: str) -> str:
    """All that is seen, without blanks and the sign of code."""
    seen = (
        token.content
        for token in _tokens(markdown)
        if token.type in {"text", "code_inline", "fence"}
    )
    return squeezed("".join(seen))


def squeezed(text: str) -> str:
    """*text* without blanks and backticks, which a reader of Markdown may drop."""
    return re.sub(r"[\s`]", "", text)


def github_html(markdown: str) -> str:
    """*markdown* as GitHub's own reader makes HTML of it, before it is sanitised."""
    html: str = cmarkgfm.github_flavored_markdown_to_html(
        markdown, Options.CMARK_OPT_UNSAFE
    )
    return html


def elements(html: str) -> list[str]:
    """The elements of *html* but for code, which may stand in any number."""
    return [tag for tag in tags(html) if not re.match("</?code ?", tag)]


def seen_text(html: str) -> str:
    """All that is seen of *html*, without blanks and the sign of code."""
    return squeezed(unescape(re.sub(r"<[^>]*>", "", html)))


def _tokens(markdown: str) -> Iterator[Token]:
    for token in READER.parse(markdown):
        yield from token.children if token.children is not None else [token]


def tags(html: str) -> list[str]:
    """The elements and comments of a piece of HTML, in their order."""
    reader = _Tags()
    reader.feed(html)
    reader.close()
    return reader.found


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"<{tag} {sorted(attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!-- {len(data.split())} -->")
