import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stalplan.errors import StateDamaged, StateUnusable
from stalplan.model.live import digest_of
from stalplan.model.records import RecordedNode, State
from stalplan.names import NodeName
from stalplan.store.state import StateFile, fresh_state

NODE = RecordedNode(
    node_id=3,
    hostname="mx3.example.org",
    digest=digest_of(b"x"),
    values={"cluster.node-id": ("3",)},
    started_values=None,
    started_at=datetime(2026, 11, 1, tzinfo=UTC),
    plan=digest_of(b"plan"),
    applied_at=datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC),
)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """A state survives the file, with the next serial and the same lineage."""
    fresh = fresh_state("mail")
    store = StateFile(tmp_path, "mail")
    saved = store.save(
        type(fresh)(
            cluster="mail",
            lineage=fresh.lineage,
            serial=0,
            nodes={NodeName("mx3"): NODE},
        )
    )

    assert saved == store.load()
    assert 1 == saved.serial
    assert fresh.lineage == saved.lineage


def test_no_file_is_no_state(tmp_path: Path) -> None:
    """A cluster nothing was applied to has no state."""
    assert StateFile(tmp_path, "mail").load() is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format_version": 1}', "damaged"),
        ('{"format_version": 2}', "format 2"),
        (
            '{"format_version":1,"cluster":"other","lineage":"l","serial":1,"nodes":{}}',
            "other",
        ),
    ],
)
def test_an_unusable_state_is_refused_and_kept(
    tmp_path: Path, text: str, why: str
) -> None:
    """Damaged, newer, or another cluster's: named, refused, and left as it is."""
    path = tmp_path / "mail.json"
    path.write_text(text)
    with pytest.raises(StateUnusable, match=why):
        StateFile(tmp_path, "mail").load()

    assert text == path.read_text()


def test_damage_is_told_apart(tmp_path: Path) -> None:
    """Everything works without a damaged state; a newer one must not be passed over."""
    path = tmp_path / "mail.json"
    path.write_bytes(b"\xff")
    with pytest.raises(StateDamaged):
        StateFile(tmp_path, "mail").load()
    path.write_text('{"format_version": 2}')

    with pytest.raises(StateUnusable) as refused:
        StateFile(tmp_path, "mail").load()

    assert not isinstance(refused.value, StateDamaged)


def test_a_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    """Each under a name of its own; none is ever overwritten."""
    store, path = StateFile(tmp_path, "mail"), tmp_path / "mail.json"
    for number, text in enumerate(("{", "["), start=1):
        path.write_text(text)

        aside = store.keep_aside()

        assert tmp_path / f"mail.damaged-{number}.json" == aside
        assert text == aside.read_text()
        assert store.load() is None
    assert "{" == (tmp_path / "mail.damaged-1.json").read_text()


@pytest.mark.parametrize(
    "meanwhile",
    [replace(fresh_state("mail"), lineage="another"), None],
    ids=["another lineage", "a newer serial"],
)
def test_a_state_that_another_wrote_is_not_overwritten(
    tmp_path: Path, meanwhile: State | None
) -> None:
    """A state that was replaced since it was read stays as it is."""
    store = StateFile(tmp_path, "mail")
    ours = store.save(fresh_state("mail"))
    if meanwhile is None:
        theirs = store.save(ours)
    else:
        (tmp_path / "mail.json").unlink()
        theirs = store.save(meanwhile)

    with pytest.raises(StateUnusable, match="meanwhile"):
        store.save(ours)

    assert theirs == store.load()


def test_the_file_is_plain_sorted_json(tmp_path: Path) -> None:
    """People read it and git diffs it."""
    StateFile(tmp_path, "mail").save(fresh_state("mail"))
    text = (tmp_path / "mail.json").read_text()

    assert json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n" == text
