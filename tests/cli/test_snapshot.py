"""`snapshot` and `plan --snapshot`: plans without any connection, and their limits."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from review_world import World, make_world

MOVED = ('"purge.stores" = ["mx1"]', '"purge.stores" = ["mx2"]')


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """With a snapshot in s.json."""
    monkeypatch.chdir(tmp_path)
    world = make_world(tmp_path)
    world.run("snapshot", "--out", "s.json")
    world.cluster.calls.clear()
    return world


def same_parts(plan: dict[str, Any]) -> dict[str, Any]:
    """What a preview and the live plan have in common."""
    steps = [{**step, "result": None} for step in plan["steps"]]
    kept = ("changes", "edits", "findings", "summary", "review_digest")
    return {"steps": steps, **{key: plan[key] for key in kept}}


def test_a_preview_opens_no_line(world: World) -> None:
    """From a snapshot the plan is the same, and no node is asked."""
    world.want(MOVED)

    preview = world.plan("--snapshot", "s.json")

    assert [] == world.cluster.calls
    assert same_parts(world.plan()) == same_parts(preview)
    assert preview["digest"] is None
    assert not preview["complete"]
    assert {None} == {node["result"] for node in preview["nodes"].values()}


def test_a_preview_follows_no_reference(world: World) -> None:
    """No command, file or variable that the desired file names is asked for."""
    world.desired.write_text(
        world.desired.read_text()
        + '[store.redis]\ntype = "redis"\nurls = "redis://bus"\n'
        'password = { command = ["touch", "pwned"] }\n'
    )

    world.plan("--snapshot", "s.json")

    assert [] == world.asked.refs


def test_a_preview_says_what_it_is(world: World) -> None:
    """Every format for people says that it is a preview that is never applied."""
    world.want(MOVED)
    page, note = world.folder / "p.html", world.folder / "p.md"
    forms = ("--format", f"html={page}", "--format", f"markdown={note}")

    done = world.run("plan", "--snapshot", "s.json", *forms)

    texts = (done.said, page.read_text(), note.read_text())
    assert [] == [text for text in texts if "preview" not in text]
    assert "review:" in done.out
    assert "2026-11-24 01:10 UTC" in done.said


def test_a_preview_is_never_applied(world: World) -> None:
    """A saved preview is no plan to carry out; its digest can be approved."""
    world.want(MOVED)
    world.run("plan", "--snapshot", "s.json", "--out", "p")
    review = world.plan("--snapshot", "s.json")["review_digest"]

    done = world.run("apply", "p", code=3)

    assert "never applied" in done.err
    assert f"stalplan apply --expect-digest {review}" in done.err
    assert [] == world.cluster.calls


def test_exit_codes_are_those_of_a_live_plan(world: World) -> None:
    """0 without changes, 2 with them where that was asked for, 3 when it is blocked."""
    done = world.run("plan", "--snapshot", "s.json", "--detailed-exitcode")
    assert "No changes. The cluster matches stalplan.toml." == done.out.splitlines()[-1]
    world.want(MOVED)
    world.run("plan", "--snapshot", "s.json", "--detailed-exitcode", code=2)
    world.want(("coordinator = ", 'coordinator = "nowhere"\n# '))
    world.run("plan", "--snapshot", "s.json", code=3)


def test_an_old_snapshot_is_a_warning(world: World) -> None:
    """Older than a plan may be, a snapshot is SP610; up to then it is silent."""
    world.clock.at += timedelta(hours=24)
    fresh = world.plan("--snapshot", "s.json")
    world.clock.at += timedelta(hours=1)
    old = world.plan("--snapshot", "s.json")

    assert "SP610" not in [each["code"] for each in fresh["findings"]]
    (finding,) = (each for each in old["findings"] if each["code"] == "SP610")
    assert ("warning", False) == (finding["severity"], finding["blocks"])
    assert "25 hours ago" in finding["detail"]


def test_a_node_that_is_new_counts_as_not_asked(world: World) -> None:
    """A node that joins in a branch is in the others' lists; its file isn't known."""
    world.want(
        ("[roles]", '[nodes.mx3]\nid = 3\nhostname = "mx3.example.org"\n[roles]'),
        ('["mx1"]', '["mx3"]'),
    )

    plan = world.plan("--snapshot", "s.json")

    assert not plan["nodes"]["mx3"]["reached"]
    assert {"roles.purge.stores"} == {change["address"] for change in plan["changes"]}
    (finding,) = (each for each in plan["findings"] if each["node"] == "mx3")
    assert ("SP601", False) == (finding["code"], finding["blocks"])
    assert "the snapshot doesn't know it" in finding["detail"]


@pytest.mark.parametrize(
    "line",
    [
        'address = "192.0.2.66"',
        "ssh.port = 2222",
        'ssh.jump = "bastion.example.org"',
        'service.unit = "other"',
        'service.config = "/etc/other.toml"',
    ],
)
def test_a_node_at_another_place_counts_as_not_asked(world: World, line: str) -> None:
    """What a snapshot tells of one machine says nothing of another."""
    world.want(("id = 2\n", f"id = 2\n{line}\n"))

    plan = world.plan("--snapshot", "s.json")

    assert not plan["nodes"]["mx2"]["reached"]
    (finding,) = (each for each in plan["findings"] if each["node"] == "mx2")
    assert "the snapshot knows it at another place" in finding["detail"]


def test_what_was_not_read_is_not_claimed_to_match(world: World) -> None:
    """Without a change in sight a preview says so only where it saw every node."""
    world.want(("id = 2\n", "id = 2\nssh.port = 2222\n"))
    done = world.run("plan", "--snapshot", "s.json")

    assert (
        "Plan: 0 to add, 0 to change, 0 to remove. Files: 0, restarts: 0."
        == done.out.splitlines()[-1]
    )
    excluded = world.run("plan", "--snapshot", "s.json", "--exclude", "mx2")
    assert "No changes." in excluded.out


def test_what_is_not_known_is_not_given_up(world: World) -> None:
    """A change of the base is gone only where the plan could have had it."""
    world.want(MOVED, ('"mx2.example.org"', '"b.example.org"'))
    world.commit()
    world.want(("id = 1\n", "id = 1\nssh.port = 1\n"), ('["mx2"]', '["mx1"]'))
    one = world.plan("--snapshot", "s.json", "--base", "HEAD")
    world.want(("id = 2\n", "id = 2\nssh.port = 2\n"))
    none = world.plan("--snapshot", "s.json", "--base", "HEAD")

    assert {"roles.purge.stores"} == {each["address"] for each in one["base"]["gone"]}
    assert {"nodes.mx2.hostname"} == {each["address"] for each in one["changes"]}
    assert ([], []) == (none["changes"], none["base"]["gone"])


def test_the_recorded_state_is_in_it(world: World) -> None:
    """Nodes that left, and causes, come out of the snapshot, not of the state here."""
    world.run("apply")
    world.run("snapshot", "--out", "s.json")
    state = world.folder / "state" / "mail.json"
    recorded = json.loads((world.folder / "s.json").read_text())["state"]
    state.unlink()
    world.want(('[nodes.mx2]\nid = 2\nhostname = "mx2.example.org"\n', ""))

    plan = world.plan("--snapshot", "s.json")

    assert {"mx1", "mx2"} == recorded["nodes"].keys()
    assert ["leave"] == [change["kind"] for change in plan["changes"]]


def test_an_unreached_node_is_told(world: World) -> None:
    """The snapshot is written, says so, and ends with 4; so do plans from it."""
    world.cluster["mx2"].unreachable = "no route to host"

    done = world.run("snapshot", "--out", "s.json", code=4)

    assert "The snapshot knows nothing of mx2." in done.err
    assert "no route to host" in done.err
    world.plan("--snapshot", "s.json", code=4)


def test_options_of_planning_go_with_it(world: World) -> None:
    """Nodes can be excluded from a preview as from a plan."""
    world.want(MOVED)
    live = world.plan("--assume-down", "mx2", code=None)
    offline = world.plan("--snapshot", "s.json", "--assume-down", "mx2", code=None)

    assert same_parts(live) == same_parts(offline)


def damaged(text: str) -> str:
    return text.replace("node-id = 1", "node-id = 9")


def newer(text: str) -> str:
    return text.replace('"format_version": 1', '"format_version": 2')


def cut_off(text: str) -> str:
    return text[: len(text) // 2]


def another(text: str) -> str:
    return json.dumps({"some": "JSON"}) if text else text


@pytest.mark.parametrize(
    ("spoil", "why", "anew"),
    [
        (damaged, "s.json is damaged", "s"),
        (newer, "s.json has format 2; this stalplan reads 1", "s"),
        (cut_off, "s.json is no snapshot", "new"),
        (another, "s.json is no snapshot", "new"),
    ],
)
def test_a_snapshot_that_is_none_is_refused(
    world: World, spoil: Callable[[str], str], why: str, anew: str
) -> None:
    """Damaged, cut off, newer, or something else: each is told, with what to do.

    A file that is no snapshot is somebody's, and no hint leads to its loss.
    """
    file = world.folder / "s.json"
    file.write_text(spoil(file.read_text()))

    done = world.run("plan", "--snapshot", "s.json", code=1)

    assert why in done.err
    assert f"Hint: stalplan snapshot --out {anew}.json" in done.err


def test_another_clusters_snapshot_is_refused(world: World) -> None:
    """A snapshot is of one cluster."""
    world.want(('name = "mail"', 'name = "other"'))

    done = world.run("plan", "--snapshot", "s.json", code=1)

    assert "s.json is of the cluster mail; the desired file is of other." in done.said


def test_a_missing_snapshot_is_told(world: World) -> None:
    """No plan is made from live nodes where a snapshot was asked for."""
    done = world.run("plan", "--snapshot", "nowhere.json", code=1)

    assert "nowhere.json: No such file or directory." in done.err
    assert [] == world.cluster.calls


@pytest.mark.parametrize("option", ["SNAPSHOT", "BASE"])
def test_an_empty_variable_is_no_missing_one(
    world: World, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline's variable that is empty does not turn a guard off."""
    monkeypatch.setenv(f"STALPLAN_PLAN_{option}", "")

    done = world.run("plan", code=64)

    assert "it is empty" in done.err
    assert [] == world.cluster.calls
    world.run("plan", f"--{option.lower()}", "", code=64)


@pytest.mark.parametrize(
    "argv",
    [
        ("plan", "--out", "stalplan.toml"),
        ("plan", "--format", "json=./stalplan.toml"),
        ("snapshot", "--out", "stalplan.toml"),
        ("show", "s.plan", "--format", "text=stalplan.toml"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_over_the_desired_file(
    world: World, argv: tuple[str, ...]
) -> None:
    """A slip of the hand costs nothing."""
    world.run("plan", "--out", "s.plan")
    before = world.desired.read_bytes()

    done = world.run(*argv, code=64)

    assert "stalplan.toml is the desired file" in done.err
    assert before == world.desired.read_bytes()


def test_no_hint_leads_to_the_loss_of_a_file(world: World) -> None:
    """What is no plan is somebody's file."""
    done = world.run("show", "stalplan.toml", code=1)

    assert "Hint: stalplan plan --out new.plan" in done.err


def test_an_error_always_ends_with_a_hint(world: World) -> None:
    """Where nothing better can be said, the command's help."""
    done = world.run("remove-node", "mx9", code=3)

    assert done.err.endswith("\n\nHint: stalplan remove-node --help\n")
