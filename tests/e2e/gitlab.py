"""GitLab, as far as the example pipeline sees it: an API, a remote, and a runner."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from e2e.configs import CANARY
from e2e.pipeline import git

PIPELINE = Path(__file__).parents[2] / "examples" / "gitlab" / "gitlab-ci.yml"
PROJECT = "group/mail"
BOT = {"id": 7, "username": "bot"}


def jobs() -> dict[str, dict[str, Any]]:
    """Every job by its name, with what it extends and the pipeline's defaults."""
    document = yaml.safe_load(PIPELINE.read_text())
    kept = {"stages", "default", "variables"}
    return {name: _whole(document, name) for name in document.keys() - kept}


def _whole(document: dict[str, Any], name: str) -> dict[str, Any]:
    job = dict(document[name])
    base = _whole(document, job["extends"]) if "extends" in job else {}
    variables = document["variables"] | base.get("variables", {})
    return {**base, **job, "variables": variables | job.get("variables", {})}


@dataclass(slots=True)
class Api:
    """The notes and issues of one project, and who may write them."""

    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)  # by request
    issues: list[dict[str, Any]] = field(default_factory=list)
    merged: dict[str, int] = field(default_factory=dict)  # request, by commit
    plans: dict[int, Path] = field(default_factory=dict)  # by the job that made them
    asked: list[tuple[str, str]] = field(default_factory=list)  # token, method

    def note(self, number: int, body: str, author: Mapping[str, Any] = BOT) -> None:
        """Someone writes under a merge request."""
        told = self.notes.setdefault(number, [])
        told.append({"id": len(told) + 1, "body": body, "author": author})

    def answer(self, method: str, path: str, body: dict[str, Any]) -> object:
        """What GitLab answers; KeyError where it has no such page."""
        asked = urlsplit(path)
        short = asked.path.removeprefix("/api/v4").removeprefix("/projects/1")
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        if short == "/user":
            return BOT
        if found := re.fullmatch(r"/merge_requests/(\d+)/notes/?(\d*)", short):
            return self._notes(int(found[1]), found[2], method, query, body)
        if found := re.fullmatch(r"/issues/?(\d*)", short):
            return self._issues(found[1], method, body)
        if found := re.fullmatch(r"/pipelines/(\d+)/jobs", short):
            return [{"id": int(found[1]) + 1, "name": "plan"}]
        if found := re.fullmatch(r"/jobs/(\d+)/artifacts/plan.md", short):
            return self.plans[int(found[1])].read_text()
        if found := re.fullmatch(r"/repository/commits/(\w+)/merge_requests", short):
            known = found[1] in self.merged
            return [{"iid": self.merged[found[1]]}] if known else []
        raise KeyError(path)

    def _notes(
        self,
        number: int,
        note: str,
        method: str,
        query: dict[str, str],
        body: dict[str, Any],
    ) -> object:
        told = self.notes.setdefault(number, [])
        if method == "PUT":
            told[int(note) - 1] |= body
        elif method == "POST":
            self.note(number, body["body"])
        size = int(query.get("per_page", "20"))
        start = (int(query.get("page", "1")) - 1) * size
        return told[start : start + size]

    def _issues(self, issue: str, method: str, body: dict[str, Any]) -> object:
        if method == "PUT":
            self.issues[int(issue) - 1] |= body
        elif method == "POST":
            self.issues.append({**body, "iid": len(self.issues) + 1})
        return self.issues


@contextmanager
def served(api: Api) -> Iterator[str]:
    """The address at which *api* answers, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_any(self) -> None:
            """Answer, whatever the method."""
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else {}
            api.asked.append((self.headers["PRIVATE-TOKEN"], self.command))
            try:
                told = api.answer(self.command, self.path, body)
                answer = (told if isinstance(told, str) else json.dumps(told)).encode()
                self.send_response(200)
            except (KeyError, FileNotFoundError):
                answer = b"{}"
                self.send_response(404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_any  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Ran:
    """One job that has ended; its folder holds its artifacts."""

    code: int
    said: str
    work: Path


@dataclass(slots=True)
class GitLab:
    """A project with a remote, and runners whose machines are new each time."""

    folder: Path  # of its own; the bare repositories lie in it by their paths
    api: Api
    address: str
    runners: int = 0

    def remote(self, project: str = PROJECT) -> Path:
        """The bare repository of the project, or of a fork of it."""
        return self.folder / f"{project}.git"

    def run(
        self,
        name: str,
        ref: str,
        more: Mapping[str, str],
    ) -> Ran:
        """Run a job on *ref* as a runner does, on a new machine."""
        job, self.runners = jobs()[name], self.runners + 1
        origin = f"file://{self.remote(more.get('CI_PROJECT_PATH', PROJECT))}"
        home = self.folder / f"runner{self.runners}"
        work = home / "work"
        work.mkdir(parents=True)
        if job["variables"].get("GIT_STRATEGY") != "none":
            git(home, "init", "-q", str(work))
            git(work, "remote", "add", "origin", origin)
            git(work, "fetch", "-q", "--depth=50", "origin", ref)
            git(work, "checkout", "-q", "--detach", "FETCH_HEAD")
        environ = self._environ(home, job, more)
        script = [*job.get("before_script", ()), *job["script"]]
        code, said = _bash(script, work, environ)
        _, after = _bash(job.get("after_script", ()), work, environ)
        assert CANARY not in said + after
        return Ran(code, said + after, work)

    def _environ(
        self, home: Path, job: dict[str, Any], more: Mapping[str, str]
    ) -> dict[str, str]:
        work = home / "work"
        here = {
            "PATH": f"{_programs(home)}:{os.environ['PATH']}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "CI": "true",
            "CI_API_V4_URL": self.address,
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_DIR": str(work),
            "CI_PROJECT_PATH": PROJECT,
            "CI_SERVER_PROTOCOL": "https",
            "CI_SERVER_FQDN": "gitlab.example.org",
            "STALPLAN": "stalplan.whl",
            **more,
        }
        if (work / ".git").is_dir():
            here["CI_COMMIT_SHA"] = git(work, "rev-parse", "HEAD")
        url = f"https://stalplan:t-apply@gitlab.example.org/{PROJECT}.git"
        here_it_is = f"url.file://{self.remote()}.insteadOf"
        git(home, "config", "--global", here_it_is, url)
        return {**job["variables"], **here}


def _bash(lines: list[str], work: Path, environ: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-c", "set -eo pipefail\n" + "\n".join(lines)],
        cwd=work,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _programs(home: Path) -> Path:
    """What the image has, or installs without looking at the network."""
    folder = home / "bin"
    folder.mkdir()
    python = f'exec {sys.executable} "$@"'
    for name, line in (
        ("apt-get", ":"),
        ("pip", ":"),
        ("python", python),
        ("stalplan", f'exec {sys.executable} -m stalplan "$@"'),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder
