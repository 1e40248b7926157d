"""GitHub, as far as the example workflows see it: a remote, a runner, and `gh`."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from e2e.configs import CANARY

WORKFLOWS = Path(__file__).parents[2] / "examples" / "github" / "workflows"
_PERSON = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")

GH = """\
#!{python}
import json, os, pathlib, sys
store = pathlib.Path({store!r})
known = json.loads(store.read_text())
words = sys.argv[1:]
asked = next(word for word in words if word.startswith("repos/"))
expression = words[words.index("--jq") + 1] if "--jq" in words else ""
if asked.endswith("/pulls"):
    print(known["merged"].get(asked.split("/")[-2], ""))
elif "--method" in words:
    (field,) = (word for word in words if word.startswith("body=@"))
    text = pathlib.Path(field.removeprefix("body=@")).read_text()
    if words[words.index("--method") + 1] == "PATCH":
        known["comments"][asked.split("/")[-1]] = text
    else:
        known["comments"][str(len(known["comments"]) + 1)] = text
    store.write_text(json.dumps(known))
else:
    begins = os.environ.get("MARKER", "<!-- stalplan:")
    assert "github-actions[bot]" in expression and "startswith" in expression
    for number, text in known["comments"].items():
        if text.startswith(begins):
            first = text.splitlines()[0]
            told = f"{{number}} {{first}}" if "split" in expression else text
            print(number if expression.endswith("| .id") else told)
"""


def git(folder: Path, *words: str) -> str:
    """A git command that succeeds."""
    done = subprocess.run(
        ["git", *_PERSON, "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def script(workflow: str, step: str) -> str:
    """What a step of an example workflow runs."""
    document = yaml.safe_load((WORKFLOWS / f"{workflow}.yml").read_text())
    (found,) = (
        each["run"]
        for job in document["jobs"].values()
        for each in job["steps"]
        if each.get("name") == step
    )
    assert isinstance(found, str)
    return found


def make_remote(remote: Path, work: Path) -> None:
    """A bare repository: *work*'s desired file on main, and an empty kept branch."""
    remote.parent.mkdir(parents=True, exist_ok=True)
    git(work, "init", "-q", "--bare", str(remote))
    (work / ".gitignore").write_text("state/\n")
    git(work, "init", "-q")
    git(work, "remote", "add", "origin", str(remote))
    git(work, "add", "stalplan.toml", "known_hosts", ".gitignore")
    git(work, "commit", "-q", "-m", "The cluster as it is")
    git(work, "push", "-q", "origin", "main")
    kept = remote.with_name("first")
    git(work, "init", "-q", "-b", "stalplan-state", str(kept))
    git(kept, "commit", "-q", "--allow-empty", "-m", "Nothing yet")
    git(kept, "push", "-q", str(remote), "stalplan-state")


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step that has ended, with what it gave to later ones."""

    code: int
    said: str
    outputs: dict[str, str]


@dataclass(slots=True)
class GitHub:
    """A bare remote with a main branch and a kept one, comments, and runners."""

    folder: Path  # of its own
    work: Path  # somebody's clone, with the desired file
    pulls: int = 0
    _runners: int = field(default=0)

    @property
    def remote(self) -> Path:
        """The bare repository."""
        return self.folder / "remote.git"

    @property
    def _store(self) -> Path:
        return self.folder / "github.json"

    @property
    def comments(self) -> list[str]:
        """Under pull requests, oldest first."""
        comments: dict[str, str] = json.loads(self._store.read_text())["comments"]
        return list(comments.values())

    def begin(self) -> None:
        """Push what is in the clone, and an empty branch for what is kept."""
        self.folder.mkdir()
        self._store.write_text(json.dumps({"comments": {}, "merged": {}}))
        programs = self.folder / "bin"
        programs.mkdir()
        _program(
            programs / "gh", GH.format(python=sys.executable, store=str(self._store))
        )
        _program(
            programs / "stalplan",
            f'#!/bin/sh\nexec {sys.executable} -m stalplan "$@"\n',
        )
        make_remote(self.remote, self.work)

    def pull_request(self, branch: str) -> int:
        """Push *branch* of the clone; GitHub makes what a merge would give."""
        self.pulls += 1
        self.push(branch, self.pulls)
        return self.pulls

    def push(self, branch: str, number: int) -> None:
        """More commits for a pull request."""
        git(self.work, "push", "-q", "-f", "origin", branch)
        merge = self.folder / "merge"
        git(self.folder, "clone", "-q", str(self.remote), str(merge))
        git(merge, "merge", "-q", "--no-ff", "-m", "merge", f"origin/{branch}")
        git(merge, "push", "-q", "-f", "origin", f"HEAD:refs/pull/{number}/merge")
        shutil.rmtree(merge)

    def merge(self, branch: str, number: int, *, squash: bool) -> None:
        """Merge the pull request into main."""
        git(self.work, "checkout", "-q", "main")
        if squash:
            git(self.work, "merge", "-q", "--squash", branch)
            git(self.work, "commit", "-q", "-m", f"Squashed (#{number})")
        else:
            git(self.work, "merge", "-q", "--no-ff", "-m", f"Merge #{number}", branch)
        git(self.work, "push", "-q", "origin", "main")
        store = json.loads(self._store.read_text())
        store["merged"][git(self.work, "rev-parse", "HEAD")] = number
        self._store.write_text(json.dumps(store))

    def runner(self, ref: str, *, depth: int = 1) -> "Runner":
        """A new machine that has checked out *ref*, and the kept branch below it."""
        self._runners += 1
        home = self.folder / f"runner{self._runners}"
        work = home / "work"
        work.mkdir(parents=True)
        (home / "temp").mkdir()
        for folder, name, reach in (
            (work, ref, depth),
            (work / "kept", "stalplan-state", 1),
        ):
            git(home, "init", "-q", str(folder))
            git(folder, "remote", "add", "origin", f"file://{self.remote}")
            git(folder, "fetch", "-q", f"--depth={reach}", "origin", name)
            git(folder, "checkout", "-q", "--detach", "FETCH_HEAD")
        return Runner(self, home)


@dataclass(slots=True)
class Runner:
    """A machine for one job. Its environment holds nothing but what GitHub gives."""

    hub: GitHub
    home: Path

    @property
    def work(self) -> Path:
        """The workspace."""
        return self.home / "work"

    @property
    def temp(self) -> Path:
        """The folder that ends with the job."""
        return self.home / "temp"

    def step(
        self, workflow: str, step: str, *, folder: str = ".", **environ: str
    ) -> Stepped:
        """Run a step's script as a runner does."""
        outputs = self.temp / "outputs"
        outputs.write_text("")
        done = subprocess.run(
            ["bash", "-e", "-c", script(workflow, step)],
            cwd=self.work / folder,
            env={
                "PATH": f"{self.hub.folder / 'bin'}:{os.environ['PATH']}",
                "HOME": str(self.home),
                "LC_ALL": "C.UTF-8",
                "CI": "true",
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
                "GITHUB_WORKSPACE": str(self.work),
                "GITHUB_REPOSITORY": "example/mail",
                "GITHUB_SHA": git(self.work, "rev-parse", "HEAD"),
                "RUNNER_TEMP": str(self.temp),
                "STALPLAN_IN_AUTOMATION": "1",
                **environ,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert CANARY not in said + outputs.read_text()
        return Stepped(done.returncode, said, _outputs(outputs.read_text()))


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _outputs(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT, in both of its forms."""
    lines, found = iter(text.splitlines()), dict[str, str]()
    for line in lines:
        name, sign, value = line.partition("<<")
        if not sign:
            name, _, value = line.partition("=")
            found[name] = value
            continue
        parts = []
        for part in lines:
            if part == value:
                break
            parts.append(part)
        found[name] = "\n".join(parts)
    return found


def plan_of(runner: Runner) -> dict[str, Any]:
    """The saved plan that the plan step left."""
    document: dict[str, Any] = json.loads((runner.temp / "plan.json").read_text())
    return document
