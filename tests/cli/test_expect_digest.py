"""`apply --expect-digest`: what was approved is what is applied, or nothing is."""

from pathlib import Path

import pytest
from review_world import World, make_world

MOVED = ('"purge.stores" = ["mx1"]', '"purge.stores" = ["mx2"]')
NOTHING = "review:" + "0" * 64


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """With a role to move."""
    monkeypatch.chdir(tmp_path)
    world = make_world(tmp_path)
    world.want(MOVED)
    return world


def untouched(world: World) -> bool:
    """Whether nothing but looks were made at the nodes."""
    return {call.split()[1] for call in world.cluster.calls} <= {"report"}


@pytest.mark.parametrize("which", ["digest", "review_digest"])
def test_an_equal_digest_is_an_approval(world: World, which: str) -> None:
    """Nobody is asked, and the plan is carried out."""
    digest = world.plan()[which]

    done = world.run("apply", "--expect-digest", digest)

    assert "Apply complete!" in done.out
    assert b'stores = ["2"]' in world.cluster["mx1"].data


def test_an_approved_preview_is_applied(world: World) -> None:
    """The review digest of a preview approves the plan of the live nodes."""
    world.run("snapshot", "--out", "s.json")
    review = world.plan("--snapshot", "s.json")["review_digest"]

    assert "Apply complete!" in world.run("apply", "--expect-digest", review).out


def test_a_replay_is_refused(world: World) -> None:
    """Once applied, the digest is of no plan any more; the run that did it is named."""
    review = world.plan()["review_digest"]
    world.run("apply", "--expect-digest", review)
    (run,) = (path.name for path in (world.folder / "state" / "runs").iterdir())
    world.cluster.calls.clear()

    done = world.run("apply", "--expect-digest", review, code=6)

    assert "This is not the plan that was approved." in done.err
    assert f"The approved plan was begun in run {run}" in done.err
    assert "Nothing would change now." in done.err
    assert untouched(world)


def test_what_the_plan_is_now_is_told(world: World) -> None:
    """Both digests and all changes of a plan that nobody approved are shown."""
    review = world.plan()["review_digest"]
    world.want(("mx2.example.org", "evil.example.org"))
    plan = world.plan()

    done = world.run("apply", "--expect-digest", review, code=6)

    assert review in done.err
    assert plan["review_digest"] in done.err
    assert plan["digest"] in done.err
    assert (
        'update nodes.mx2.hostname: "mx2.example.org" -> "evil.example.org"' in done.err
    )
    assert untouched(world)


def test_an_address_that_changed_is_another_plan(world: World) -> None:
    """The review digest binds addresses and commands, though no change shows them."""
    review = world.plan()["review_digest"]
    world.want(("id = 2\n", 'id = 2\naddress = "192.0.2.66"\n'))

    done = world.run("apply", "--expect-digest", review, code=6)

    assert "stalplan.toml is now sha256:" in done.err
    assert untouched(world)


def test_a_hook_that_changed_is_another_plan(world: World) -> None:
    """Nothing runs here that was not approved."""
    review = world.plan()["review_digest"]
    world.want(("[roles]", '[service]\nbefore_stop = ["./theirs"]\n[roles]'))

    world.run("apply", "--expect-digest", review, code=6)

    assert untouched(world)


def test_a_node_that_changed_is_another_plan(world: World) -> None:
    """A review digest binds managed values, a plan's digest every byte of a file."""
    plan = world.plan()
    node = world.cluster["mx2"]
    node.data += b"# by hand\n"

    world.run("apply", "--expect-digest", plan["digest"], code=6)
    assert plan["review_digest"] == world.plan()["review_digest"]
    node.data = node.data.replace(b"node-id = 2", b"node-id = 7")
    done = world.run("apply", "--expect-digest", plan["review_digest"], code=6)
    assert 'update nodes.mx2.id: "7" -> "2"' in done.err
    assert untouched(world)


def test_a_saved_plan_can_be_guarded_too(world: World) -> None:
    """With PLAN, both must be what was approved."""
    plan = world.plan("--out", "p")

    world.run("apply", "p", "--expect-digest", NOTHING, code=6)
    assert untouched(world)
    world.run("apply", "p", "--expect-digest", plan["digest"])


def test_an_approval_that_is_blocked_changes_nothing(world: World) -> None:
    """An equal digest of a plan that a finding blocks does not unblock it."""
    world.want(("coordinator = ", 'coordinator = "nowhere"\n# '))
    review = world.plan(code=3)["review_digest"]

    done = world.run("apply", "--expect-digest", review, code=3)

    assert "SP302" in done.err
    assert untouched(world)


@pytest.mark.parametrize(
    "digest",
    ["", "sha256:", "review:", "0" * 64, f"SHA256:{'0' * 64}", f"{NOTHING}\n", "null"],
)
def test_what_is_no_digest_is_wrong_usage(world: World, digest: str) -> None:
    """An approval that is none never passes, whatever else was said."""
    world.run("apply", "--auto-approve", "--expect-digest", digest, code=64)

    assert [] == world.cluster.calls


@pytest.mark.parametrize("digest", ["", " ", "latest"])
def test_a_variable_that_is_no_digest_is_wrong_usage(
    world: World, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline whose approval came out empty applies nothing."""
    monkeypatch.setenv("STALPLAN_APPLY_EXPECT_DIGEST", digest)

    world.run("apply", "--auto-approve", code=64)

    assert [] == world.cluster.calls


def test_approving_and_guarding_guards(world: World) -> None:
    """With --auto-approve the digest still decides."""
    world.run("apply", "--auto-approve", "--expect-digest", NOTHING, code=6)

    assert untouched(world)
