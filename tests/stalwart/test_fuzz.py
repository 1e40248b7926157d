"""Long searches, for `make fuzz`: minutes of odd texts and of edits to odd files."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stalplan.stalwart.edit import apply_edits
from stalplan.stalwart.edits import Edit
from stalplan.stalwart.proof import prove
from stalplan.stalwart.releases import ServerVersion
from stalwart.config_texts import config_texts, edits
from stalwart.test_parse import odd_texts, read_bytes

VERSION = ServerVersion.parse("0.15")
READING_SECONDS = 300
EDITING_SECONDS = 120
SLOWEST = 5  # seconds of processor time for one text; most need a millisecond

search = settings(
    max_examples=200,  # a round must end in time on a busy machine too
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def repeat(round_of_search: Callable[[], None], seconds: float) -> int:
    end, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        round_of_search()
        rounds += 1
    return rounds


@pytest.mark.long
@pytest.mark.timeout(READING_SECONDS + 300)
def test_five_minutes_of_texts_do_not_break_the_reader() -> None:
    """Any bytes are a map or a refusal, and none takes long."""

    @search
    @given(odd_texts.map(str.encode) | st.text().map(str.encode) | st.binary())
    def one(data: bytes) -> None:
        began = time.process_time()
        assert read_bytes(data) is not None
        assert time.process_time() - began < SLOWEST

    assert repeat(one, READING_SECONDS) > 0


@pytest.mark.long
@pytest.mark.timeout(EDITING_SECONDS + 300)
def test_two_minutes_of_edits_are_all_proven() -> None:
    """What the editor makes of any file is proven, and edited again stays."""

    @search
    @given(config_texts(), edits())
    def one(text: str, wanted: list[Edit]) -> None:
        result = apply_edits(text.encode(), wanted, VERSION)
        prove(text.encode(), result, wanted, VERSION)
        assert result == apply_edits(result, wanted, VERSION)

    assert repeat(one, EDITING_SECONDS) > 0
