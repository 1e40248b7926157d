"""The example workflows: by the published schemas, pinned, and with few rights."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from stalplan.cli.app import App
from stalplan.cli.main import cli
from stalplan.cli.terminal import Terminal

ROOT = Path(__file__).parents[1]
GITHUB = sorted((ROOT / "examples" / "github" / "workflows").glob("*.yml"))
GITLAB = ROOT / "examples" / "gitlab" / "gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
each_workflow = pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def commands(text: str) -> list[list[str]]:
    """Every `stalplan` command line in scripts; variables are words."""
    joined = text.replace("\\\n", " ")
    line = re.compile(r"^\s*(?:-|run:)?\s*(stalplan (?!==)[^|>&;\n]*)", re.MULTILINE)
    lines = line.findall(joined)
    return [shlex.split(line)[1:] for line in lines]


def check(words: list[str]) -> None:
    """The command line is one that stalplan takes; nothing of it is run."""
    app = App(terminal=Terminal(environ={}), environ={})
    group = click.Context(cli, obj=app)
    command = cli.get_command(group, words[0])
    assert command is not None, words
    arguments = [
        f"review:{'0' * 64}" if word in ("$DIGEST", "${DIGEST}") else word
        for word in words[1:]
    ]
    command.make_context(words[0], arguments, parent=group)


@pytest.mark.parametrize(
    "argv",
    [
        *(("vendor.github-workflows", str(file)) for file in GITHUB),
        ("vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(GITLAB)),
    ],
    ids=lambda argv: Path(argv[-1]).stem,
)
def test_workflows_are_by_the_published_schemas(argv: tuple[str, ...]) -> None:
    """check-jsonschema's own copies of the schemas accept them; no network."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *argv],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr


@each_workflow
def test_actions_are_pinned(file: Path) -> None:
    """Every action is named by its commit, with its version beside it."""
    uses = re.findall(r"uses: (.*)", file.read_text())

    assert uses
    pinned = re.compile(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [] == [each for each in uses if not pinned.fullmatch(each)]


@each_workflow
def test_rights_are_few(file: Path) -> None:
    """No right by default; a job names its own, and never more than one to write."""
    document = yaml.safe_load(file.read_text())

    assert {} == document["permissions"]
    for job in document["jobs"].values():
        rights = job["permissions"]
        assert sum(right == "write" for right in rights.values()) <= 1
        assert rights.keys() <= {"contents", "pull-requests", "issues"}


def test_pull_requests_are_planned_without_keys() -> None:
    """No job for a pull request has a secret, an environment or kept credentials."""
    (file,) = (each for each in GITHUB if "pull_request" in each.read_text())
    text = file.read_text()
    checkouts = [each for each in steps(file) if "checkout" in each.get("uses", "")]

    assert "secrets" not in re.sub(r"#.*", "", text)
    assert "environment:" not in text
    assert [None, "stalplan-state"] == [each["with"].get("ref") for each in checkouts]
    planned = [words for words in commands(text) if words[0] != "validate"]
    assert ["plan"] == [words[0] for words in planned]
    assert {"--snapshot", "--base"} <= set(planned[0])


@each_workflow
def test_no_checkout_keeps_a_token(file: Path) -> None:
    """Only the step that fetches or pushes has one, and of no other right."""
    for step in steps(file):
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
        else:
            needs = "gh " in step.get("run", "")
            assert needs is ("GH_TOKEN" in step.get("env", {})), step


def test_no_run_on_the_nodes_is_dropped() -> None:
    """All that reach nodes wait for one another, however many come at once."""
    groups = [yaml.safe_load(file.read_text())["concurrency"] for file in GITHUB]
    apply, pull_request, watch = groups

    assert {
        "group": "stalplan-cluster",
        "cancel-in-progress": False,
        "queue": "max",
    } == apply
    assert apply == watch
    assert pull_request["cancel-in-progress"] is True


@each_workflow
def test_keys_are_for_the_default_branch(file: Path) -> None:
    """A job with the key runs on main, or after a job that does."""
    jobs = yaml.safe_load(file.read_text())["jobs"]
    main = "github.ref == 'refs/heads/main'"
    guarded = {name for name, job in jobs.items() if main in job.get("if", "")}
    for name, job in jobs.items():
        if "secrets." in yaml.safe_dump(job):
            assert name in guarded or job["needs"] in guarded
            assert "mail-cluster" == job["environment"]


@each_workflow
def test_no_text_of_others_is_a_script(file: Path) -> None:
    """Titles, branches and outputs come into scripts by the environment alone."""
    assert [] == [each["run"] for each in steps(file) if "${{" in each.get("run", "")]


def scripts() -> dict[str, str]:
    """What every step and job runs, by its place."""
    found = {
        f"{file.stem}: {step['name']}": step["run"]
        for file in GITHUB
        for step in steps(file)
        if "run" in step
    }
    jobs = yaml.safe_load(GITLAB.read_text())
    before = jobs[".stalplan"]["before_script"]
    for name, job in jobs.items():
        if isinstance(job, dict) and ("script" in job or "after_script" in job):
            lines = [*before, *job.get("script", ()), *job.get("after_script", ())]
            found[f"{GITLAB.stem}: {name}"] = "\n".join(lines)
    return found


@pytest.mark.parametrize("where", scripts())
def test_scripts_have_no_known_trap(where: str) -> None:
    """ShellCheck has nothing to warn of in any script."""
    argv = ["shellcheck", "--shell=bash", "--severity=warning", "-"]
    done = subprocess.run(
        argv, input=scripts()[where], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stdout)


@pytest.mark.parametrize("file", [*GITHUB, GITLAB], ids=lambda file: file.stem)
def test_every_command_is_one(file: Path) -> None:
    """Each `stalplan` line of a workflow has options that exist."""
    document = yaml.safe_load(file.read_text())
    found = commands(file.read_text().replace(">-\n", "\n")) if file != GITLAB else []
    if file == GITLAB:
        jobs = [job for job in document.values() if isinstance(job, dict)]
        lines = [line for job in jobs for line in job.get("script", ())]
        found = [words for line in lines for words in commands(line)]

    assert len(found) >= 2
    for words in found:
        check(words)


def test_gitlabs_keys_are_for_the_default_branch() -> None:
    """Jobs with the key never run elsewhere; merge requests are planned without."""
    jobs = yaml.safe_load(GITLAB.read_text())
    with_key = [
        name
        for name, job in jobs.items()
        if isinstance(job, dict) and "STALPLAN_SSH_KEY" in yaml.safe_dump(job)
    ]

    assert ["apply", "watch"] == with_key
    for name in with_key:
        assert ".on-the-nodes" == jobs[name]["extends"]
        assert {
            "if": "$CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH",
            "when": "never",
        } == jobs[name]["rules"][0]
    assert ".stalplan" == jobs["plan"]["extends"]
    assert "TOKEN" not in yaml.safe_dump([jobs["plan"], jobs[".stalplan"]])


def test_hooks_for_pre_commit_run(tmp_path: Path) -> None:
    """Both hooks do their work on a repository with a desired file."""
    example = ROOT / "examples" / "three-nodes-0.15" / "stalplan.toml"
    (tmp_path / "stalplan.toml").write_bytes(example.read_bytes())
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "stalplan"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m stalplan "$@"\n')
    program.chmod(0o755)
    hooks = yaml.safe_load(HOOKS.read_text())
    for hook in hooks:
        subprocess.run(
            shlex.split(hook["entry"]),
            cwd=tmp_path,
            env={"PATH": f"{programs}:/usr/bin:/bin"},
            check=True,
            capture_output=True,
        )

    assert ["stalplan-validate", "stalplan-schema"] == [hook["id"] for hook in hooks]
    assert (tmp_path / "stalplan.schema.json").read_text().startswith("{")
