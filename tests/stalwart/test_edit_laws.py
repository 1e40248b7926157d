import tomllib

import tomlkit
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tomlkit.exceptions import TOMLKitError

from stalplan.stalwart.edit import apply_edits
from stalplan.stalwart.edits import Edit, Remove, SetList, SetText
from stalplan.stalwart.outline import Statement
from stalplan.stalwart.parse import parse, parse_text
from stalplan.stalwart.proof import ProofFailed, prove
from stalplan.stalwart.releases import ServerVersion
from stalwart.config_texts import LISTS, NAMES, config_texts, edits, items

VERSION = ServerVersion.parse("0.15")


def flat(data: bytes) -> dict[str, str]:
    return dict(parse(data, VERSION))


def at_or_below(key: str, root: str) -> bool:
    return key == root or key.startswith(f"{root}.")


def without(keys: dict[str, str], edit: Edit) -> dict[str, str]:
    """What an edit leaves alone: a text has no elements beside it, others no keys."""

    def gone(key: str) -> bool:
        if not isinstance(edit, SetText) or key == edit.key:
            return at_or_below(key, edit.key)
        rest = key.removeprefix(f"{edit.key}.").split(".")[0]
        return at_or_below(key, edit.key) and rest.isdigit()

    return {key: text for key, text in keys.items() if not gone(key)}


def is_toml(data: bytes) -> bool:
    try:
        tomllib.loads(data.decode())
    except ValueError:
        return False
    return True


@given(config_texts(), edits())
def test_an_edit_touches_what_it_names(text: str, wanted: list[Edit]) -> None:
    """Whatever the file looks like, only the named keys differ, as they should."""
    data = text.encode()

    result = apply_edits(data, wanted, VERSION)

    before, after = flat(data), flat(result)
    for edit in wanted:
        under = [after[key] for key in sorted(after) if at_or_below(key, edit.key)]
        if isinstance(edit, SetList):
            assert list(edit.items) == under
        elif isinstance(edit, SetText):
            assert edit.text == after[edit.key]
        else:
            assert [] == under
        before, after = without(before, edit), without(after, edit)
    assert before == after


@given(config_texts(), edits())
def test_editing_twice_is_editing_once(text: str, wanted: list[Edit]) -> None:
    """A result that is edited again does not change by a byte."""
    data = text.encode()

    result = apply_edits(data, wanted, VERSION)

    assert result == apply_edits(result, wanted, VERSION)


@given(config_texts(), edits())
def test_the_proof_accepts_every_edit(text: str, wanted: list[Edit]) -> None:
    """What the editor makes can always be proven."""
    data = text.encode()

    result = apply_edits(data, wanted, VERSION)

    prove(data, result, wanted, VERSION)
    assert (result == data) or result.endswith(b"\n") or not result


@given(config_texts(), edits())
def test_toml_stays_toml(text: str, wanted: list[Edit]) -> None:
    """A file that TOML readers take is one after an edit too."""
    data = text.encode()
    assume(is_toml(data))

    result = apply_edits(data, wanted, VERSION)

    assert is_toml(result), result.decode()


def toml_leaves(value: object, key: str = "") -> dict[str, object]:
    """What a TOML reader found, by dotted key; lists by the numbers of elements."""
    inside: dict[str, object] = {}
    if isinstance(value, dict):
        inside = value
    elif isinstance(value, list):
        inside = {f"{number:04}": element for number, element in enumerate(value)}
    else:
        return {key: value}
    found: dict[str, object] = {}
    for name, part in inside.items():
        found |= toml_leaves(part, f"{key}.{name}" if key else name)
    return found


def judged(data: bytes) -> dict[str, object] | None:
    """What tomlkit makes of a file; None where it refuses it."""
    try:
        return toml_leaves(tomlkit.parse(data.decode()).unwrap())
    except (TOMLKitError, ValueError):
        return None


@given(config_texts(), edits())
def test_a_judge_that_knows_nothing_of_the_server_agrees(
    text: str, wanted: list[Edit]
) -> None:
    """As tomlkit reads a TOML file, only planned keys differ, and are as planned."""
    data = text.encode()
    before = judged(data)
    assume(before is not None)

    after = judged(apply_edits(data, wanted, VERSION))

    assert after is not None
    texts = {key: str(value) for key, value in after.items()}
    old = {key: str(value) for key, value in (before or {}).items()}
    for edit in wanted:
        under = [texts[key] for key in texts if at_or_below(key, edit.key)]
        if isinstance(edit, SetList):
            assert sorted(edit.items) == sorted(under)
        elif isinstance(edit, SetText):
            assert edit.text == texts[edit.key]
        else:
            assert [] == under
        old, texts = without(old, edit), without(texts, edit)
    assert old == texts


@given(
    config_texts(), st.sampled_from(["0", "17", '"17"', "'17'"]), st.integers(0, 511)
)
def test_setting_back_gives_the_old_bytes(text: str, token: str, number: int) -> None:
    """A text that is set and set back, in the same manner, leaves no mark."""
    data = f"server.id={token} # ours\n{text}".encode()
    old = flat(data)["server.id"]
    assume(data.endswith(b"\n"))

    there = apply_edits(data, [SetText("server.id", str(number))], VERSION)
    back = apply_edits(there, [SetText("server.id", old)], VERSION)

    assert data == back


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(config_texts(), st.sampled_from([*NAMES, *LISTS]), items)
def test_adding_and_removing_gives_the_old_bytes(
    text: str, key: str, wanted: list[str]
) -> None:
    """A key that is added and removed again leaves no mark."""
    data = text.encode()
    assume(not any(at_or_below(k, key) for k in flat(data)))
    assume(f"{key.rsplit('.', 1)[1]} = [" not in text)  # an empty list would go too
    assume(text.endswith("\n") and not text.endswith(("\n\n", "\r\n\r\n")))
    edit: Edit = SetList(key, tuple(wanted))
    if key in NAMES:
        edit = SetText(key, wanted[0])

    there = apply_edits(data, [edit], VERSION)
    back = apply_edits(there, [Remove(key)], VERSION)

    assert flat(data) == flat(back)
    if not emptied_header(text):
        assert data == back


def emptied_header(text: str) -> bool:
    """Whether a table without keys stands in the file; removing may take it along."""
    blocks = parse_text(text, VERSION).outline.blocks
    following = [*blocks[1:], None]
    return any(
        not isinstance(block, Statement) and not isinstance(after, Statement)
        for block, after in zip(blocks, following, strict=True)
    )


@given(config_texts(), edits(), st.data())
def test_the_proof_refuses_every_other_line(
    text: str, wanted: list[Edit], data: st.DataObject
) -> None:
    """A line that no edit names may not change, come or go."""
    base = text.encode()
    result = apply_edits(base, wanted, VERSION).decode()
    lines = result.split("\n")
    numbers = [n for n in unplanned(result, wanted) if lines[n].strip()]
    assume(numbers)
    number = data.draw(st.sampled_from(numbers))
    ways = ["gone", "twice", "comment", "blank", "return", "other"]
    how = data.draw(st.sampled_from(ways))
    match how:
        case "return":
            lines[number] = f"{lines[number]}\r"
        case "gone":
            del lines[number]
        case "twice":
            lines.insert(number, lines[number])
        case "comment":
            lines[number] += "#"
        case "blank":
            lines[number] = " " + lines[number]
        case _:
            lines[number] = "# another line"
    mutated = "\n".join(lines).encode()

    try:
        prove(base, mutated, wanted, VERSION)
    except ProofFailed as failed:
        refused = failed.line > 0
    else:
        refused = False

    assert refused, (how, lines[number - 1 : number + 1])


def unplanned(text: str, wanted: list[Edit]) -> list[int]:
    """The lines, from 0, that no edit is about; its own headers are left out."""
    outline = parse_text(text, VERSION).outline
    taken: set[int] = set()
    for block in outline.blocks:
        start = block.key_start if isinstance(block, Statement) else block.start
        name = block.key if isinstance(block, Statement) else block.name
        about = any(
            at_or_below(name, edit.key) or at_or_below(edit.key, name)
            for edit in wanted
        )
        if about:
            first = text.count("\n", 0, start)
            taken |= set(range(first, first + text.count("\n", start, block.end) + 1))
    return [n for n in range(text.count("\n")) if n not in taken]
