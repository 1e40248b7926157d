import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stalplan.errors import StateUnusable
from stalplan.model.live import digest_of
from stalplan.model.records import RecordedNode
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


def test_the_file_is_plain_sorted_json(tmp_path: Path) -> None:
    """People read it and git diffs it."""
    StateFile(tmp_path, "mail").save(fresh_state("mail"))
    text = (tmp_path / "mail.json").read_text()

    assert json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n" == text
