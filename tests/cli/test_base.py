"""`plan --base`: what comes from a branch, and what an unreviewed file may cause."""

import json
from pathlib import Path

import jsonschema
import pytest
from review_world import World, git, make_world

from stalplan.model.secrets import EnvRef
from stalplan.names import NodeName
from stalplan.transport.memory_node import MemoryNode

MOVED = ('"purge.stores" = ["mx1"]', '"purge.stores" = ["mx2"]')
RENAMED = ('"mx2.example.org"', '"b.example.org"')
COMMAND = """\
service.manager = "command"
service.config = "/etc/stalwart.toml"
service.start = ["start"]
service.stop = ["stop"]
service.active = ["curl", "evil.example.org"]
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    return make_world(tmp_path)


def origins(plan: dict[str, object]) -> dict[str, str]:
    """By address, whose a change is."""
    changes = plan["changes"]
    assert isinstance(changes, list)
    return {change["address"]: change["origin"] for change in changes}


def test_changes_are_the_branchs_or_were_pending(world: World) -> None:
    """What the file at the base asks for already was pending before the branch."""
    world.want(RENAMED)
    base = world.commit("not applied yet")
    world.want(MOVED)

    plan = world.plan("--base", "HEAD")

    assert {"nodes.mx2.hostname": "pending", "roles.purge.stores": "branch"} == origins(
        plan
    )
    assert ("HEAD", base) == (plan["base"]["revision"], plan["base"]["commit"])
    assert [] == plan["base"]["gone"]
    text = world.run("plan", "--base", "HEAD").said
    assert "1 change comes from this branch; 1 was pending before it." in text


def test_another_end_of_a_pending_change_is_the_branchs(world: World) -> None:
    """A branch that gives a pending change another end brings that change."""
    world.want(RENAMED)
    world.commit()
    world.want(("b.example.org", "c.example.org"))

    plan = world.plan("--base", "HEAD")

    assert {"nodes.mx2.hostname": "branch"} == origins(plan)
    assert [] == plan["base"]["gone"]


def test_drift_that_a_branch_leaves_is_told(world: World) -> None:
    """Drift that the base would undo, and the branch no longer does, is told."""
    world.run("apply")  # nothing to do: what there is is recorded
    node = world.cluster["mx2"]
    node.data = node.data.replace(b"mx2.example.org", b"by-hand.example.org")
    world.want(("hostname = ", "# hostname = "))

    plan = world.plan("--base", "HEAD")

    assert [] == plan["changes"]
    (gone,) = plan["base"]["gone"]
    assert ("nodes.mx2.hostname", "drift") == (gone["address"], gone["cause"])
    text = world.run("plan", "--base", "HEAD").said
    assert "This branch leaves drift on mx2 as it is" in text


def test_every_format_tells_the_base(world: World) -> None:
    """Text, Markdown, page and JSON of one plan all tell what it was compared with."""
    world.want(MOVED)
    forms = ("markdown", "html", "json")
    files = {form: world.folder / f"plan.{form}" for form in forms}
    asked = [word for form in forms for word in ("--format", f"{form}={files[form]}")]

    done = world.run("plan", "--base", "HEAD", *asked)

    commit = world.git("rev-parse", "HEAD")
    texts = [done.out, *(files[form].read_text() for form in forms)]
    assert [] == [text for text in texts if commit[:12] not in text]


def test_digests_do_not_know_the_base(world: World) -> None:
    """What is approved is the plan, whatever it was compared with."""
    world.want(MOVED)
    plain, based = world.plan(), world.plan("--base", "HEAD")

    assert (plain["digest"], plain["review_digest"]) == (
        based["digest"],
        based["review_digest"],
    )


def test_a_saved_plan_keeps_its_base(world: World) -> None:
    """`show` tells of the base as `plan` did."""
    world.want(MOVED)
    planned = world.run("plan", "--base", "HEAD", "--out", "p")

    assert planned.out == world.run("show", "p").out


@pytest.mark.parametrize(
    "line",
    [
        'address = "192.0.2.66"',
        "ssh.port = 2222",
        'ssh.user = "mallory"',
        'ssh.jump = "evil.example.org"',
        'ssh.known_hosts = "theirs"',
        f'ssh.host_key = "SHA256:{"A" * 43}"',
        'service.config = "/etc/shadow"',
        'service.unit = "other"',
        COMMAND,
    ],
)
def test_what_the_base_does_not_name_is_not_reached(world: World, line: str) -> None:
    """A node with another address, login or command is not asked, and says why."""
    world.want(("id = 2\n", f"id = 2\n{line}\n"))
    world.cluster.calls.clear()

    plan = world.plan("--base", "HEAD", code=4)

    assert ["mx1 report"] == world.cluster.calls
    assert not plan["nodes"]["mx2"]["reached"]
    (finding,) = (each for each in plan["findings"] if each["blocks"])
    assert ("SP601", "mx2") == (finding["code"], finding["node"])
    assert "HEAD does not name this address" in finding["detail"]
    assert not plan["complete"]


def test_a_trusted_file_is_reached(world: World) -> None:
    """With --trust-desired all nodes are asked."""
    world.want(("id = 2\n", 'id = 2\naddress = "192.0.2.66"\n'))
    world.cluster.calls.clear()

    plan = world.plan("--base", "HEAD", "--trust-desired")

    assert ["mx1 report", "mx2 report"] == world.cluster.calls
    assert plan["complete"]


def test_a_node_of_another_name_may_be_reached(world: World) -> None:
    """A node that is only renamed is reached as the base reaches it."""
    world.want(
        ("[nodes.mx2]\n", '[nodes.mx3]\naddress = "mx2"\n'),
        ('["mx1"]', '["mx3"]'),
    )
    mx3, data = NodeName("mx3"), world.cluster["mx2"].data
    world.cluster.nodes[mx3] = MemoryNode(mx3, data, world.cluster.now)
    world.cluster.calls.clear()

    world.plan("--base", "HEAD")

    assert ["mx1 report", "mx3 report"] == world.cluster.calls


STORE = """
[store.redis]
type = "redis"
urls = "redis://bus.example.org"
password = { env = "BUS" }
"""


def test_a_secret_that_the_base_does_not_name_is_not_asked_for(world: World) -> None:
    """No reference of the branch alone is followed; with --trust-desired it is."""
    world.desired.write_text(world.desired.read_text() + STORE)

    plan = world.plan("--base", "HEAD", code=3)

    assert [] == world.asked.refs
    assert ["SP609"] == [each["code"] for each in plan["findings"] if each["blocks"]]
    world.plan("--base", "HEAD", "--trust-desired")
    assert [EnvRef("BUS")] == world.asked.refs


def test_a_secret_that_the_base_names_is_asked_for(world: World) -> None:
    """A reference that was reviewed is followed, once."""
    world.desired.write_text(world.desired.read_text() + STORE)
    world.commit()
    world.want(MOVED)

    plan = world.plan("--base", "HEAD")

    assert [EnvRef("BUS")] == world.asked.refs
    assert "branch" == origins(plan)["roles.purge.stores"]
    assert {"pending"} == {
        origin for where, origin in origins(plan).items() if where.startswith("store.")
    }


def test_a_file_that_is_new_is_all_the_branchs(world: World) -> None:
    """Where the base has no desired file, nothing is reached unless it is trusted."""
    world.git("mv", "stalplan.toml", "old.toml")
    world.git("commit", "-q", "-m", "gone")
    world.git("mv", "old.toml", "stalplan.toml")
    world.want(MOVED)
    world.cluster.calls.clear()

    world.plan("--base", "HEAD", code=4)
    assert [] == world.cluster.calls
    plan = world.plan("--base", "HEAD", "--trust-desired")
    assert {"roles.purge.stores": "branch"} == origins(plan)
    assert "not there yet" in plan["base"]["problem"]


def test_a_base_that_is_wrong_can_be_repaired(world: World) -> None:
    """A branch that repairs a wrong file gets a plan, which says what was wrong."""
    right = world.desired.read_text()
    world.want(("id = 2", "id = 2222"))
    world.commit()
    world.desired.write_text(right)

    plan = world.plan("--base", "HEAD", "--trust-desired")

    assert "is wrong there" in plan["base"]["problem"]


def test_a_shallow_clone_says_what_to_fetch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a shallow clone lacks is named, and the hint's command brings it."""
    world.git("branch", "release")
    world.want(MOVED)
    world.commit()
    clone = world.folder / "clone"
    origin = f"file://{world.folder}"
    git(world.folder, "clone", "-q", "--depth=1", origin, str(clone))
    monkeypatch.chdir(clone)

    away = world.run("plan", "--base", "origin/release", code=1)
    assert "origin/release names no commit in this shallow clone." in away.err
    (hint,) = (line for line in away.err.splitlines() if line.startswith("Hint:"))
    git(clone, *hint.removeprefix("Hint: git ").split())
    here = world.plan("--base", "origin/release")

    assert {"roles.purge.stores": "branch"} == origins(here)
    before = world.run("plan", "--base", "HEAD~1", code=1)
    assert "git fetch --unshallow" in before.err


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("origin/release", "git fetch origin +release:refs/remotes/origin/release"),
        ("refs/remotes/up/a/b", "git fetch up +a/b:refs/remotes/up/a/b"),
        ("feature/x", "git fetch origin feature/x  # then --base FETCH_HEAD"),
        ("refs/pull/1/merge", "git fetch origin refs/pull/1/merge  # then"),
        ("a;b", "git fetch origin 'a;b'  # then --base FETCH_HEAD"),
        ("HEAD~99", "stalplan plan --help"),
    ],
)
def test_what_to_fetch_is_a_command(world: World, revision: str, hint: str) -> None:
    """It names a remote that there is, and never makes a whole clone a shallow one."""
    for name in ("up", "origin"):
        world.git("remote", "add", name, "file:///nowhere")

    done = world.run("plan", "--base", revision, code=1)

    _, _, told = done.err.partition("Hint: ")
    assert told.startswith(hint)


def test_a_repository_of_another_user_is_no_missing_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs as root: git's own advice is the hint."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    done = world.run("plan", "--base", "HEAD", code=1)

    assert "stalplan.toml belongs to another user" in done.err
    trust = f"git config --global --add safe.directory {world.folder}"
    assert f"Hint: {trust}\n" in done.err


@pytest.mark.parametrize(
    "revision", ["nope", "--output=x", "HEAD:stalplan.toml", ":/x"]
)
def test_a_revision_that_is_none_is_refused(world: World, revision: str) -> None:
    """What names no commit is refused, also where it looks like an option."""
    done = world.run("plan", f"--base={revision}", code=1)

    assert "names no commit in this repository" in done.err
    assert [] == world.cluster.calls


def test_without_a_repository_there_is_no_base(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file outside a repository has no base, and its plan no commit."""
    folder = tmp_path_factory.mktemp("plain")
    file = folder / "stalplan.toml"
    file.write_text(world.desired.read_text())

    done = world.run("plan", "-f", str(file), "--base", "HEAD", code=1)

    assert "lies in no git repository" in done.err
    assert world.plan("-f", str(file))["desired"]["git"] is None


def test_a_plan_knows_its_commit(world: World) -> None:
    """The commit, and whether the file is otherwise there, also in a subfolder."""
    commit = world.git("rev-parse", "HEAD")

    assert {"commit": commit, "dirty": False} == world.plan()["desired"]["git"]
    (world.folder / "other").write_text("x")
    assert not world.plan()["desired"]["git"]["dirty"]
    world.want(MOVED)
    assert world.plan()["desired"]["git"]["dirty"]
    (world.folder / "sub").mkdir()
    new = world.folder / "sub" / "stalplan.toml"
    new.write_text(world.desired.read_text())
    assert {"commit": commit, "dirty": True} == world.plan("-f", str(new))["desired"][
        "git"
    ]


def test_trust_without_a_base_is_wrong_usage(world: World) -> None:
    """Without a base there is nothing that could be distrusted."""
    done = world.run("plan", "--trust-desired", code=64)

    assert "--trust-desired says something only with --base" in done.err


def test_plans_with_base_and_snapshot_are_by_the_schema(world: World) -> None:
    """What `stalplan schema plan` prints holds for previews against a base too."""
    world.run("snapshot", "--out", "s.json")
    world.want(RENAMED)
    world.commit()
    world.want(("b.example.org", "mx2.example.org"), MOVED)
    schema = json.loads(world.run("schema", "plan").out)

    for argv in ((), ("--snapshot", "s.json")):
        plan = world.plan("--base", "HEAD", *argv)
        jsonschema.validate(plan, schema)
        assert 1 == len(plan["base"]["gone"])
