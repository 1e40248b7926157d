"""[api]: the servers' settings API, to compare what runs with what is written."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stalplan.model.desired.fields import Reader, Unfit, read_table, text
from stalplan.model.desired.references import FORMS, reference
from stalplan.model.stores import ApiSettings

if TYPE_CHECKING:
    from stalplan.model.desired.mistakes import Mistakes

_EXAMPLES = {
    "url": '"http://127.0.0.1:8080"',
    "user": '"admin"',
    "password": '{ env = "STALWART_PASSWORD" }',
}


def read_api(
    mistakes: "Mistakes", content: dict[str, Any], folder: str
) -> ApiSettings | None:
    """The [api] table; None where it is absent, or after a mistake."""
    path = ("api",)
    if "api" not in content:
        return None

    def password(value: object) -> object:
        if isinstance(value, str):
            raise Unfit(f"must not stand in this file: write {FORMS}")
        return reference(folder)(value)

    readers: dict[str, Reader] = {"url": url, "user": text, "password": password}
    table = content["api"]
    found = read_table(mistakes, path, table, readers)
    if not isinstance(table, dict):
        return None
    for key in readers:
        if key not in table:
            mistakes.at_key(path, f"api needs {key}, such as {key} = {_EXAMPLES[key]}")
    return ApiSettings(**found) if found.keys() == readers.keys() else None


def url(value: object) -> str:
    """Where the API answers, as seen from the node; without a path or a user."""
    found = text(value)
    try:
        parts = urlsplit(found)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    more = sound and (parts.path.strip("/") or parts.query or parts.fragment)
    if not sound or more or "@" in found or parts.scheme not in ("http", "https"):
        raise Unfit(f"must be a URL such as {_EXAMPLES['url']}")
    return found.rstrip("/")
