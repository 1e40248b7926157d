"""docs/desired-file.md against the schema: every key, its default and its values."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from docs.page import DOCS, Fence, fences, tables
from stalplan.model.desired import read_desired
from stalplan.model.desired.schema import desired_schema
from stalplan.stalwart.releases import Release, roles_of
from stalplan.stalwart.stores import SETTINGS

PAGE = (DOCS / "desired-file.md").read_text()
TABLES = tables(PAGE)
# Shown elsewhere on the page: the roles, and the settings of a store by its type.
OWN_TABLES = {"roles", "store"}


def told(heading: str) -> dict[str, list[str]]:
    """The rows of all tables whose first column is *heading*, by their first cell."""
    rows = [row for table in TABLES if table[0][0] == heading for row in table[1:]]
    found = {row[0].strip("`"): [row[0], *row[1:]] for row in rows}
    assert len(rows) == len(found), "a row stands twice"
    return found


def keys_of_the_schema() -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key as the page writes it, its shape, and whether it must be there."""
    schema = desired_schema()
    yield "format", schema["properties"]["format"], True
    for table, shape in schema["properties"].items():
        if "type" not in shape or table in OWN_TABLES:
            continue
        prefix = f"{table}.NAME" if table == "nodes" else table
        inner = shape["additionalProperties"] if table == "nodes" else shape
        for key, own in inner["properties"].items():
            yield f"{prefix}.{key}", own, key in inner.get("required", ())
    yield "store.ID.type", {}, True


def test_every_key_is_told() -> None:
    """The page has a row for each key of the schema, and for no other."""
    assert {key for key, _, _ in keys_of_the_schema()} == set(told("key"))


def test_defaults_are_the_real_ones() -> None:
    """The second column is the schema's default, and says which keys must be there."""
    rows = told("key")
    for key, shape, required in keys_of_the_schema():
        default = rows[key][1]
        assert required == (default == "required"), key
        if "default" in shape:
            value = shape["default"]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            assert f"`{text}`" == default, key


def test_values_are_the_real_ones() -> None:
    """Where a key takes certain words only, the page names them all, and no other."""
    rows = told("key")
    for key, shape, _ in keys_of_the_schema():
        words = [word for word in shape.get("enum", ()) if isinstance(word, str)]
        if words:
            quoted = re.findall(r'`"([^"`]+)"`', rows[key][2])
            assert sorted(words) == sorted(quoted), key


def test_every_role_is_told() -> None:
    """Each role has a row with the releases that know it."""
    known: dict[str, str] = {}
    for release in Release:
        for role in roles_of(release):
            known[role] = f"{known.get(role, '')} {release}".strip()

    assert known == {role: row[1] for role, row in told("role").items()}


def test_every_setting_of_a_store_is_told() -> None:
    """Each type has a row with its keys; the needed ones are marked."""
    for kind, row in told("type").items():
        real = {
            f"`{key}`{' (needed)' if setting.needed else ''}"
            for key, setting in SETTINGS[kind].items()
            if key != "type"
        }
        assert real == set(row[1].split(", ")), kind

    assert set(SETTINGS) == set(told("type"))


@pytest.mark.parametrize("block", fences(PAGE, "toml"), ids=lambda block: block.line)
def test_the_examples_are_good_files(block: Fence) -> None:
    """Who copies one starts without a mistake."""
    assert read_desired(block.text.encode(), file="stalplan.toml").nodes


@pytest.mark.parametrize("value", [row[0] for row in told("value").values()])
def test_every_form_of_a_role_is_taken(value: str) -> None:
    """Each value of the table of [roles] is one that a role may have."""
    text = fences(PAGE, "toml")[0].text
    text = text.replace('"purge.stores" = ["mx2"]', f'"purge.stores" = {value[1:-1]}')

    assert read_desired(text.encode(), file="stalplan.toml").roles


@pytest.mark.parametrize("reference", [row[0] for row in told("reference").values()])
def test_every_reference_is_taken(reference: str) -> None:
    """Each reference of the table is one that a store's password may be."""
    text = fences(PAGE, "toml")[1].text
    text = text.replace('{ env = "REDIS_PASSWORD" }', reference[1:-1])

    assert read_desired(text.encode(), file="stalplan.toml").stores
