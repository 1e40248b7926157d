"""`stalplan schema`, and the failures that the plan's schema covers."""

import io
import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from stalplan.cli.app import App
from stalplan.cli.main import main
from stalplan.cli.terminal import Terminal

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "examples" / "stalplan.schema.json"
EXAMPLES = sorted(ROOT.glob("examples/*/stalplan.toml"))


def printed(*argv: str) -> tuple[int, str]:
    """The exit code of a command line and what it prints."""
    out = io.StringIO()
    app = App(terminal=Terminal(out=out, err=io.StringIO(), environ={}))
    code = main(list(argv), app)
    return code, out.getvalue()


@pytest.mark.parametrize(
    ("argv", "validator"),
    [
        (["schema"], Draft4Validator),
        (["schema", "desired"], Draft4Validator),
        (["schema", "plan"], Draft202012Validator),
    ],
)
def test_a_schema_is_one_document_of_its_draft(
    argv: list[str], validator: type[Draft4Validator]
) -> None:
    """It names its draft, and is sound by that draft's own schema."""
    code, text = printed(*argv)
    schema = json.loads(text)

    assert 0 == code
    assert validator.META_SCHEMA["$schema"] == schema["$schema"]
    validator.check_schema(schema)


def test_another_schema_is_wrong_usage() -> None:
    """There are two."""
    assert (64, "") == printed("schema", "state")


def test_the_examples_schema_is_the_printed_one() -> None:
    """Who opens an example in an editor has completion. GOLDEN=write writes it anew."""
    _, text = printed("schema")
    if os.environ.get("GOLDEN") == "write":
        KEPT.write_text(text)

    assert text == KEPT.read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_names_its_schema(example: Path) -> None:
    """In a comment that Taplo looks for, and at a path where it is."""
    first = example.read_text().splitlines()[0]

    assert first.startswith(("#:schema ./", "#:schema ../"))
    assert KEPT == (example.parent / first.removeprefix("#:schema ")).resolve()


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["plan", "-f", "missing.toml"], 3),
        (["plan", "--no-such-option"], 64),
        (["plan", "-f", "wrong.toml"], 3),
        (["show", "no.plan"], 1),
    ],
)
def test_a_failure_is_what_the_plan_s_schema_says(
    argv: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --format json, stdout is a document of that schema whatever goes wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.toml").write_text("format = 1\n[nodes.a]\nid = 600\n")
    (tmp_path / "no.plan").write_text("{}")
    schema = json.loads(printed("schema", "plan")[1])

    exit_code, text = printed(*argv, "--format", "json")
    only_failures = {**schema, "anyOf": [{"$ref": "#/$defs/failure"}]}
    assert [] == [
        e.message
        for e in Draft202012Validator(only_failures).iter_errors(json.loads(text))
    ]
    assert code == exit_code
