"""From a branch to running servers by the scripts of GitLab's example pipeline.

They run against a bare remote, real SSH nodes, and an API on loopback.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import Cluster
from e2e.configs import CANARY, small
from e2e.conftest import MakeCluster
from e2e.gitlab import BOT, Api, GitLab, Ran, jobs, served
from e2e.pipeline import git, make_remote

NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
}
ROLES = '[roles]\n"purge.stores" = ["mx1"]\n'
ROLE = 'cluster.roles.purge.stores = ["1"]'
REQUEST = {
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_PROJECT_PATH": "group/mail",
}
SOMEBODY = {"id": 9, "username": "mallory"}


@pytest.fixture
def lab(cluster_of: MakeCluster, tmp_path: Path) -> Iterator[tuple[Cluster, GitLab]]:
    """Two nodes that are as main says, and a first snapshot on the kept branch."""
    cluster = cluster_of(small(1, ROLE), small(2, ROLE))
    cluster.want(nodes=NODES, after=ROLES)
    api = Api()
    with served(api) as address:
        gitlab = GitLab(tmp_path / "gitlab", api, address)
        make_remote(gitlab.remote(), cluster.folder)
        passed(on_nodes(gitlab, "watch"))
        yield cluster, gitlab


def passed(ran: Ran) -> Ran:
    assert 0 == ran.code, ran.said
    return ran


def on_nodes(gitlab: GitLab, job: str, **more: str) -> Ran:
    """A job on main, which has the key and the token."""
    key = gitlab.folder / "key"
    key.write_text("the nodes' own files name another\n")
    tokens = {"STALPLAN_SSH_KEY": str(key), "STALPLAN_TOKEN": "t-apply"}
    return gitlab.run(job, "main", {"STALPLAN_NOTE_USER": "bot", **tokens, **more})


def pushed(cluster: Cluster, branch: str, old: str, new: str) -> None:
    """A commit on a branch at the remote, whose desired file says *new*."""
    git(cluster.folder, "checkout", "-q", "-B", branch)
    text = cluster.desired.read_text()
    assert old in text
    cluster.desired.write_text(text.replace(old, new, 1))
    git(cluster.folder, "commit", "-q", "-a", "-m", branch)
    git(cluster.folder, "push", "-q", "-f", "origin", branch)


def reviewed(gitlab: GitLab, branch: str, number: int, *, code: int = 0) -> Ran:
    """Plan a merge request without a secret, and write the note with its own token."""
    pipeline = len(gitlab.api.plans) * 10
    request = {
        **REQUEST,
        "CI_MERGE_REQUEST_IID": str(number),
        "CI_PIPELINE_ID": str(pipeline),
    }
    planned = gitlab.run("plan", branch, request)
    assert code == planned.code, planned.said
    gitlab.api.plans[pipeline + 1] = planned.work / "plan.md"
    note = {"STALPLAN_NOTE_TOKEN": "t-note", "STALPLAN_NOTE_USER": "bot"}
    passed(gitlab.run("note", branch, {**request, **note}))
    return planned


def merged(cluster: Cluster, gitlab: GitLab, branch: str, number: int) -> None:
    """Fast-forward main to the branch."""
    git(cluster.folder, "checkout", "-q", "main")
    git(cluster.folder, "merge", "-q", "--ff-only", branch)
    git(cluster.folder, "push", "-q", "origin", "main")
    gitlab.api.merged[git(cluster.folder, "rev-parse", "HEAD")] = number


def test_what_was_approved_is_what_is_applied(lab: tuple[Cluster, GitLab]) -> None:
    """Branch, widget, note, merge, apply, a refused replay; a token for each job."""
    cluster, gitlab = lab
    before = cluster.shots()
    pushed(cluster, "move", '["mx1"]', '["mx2"]')
    for number in range(120):
        gitlab.api.note(1, f"Remark {number}", SOMEBODY)

    planned = reviewed(gitlab, "move", 1)
    pushed(cluster, "move", "mx2.example.org", "b.example.org")
    planned = reviewed(gitlab, "move", 1)

    widget = json.loads((planned.work / "widget.json").read_text())
    assert {"create": 0, "delete": 0, "update": 2} == widget
    assert json.loads((planned.work / "codequality.json").read_text())
    plan = json.loads((planned.work / "plan.json").read_text())
    assert {"branch"} == {change["origin"] for change in plan["changes"]}
    (note,) = (each["body"] for each in gitlab.api.notes[1] if each["author"] == BOT)
    assert plan["review_digest"] in note
    assert before == cluster.shots()
    assert {("t-note", verb) for verb in ("GET", "POST", "PUT")} == {*gitlab.api.asked}

    forged = re.sub("review:[0-9a-f]{64}", f"review:{'0' * 64}", note)
    gitlab.api.note(1, forged, SOMEBODY)
    merged(cluster, gitlab, "move", 1)
    done = passed(on_nodes(gitlab, "apply"))
    assert "Apply complete! Changes: 0 added, 2 changed, 0 removed." in done.said
    assert "b.example.org" == cluster["mx2"].status()["hostname"]
    after = cluster.shots()

    again = on_nodes(gitlab, "apply")
    assert 6 == again.code
    assert "The approved plan was begun in run" in again.said
    assert after == cluster.shots()
    kept = json.loads((again.work / "kept" / "state" / "e2e.json").read_text())
    assert {"mx1", "mx2"} == kept["nodes"].keys()
    no_secret_is_kept(gitlab)


def test_a_plan_of_an_older_commit_is_taken_back(lab: tuple[Cluster, GitLab]) -> None:
    """A commit whose plan fails leaves no digest, though it brings its own plan.md."""
    cluster, gitlab = lab
    pushed(cluster, "move", '["mx1"]', '["mx2"]')
    reviewed(gitlab, "move", 1)
    forged = cluster.folder / "plan.md"
    forged.write_text(f"<!-- stalplan:e2e -->\nReview digest: `review:{'0' * 64}`\n")
    git(cluster.folder, "add", "plan.md")
    pushed(cluster, "move", "id = 2", "id = 1")
    reviewed(gitlab, "move", 1, code=3)

    (note,) = gitlab.api.notes[1]
    assert note["body"].startswith("<!-- stalplan:e2e -->\n")
    assert "There is no plan of the newest commit" in note["body"]
    assert "review:" not in note["body"]


def test_without_an_approval_nothing_is_applied(lab: tuple[Cluster, GitLab]) -> None:
    """No merge request, no note, or another file than the planned one: no apply."""
    cluster, gitlab = lab
    before = cluster.shots()
    pushed(cluster, "main", '["mx1"]', '["mx2"]')

    assert 64 == on_nodes(gitlab, "apply").code
    gitlab.api.merged[git(cluster.folder, "rev-parse", "HEAD")] = 1
    gitlab.api.note(1, f"Review digest: `review:{'0' * 64}`")
    assert 64 == on_nodes(gitlab, "apply").code
    assert 6 == on_nodes(gitlab, "apply", DIGEST=f"sha256:{'0' * 64}").code
    assert before == cluster.shots()


def test_a_fork_is_planned_from_the_targets_snapshot(
    lab: tuple[Cluster, GitLab],
) -> None:
    """A fork without the kept branch and with an old main gets the right plan."""
    cluster, gitlab = lab
    fork = gitlab.remote("mallory/mail")
    git(cluster.folder, "clone", "-q", "--bare", str(gitlab.remote()), str(fork))
    git(fork, "branch", "-q", "-D", "stalplan-state")
    pushed(cluster, "main", "mx2.example.org", "b.example.org")
    pushed(cluster, "move", '["mx1"]', '["mx2"]')
    git(cluster.folder, "push", "-q", str(fork), "move")
    request = {**REQUEST, "CI_PROJECT_PATH": "mallory/mail"}

    planned = passed(gitlab.run("plan", "move", request))

    plan = json.loads((planned.work / "plan.json").read_text())
    origins = {each["address"]: each["origin"] for each in plan["changes"]}
    assert {"nodes.mx2.hostname": "pending", "roles.purge.stores": "branch"} == origins


def test_drift_opens_one_issue(lab: tuple[Cluster, GitLab]) -> None:
    """The scheduled job tells what somebody changed by hand, each time in one place."""
    cluster, gitlab = lab
    pushed(cluster, "move", '["mx1"]', '["mx2"]')
    plan = passed(gitlab.run("plan", "move", REQUEST))
    digest = json.loads((plan.work / "plan.json").read_text())["review_digest"]
    merged(cluster, gitlab, "move", 1)
    passed(on_nodes(gitlab, "apply", DIGEST=digest))
    assert [] == gitlab.api.issues
    for name in ("by-hand", "again"):
        config = cluster["mx2"].config
        text = config.read_text()
        config.write_text(re.sub(r'hostname = "[^"]*"', f'hostname = "{name}"', text))
        passed(on_nodes(gitlab, "watch"))

    (issue,) = gitlab.api.issues
    assert "stalplan-drift" == issue["labels"]
    assert "again" in issue["description"]
    lines = issue["description"].splitlines()
    assert [] == [line for line in lines if line and not line.startswith("    ")]


def test_the_job_that_plans_has_no_token() -> None:
    """The note's token is of an environment that only the note's job is in."""
    told = {name: job.get("environment") for name, job in jobs().items()}

    assert told["plan"] is None
    assert {"name": "stalplan-note", "action": "access"} == told["note"]
    assert "mail-cluster" == told["apply"] == told["watch"]


def no_secret_is_kept(gitlab: GitLab) -> None:
    """Nothing that any job left behind holds a secret of a node."""
    every = [path for path in gitlab.folder.rglob("*") if path.is_file()]
    assert [] == [path for path in every if CANARY.encode() in path.read_bytes()]
    kept = gitlab.folder / "kept"
    remote = str(gitlab.remote())
    git(gitlab.folder, "clone", "-q", "-b", "stalplan-state", remote, str(kept))
    assert {"state", "snapshot.json", ".git"} == {path.name for path in kept.iterdir()}
