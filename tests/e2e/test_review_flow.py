"""From a branch to running servers by the example workflows, and what tries to cheat.

The steps' own scripts run, against a bare remote, real SSH nodes and a small `gh`.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from e2e.cluster import Cluster
from e2e.configs import CANARY, small
from e2e.conftest import MakeCluster
from e2e.pipeline import GitHub, Runner, Stepped, git, plan_of

NODES = {
    "mx1": 'id = 1\nhostname = "mx1.example.org"',
    "mx2": 'id = 2\nhostname = "mx2.example.org"',
}
ROLES = '[roles]\n"purge.stores" = ["mx1"]\n'
ROLE = 'cluster.roles.purge.stores = ["1"]'


@pytest.fixture
def hub(cluster_of: MakeCluster, tmp_path: Path) -> tuple[Cluster, GitHub]:
    """Two nodes that are as main says, and a first snapshot on the kept branch."""
    cluster = cluster_of(small(1, ROLE), small(2, ROLE))
    cluster.want(nodes=NODES, after=ROLES)
    github = GitHub(tmp_path / "github", cluster.folder)
    github.begin()
    runner = github.runner("main")
    passed(runner.step("stalplan-watch", "Take a snapshot"))
    passed(runner.step("stalplan-watch", "Keep the snapshot", folder="kept"))
    return cluster, github


def passed(step: Stepped) -> Stepped:
    assert 0 == step.code, step.said
    return step


def change(cluster: Cluster, branch: str, *texts: tuple[str, str]) -> None:
    """Commit to a branch."""
    exists = (
        branch in git(cluster.folder, "branch", "--format=%(refname:short)").split()
    )
    git(cluster.folder, "checkout", "-q", *([] if exists else ["-b"]), branch)
    text = cluster.desired.read_text()
    for old, new in texts:
        assert old in text
        text = text.replace(old, new, 1)
    cluster.desired.write_text(text)
    git(cluster.folder, "commit", "-q", "-a", "-m", branch)


def reviewed(github: GitHub, number: int, *, code: int = 0) -> Runner:
    """Plan a pull request and comment under it, as its workflow does."""
    runner = github.runner("main")
    take = "Take the desired file that a merge would give"
    passed(runner.step("stalplan-pull-request", take, NUMBER=str(number)))
    passed(runner.step("stalplan-pull-request", "Validate"))
    planned = runner.step("stalplan-pull-request", "Plan")
    assert code == planned.code, planned.said
    artefact = runner.work / "plan"
    artefact.mkdir()
    (artefact / "plan.md").write_bytes((runner.temp / "plan.md").read_bytes())
    passed(runner.step("stalplan-pull-request", "Comment", NUMBER=str(number)))
    return runner


def applied(github: GitHub) -> tuple[Runner, Stepped]:
    """Apply main with the digest that its pull request was approved with."""
    runner = github.runner("main")
    found = passed(runner.step("stalplan-apply", "Find the approved digest", GIVEN=""))
    step = runner.step("stalplan-apply", "Apply", DIGEST=found.outputs["digest"])
    passed(runner.step("stalplan-apply", "Take a new snapshot"))
    passed(runner.step("stalplan-apply", "Keep state and snapshot", folder="kept"))
    return runner, step


def test_what_was_approved_is_what_is_applied(hub: tuple[Cluster, GitHub]) -> None:
    """Branch, plan, comment, squash, apply, a refused replay, and the same by merge."""
    cluster, github = hub
    before = cluster.shots()
    change(cluster, "move", ('["mx1"]', '["mx2"]'))
    number = github.pull_request("move")

    plan = plan_of(reviewed(github, number))

    assert before == cluster.shots()
    assert plan["digest"] is None
    assert ["branch"] == [each["origin"] for each in plan["changes"]]
    (comment,) = github.comments
    assert comment.startswith("<!-- stalplan:e2e -->\n")
    assert plan["review_digest"] in comment
    assert "never applied" in comment

    change(cluster, "move", ("mx2.example.org", "b.example.org"))
    github.push("move", number)
    plan = plan_of(reviewed(github, number))
    (comment,) = github.comments
    assert plan["review_digest"] in comment
    assert 2 == comment.count("from this branch |")

    github.merge("move", number, squash=True)
    _, step = applied(github)
    assert (
        "Apply complete! Changes: 0 added, 2 changed, 0 removed." in passed(step).said
    )
    assert "b.example.org" == cluster["mx2"].status()["hostname"]
    after = cluster.shots()

    again, step = applied(github)
    assert 6 == step.code
    assert "The approved plan was begun in run" in step.said
    assert "Nothing would change now." in step.said
    assert after == cluster.shots()
    kept = json.loads((again.work / "kept" / "state" / "e2e.json").read_text())
    assert {"mx1", "mx2"} == kept["nodes"].keys()

    change(cluster, "back", ('["mx2"]', '["mx1"]'))
    number = github.pull_request("back")
    plan = plan_of(reviewed(github, number))
    assert ["desired"] == [each["cause"] for each in plan["changes"]]
    github.merge("back", number, squash=False)
    passed(applied(github)[1])
    assert "on" == cluster["mx1"].status()["roles"]["purge.stores"]
    no_secret_is_kept(github)


def test_what_was_not_approved_is_not_applied(hub: tuple[Cluster, GitHub]) -> None:
    """An address, a command or a value that changed after the approval stops it."""
    cluster, github = hub
    change(cluster, "move", ('["mx1"]', '["mx2"]'))
    number = github.pull_request("move")
    approved = plan_of(reviewed(github, number))["review_digest"]
    github.merge("move", number, squash=True)
    before, right = cluster.shots(), cluster.desired.read_text()
    ports = re.findall(r"ssh.port = [0-9]+", right)
    pwned = cluster.folder / "pwned"
    hook = f'[service]\nbefore_stop = ["touch", "{pwned}"]'

    for texts in (
        [(ports[1], ports[0])],  # another machine
        [("[service]", hook)],
        [('hostname = "mx2.example.org"', 'hostname = "evil.example.org"')],
    ):
        change(cluster, "main", *texts)
        git(cluster.folder, "push", "-q", "origin", "main")
        runner = github.runner("main")
        step = runner.step("stalplan-apply", "Apply", DIGEST=approved)
        assert 6 == step.code, step.said
        assert "This is not the plan that was approved." in step.said
        cluster.desired.write_text(right)
        git(cluster.folder, "commit", "-q", "-a", "-m", "as it was")
    none = github.runner("main").step("stalplan-apply", "Apply", DIGEST="")
    assert 64 == none.code

    assert before == cluster.shots()
    assert not pwned.exists()


def test_an_unread_file_runs_and_reaches_nothing(hub: tuple[Cluster, GitHub]) -> None:
    """Commands and addresses of a pull request stay words, also with live nodes."""
    cluster, github = hub
    pwned = cluster.folder / "pwned"
    touch = json.dumps(["touch", str(pwned)])
    (active,) = set(
        re.findall(
            r"service\.active = .*", cluster.desired.read_text().split("mx2]")[1]
        )
    )
    store = f"""[store.bus]
type = "redis"
urls = "redis://bus"
password = {{ command = {touch} }}
[roles]"""
    change(
        cluster,
        "attack",
        ("[roles]", store),
        ("[service]", f"[service]\nbefore_stop = {touch}"),
        (active, f"service.active = {touch}"),
        ('["mx1"]', '["mx2"]'),
    )
    number = github.pull_request("attack")
    before = cluster.shots()

    runner = reviewed(github, number)
    live = live_plan(runner, "--base", "FETCH_HEAD^1")
    plan_codes = {each["code"]: each for each in live["findings"] if each["blocks"]}

    assert not pwned.exists()
    assert before == cluster.shots()
    assert "purge.stores" in github.comments[0]
    assert {"SP601", "SP609"} == plan_codes.keys()
    assert "mx2" == plan_codes["SP601"]["node"]
    assert not live["complete"]


def test_a_plan_of_an_older_commit_is_taken_back(hub: tuple[Cluster, GitHub]) -> None:
    """A commit whose plan fails leaves no digest of another; the next has its own."""
    cluster, github = hub
    change(cluster, "move", ('["mx1"]', '["mx2"]'))
    number = github.pull_request("move")
    reviewed(github, number)
    change(cluster, "move", ("id = 2", "id = 1"))
    github.push("move", number)
    runner = github.runner("main")
    take = "Take the desired file that a merge would give"
    passed(runner.step("stalplan-pull-request", take, NUMBER=str(number)))
    assert 3 == runner.step("stalplan-pull-request", "Validate").code
    back = "Take back the plan of an older commit"
    passed(runner.step("stalplan-pull-request", back, NUMBER=str(number)))

    (comment,) = github.comments
    assert comment.startswith("<!-- stalplan:e2e -->\n")
    assert "There is no plan of the newest commit" in comment
    assert "review:" not in comment
    change(cluster, "move", ('id = 1\nhostname = "mx2', 'id = 2\nhostname = "mx2'))
    github.push("move", number)
    plan = plan_of(reviewed(github, number))
    (comment,) = github.comments
    assert plan["review_digest"] in comment


def test_a_change_that_changes_nothing_is_approved_too(
    hub: tuple[Cluster, GitHub],
) -> None:
    """What only apply uses is in no plan; the merge's job still ends well."""
    cluster, github = hub
    before = cluster.shots()
    change(cluster, "calm", ("[roles]", '[apply]\nsettle = "1s"\n[roles]'))
    number = github.pull_request("calm")
    plan = plan_of(reviewed(github, number))

    github.merge("calm", number, squash=True)
    _, step = applied(github)

    assert [] == plan["changes"]
    assert "No changes. The cluster matches stalplan.toml." in passed(step).said
    assert before == cluster.shots()


def test_what_can_not_be_approved_is_not_looked_for_further(
    hub: tuple[Cluster, GitHub],
) -> None:
    """A merged plan that a finding blocks has no digest: the job stops and says so."""
    cluster, github = hub
    cluster.want(nodes=NODES, cluster='coordinator = "nowhere"', after=ROLES)
    change(cluster, "block")
    number = github.pull_request("block")
    reviewed(github, number, code=3)
    github.merge("block", number, squash=True)

    runner = github.runner("main")
    found = runner.step("stalplan-apply", "Find the approved digest", GIVEN="")

    assert (1, {}) == (found.code, found.outputs)
    assert "::error::No plan was approved." in found.said


def test_of_a_pull_request_only_one_text_comes_in(hub: tuple[Cluster, GitHub]) -> None:
    """No other file of it is there, and a link in place of the text is a text."""
    cluster, github = hub
    folder = cluster.folder
    git(folder, "checkout", "-q", "-b", "shadow")
    (folder / "pip.py").write_text("raise SystemExit('theirs')\n")
    (folder / ".gitattributes").write_text("* filter=theirs\n")
    cluster.desired.unlink()
    cluster.desired.symlink_to("/etc/passwd")
    git(folder, "add", "--all", "pip.py", ".gitattributes", "stalplan.toml")
    git(folder, "commit", "-q", "-m", "shadow")
    number = github.pull_request("shadow")

    runner = github.runner("main")
    take = "Take the desired file that a merge would give"
    passed(runner.step("stalplan-pull-request", take, NUMBER=str(number)))
    wrong = runner.step("stalplan-pull-request", "Validate")

    there = {path.name for path in runner.work.iterdir()}
    assert {".git", ".gitignore", "kept", "known_hosts", "stalplan.toml"} == there
    assert not (runner.work / "stalplan.toml").is_symlink()
    assert 3 == wrong.code
    assert "root:" not in wrong.said


def live_plan(runner: Runner, *argv: str) -> dict[str, list[dict[str, object]]]:
    """The plan of a runner's checkout that asks the nodes, as far as it may."""
    done = subprocess.run(
        [runner.hub.folder / "bin" / "stalplan", "plan", "--format", "json", *argv],
        cwd=runner.work,
        capture_output=True,
        text=True,
        check=False,
    )
    assert CANARY not in done.stdout + done.stderr
    document: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    return document


def no_secret_is_kept(github: GitHub) -> None:
    """Nothing that any job left behind holds a secret of a node."""
    every = [path for path in github.folder.rglob("*") if path.is_file()]
    assert [] == [path for path in every if CANARY.encode() in path.read_bytes()]
    kept = github.folder / "kept"
    git(
        github.folder, "clone", "-q", "-b", "stalplan-state", str(github.remote), "kept"
    )
    assert {"state", "snapshot.json", ".git"} == {path.name for path in kept.iterdir()}
    assert CANARY not in git(kept, "log", "-p", "--all")
