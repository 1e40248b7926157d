"""Secret references on this machine: what they lead to, and what is said if not."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from nodes.waiting import wait_until

from stalplan.model.secrets import CommandRef, EnvRef, FileRef, Secret, Unresolved
from stalplan.transport.local import LocalCommands
from stalplan.transport.references import LONGEST, follow

CANARY = "canary-5d1e"
ENVIRON = {"PATH": os.environ["PATH"]}


def printed(script: str, *, seconds: float = 20.0) -> Secret | Unresolved:
    """What a shell script leads to."""
    return follow(CommandRef("sh", ("-c", script)), ENVIRON, seconds=seconds)


def why(found: Secret | Unresolved) -> str:
    """The reason why there is no secret; it never holds one."""
    assert isinstance(found, Unresolved)
    assert CANARY not in repr(found)
    return found.why


def test_a_variable() -> None:
    """Its value is taken as it is."""
    assert Secret(CANARY) == follow(EnvRef("PW"), {"PW": CANARY})
    assert "It is not set." == why(follow(EnvRef("PW"), {}))
    assert "It holds nothing." == why(follow(EnvRef("PW"), {"PW": ""}))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"s", "s"),
        (b"s\n", "s"),
        (b"s\r\n", "s"),
        (b" s \n", " s "),
        ("pä$$'w#%{".encode(), "pä$$'w#%{"),
        (b"s" * LONGEST + b"\n", "s" * LONGEST),
    ],
)
def test_one_line_end_goes(tmp_path: Path, data: bytes, text: str) -> None:
    """Editors end a file's line; nothing else of it is touched."""
    path = tmp_path / "secret"
    path.write_bytes(data)

    assert Secret(text) == follow(FileRef(str(path)), {})


UNFIT = {
    b"": "It holds nothing.",
    b"\n": "It holds nothing.",
    b"%s\n\n": "It holds several lines, and a text has one.",
    b"%s\r%s": "It holds several lines, and a text has one.",
    b"%s\x00": "It holds a control character.",
    b"%s\t": "It holds a control character.",
    b"%s\xff": "What it holds is not UTF-8.",
    b"%s\\": "It holds a backslash, which a server might not read back.",
    b'%s"': "It holds a double quote, which a server might not read back.",
    b"%s%%{env:A}%%": "It holds a macro, which a server would expand.",
}


@pytest.mark.parametrize("data", UNFIT)
def test_what_a_config_file_cannot_carry(tmp_path: Path, data: bytes) -> None:
    """Each has its reason, in words that don't hold the text."""
    path = tmp_path / "secret"
    path.write_bytes(data.replace(b"%s", CANARY.encode()).replace(b"%%", b"%"))

    assert UNFIT[data] == why(follow(FileRef(str(path)), {}))


def test_a_text_that_is_too_long(tmp_path: Path) -> None:
    """From a file and from a program; a program that never stops is ended."""
    path = tmp_path / "secret"
    path.write_bytes(b"x" * (LONGEST + 1))
    expected = "It holds more than 16,384 bytes."

    assert expected == why(follow(FileRef(str(path)), {}))
    assert expected == why(printed("yes"))


def test_files_that_are_none(tmp_path: Path) -> None:
    """Missing, a folder, a pipe that nobody writes into: each at once and in words."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    gone = follow(FileRef(str(tmp_path / "gone")), {})
    assert "No such file or directory." == why(gone)
    assert "It is no regular file." == why(follow(FileRef(str(tmp_path)), {}))
    assert "It is no regular file." == why(follow(FileRef(str(pipe)), {}))
    assert why(follow(FileRef("~nobody-of-that-name/x"), {}))


def test_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is who runs stalplan."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "secret").write_text("s\n")

    assert Secret("s") == follow(FileRef("~/secret"), {})


def test_a_program() -> None:
    """What it prints counts, if it ends well; it has our environment and no input."""
    assert Secret("s") == printed("echo s; echo other >&2")
    assert Secret("it's") == follow(
        CommandRef("printenv", ("PW",)), {**ENVIRON, "PW": "it's"}
    )
    assert "It holds nothing." == why(printed("cat"))


def test_programs_that_fail() -> None:
    """Status, signal, absence: what it printed meanwhile is not told."""
    script = f"echo {CANARY}; echo {CANARY} >&2; "
    absent = follow(CommandRef("no-such-program-here", (CANARY,)), ENVIRON)

    assert "It ended with status 3." == why(printed(f"{script} exit 3"))
    assert "It ended with signal 9." == why(printed(f"{script} kill -9 $$"))
    assert "It can't be started: No such file or directory." == why(absent)


@pytest.mark.parametrize(
    "script", ["exec sleep 600", "sleep 600 & exit 0", "exec >&-; sleep 600"]
)
def test_a_program_that_does_not_end(script: str, tmp_path: Path) -> None:
    """It and its children are ended, also where its output was closed before."""
    group = tmp_path / "group"
    told = f"printf {CANARY}; echo $$ > {group}; {script}"

    assert "It did not end within 0.3 s." == why(printed(told, seconds=0.3))
    wait_until(lambda: not alive(int(group.read_text())), what="its end")


def alive(group: int) -> bool:
    """Whether a process of the group still runs; a zombie doesn't."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return False


def test_the_controllers_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands ask in the environment that stalplan was started with."""
    monkeypatch.setenv("STALPLAN_TEST_PW", CANARY)

    assert Secret(CANARY) == LocalCommands().secret(EnvRef("STALPLAN_TEST_PW"))
