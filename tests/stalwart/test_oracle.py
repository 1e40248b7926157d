import base64
import json
from pathlib import Path
from typing import Any

import pytest

from stalplan.stalwart.effective import RoleState, Shard, effective
from stalplan.stalwart.macros import NeverEnds, expand
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse
from stalplan.stalwart.releases import ServerVersion

ORACLE = Path(__file__).parents[1] / "oracle"
Case = dict[str, Any]  # a line of a table


def cases(table: str) -> list[Case]:
    lines = (ORACLE / table).read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def data_of(case: Case) -> bytes:
    if "base64" in case:
        return base64.b64decode(case["base64"])
    return str(case["text"]).encode()


def outcome(case: Case, version: str) -> FlatConfig | ConfigRefused:
    try:
        return parse(data_of(case), ServerVersion.parse(version))
    except ConfigRefused as refused:
        return refused


@pytest.mark.parametrize(
    ("version", "field"),
    [
        ("0.11", "expect_old"),
        ("0.12.5", "expect_old"),
        ("0.13.0", "expect_old"),
        ("0.13.1", "expect"),
        ("0.13", "expect"),
        ("0.14", "expect"),
        ("0.15", "expect"),
    ],
)
def test_every_release_reads_what_the_real_one_read(version: str, field: str) -> None:
    """The flat map is the server's, key by key, and refusals name its line."""
    for case in cases("parse.ndjson"):
        expected: Case = case[field if field in case else "expect"]

        actual = outcome(case, version)

        if "keys" in expected:
            assert isinstance(actual, FlatConfig), (case["id"], actual)
            assert expected["keys"] == dict(actual), case["id"]
            assert sorted(expected["keys"], key=str.encode) == list(actual), case["id"]
        else:
            assert isinstance(actual, ConfigRefused), case["id"]
            assert expected.get("line", actual.line) == actual.line, case["id"]
            assert ("line" not in expected) == (actual.kind == "not-utf8"), case["id"]


def spelled(state: RoleState) -> object:
    if isinstance(state, Shard):
        return {"shard": state.index, "of": state.of}
    return type(state).__name__.lower()


def test_every_release_runs_with_what_the_real_one_ran_with() -> None:
    """Id, hostname, coordinator, roles and complaints are the server's."""
    for case in cases("roles.ndjson"):
        version = ServerVersion.parse(case["release"])
        expected = case["expect"]

        config = outcome(case, case["release"])

        if isinstance(config, ConfigRefused):
            assert expected.get("line") == config.line, case["id"]
            continue
        found = effective(config, version.line)
        actual = {
            "node_id": found.node_id,
            "node_id_error": found.node_id_error,
            "hostname": found.hostname,
            "report_domain": found.report_domain,
            "coordinator": found.coordinator,
            "coordinator_usable": found.coordinator_usable,
            "roles": {role: spelled(state) for role, state in found.roles.items()},
            "errors": list(found.errors),
        }
        assert expected == actual, case["id"]


def test_macros_expand_as_at_the_real_start() -> None:
    """Values, complaints and endless loops are the server's."""
    for case in cases("macros.ndjson"):
        config = outcome(case, "0.15")
        assert isinstance(config, FlatConfig), case["id"]

        try:
            expanded = expand(config, env=case["env"])
        except NeverEnds:
            assert case["expect"] == {"never_ends": True}, case["id"]
            continue

        assert case["expect"] == {
            "keys": dict(expanded.keys),
            "errors": list(expanded.errors),
        }, case["id"]


def test_the_tables_are_whole() -> None:
    """A table that lost its lines would prove nothing."""
    tables = ("parse.ndjson", "roles.ndjson", "macros.ndjson")

    assert [656, 469, 42] == [len(cases(table)) for table in tables]
