"""The wire format: what is sent, what comes back among noise, what was cut."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.local_exec import LocalExec, shell_folder
from node.lone_node import LoneNode, MakeNode
from stalplan.errors import AgentFailed
from stalplan.names import NodeName
from stalplan.node import agent, answers
from stalplan.transport.agent_talk import Output

NODE = NodeName("mx1")
NONCE = "0123456789abcdef"
NAMES = [
    *("now", "ticks", "born", "pid", "running", "file", "file_facts", "path"),
    *("real_path", "lease_run", "lease_until", "transaction", "step", "verdict"),
    *("base", "result", "plan", "file_digest", "remaining", "began_at", "unmade"),
]


def framed(*pairs: tuple[str, bytes], end: bool = True) -> bytes:
    pieces = [
        f"\n{NONCE} {name}\n".encode() + value
        for name, value in (*pairs, *([("end", b"\n")] if end else []))
    ]
    return b"".join(pieces)


@given(st.binary(), st.binary(), st.binary(), st.binary())
def test_fields_survive_any_noise(
    before: bytes, value: bytes, other: bytes, after: bytes
) -> None:
    """Bytes come back as they were, whatever a login prints around them."""
    sent = before + framed(("one", value), ("two", other)) + after

    assert agent.fields(sent, NONCE) == [
        agent.Field("one", value),
        agent.Field("two", other),
    ]


def test_a_cut_answer_is_none() -> None:
    """Without its end an answer is no answer."""
    assert agent.fields(framed(("one", b"1"), end=False), NONCE) is None
    assert agent.fields(b"", NONCE) is None


def test_a_field_hides_its_bytes() -> None:
    """A config file may hold passwords; they reach no traceback."""
    assert "secret" not in repr(agent.Field("file", b"secret"))
    assert "secret" not in repr(Output(b"secret", b"secret", 0))


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.binary())))
def test_garbage_is_a_clear_error(pairs: list[tuple[str, bytes]]) -> None:
    """Whatever an answer holds, decoding ends with a report or with AgentFailed."""
    fields = [agent.Field(name, value) for name, value in pairs]

    with suppress(AgentFailed):
        assert answers.report_of(NODE, fields).node == NODE


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_any_word_reaches_the_shell(word: str) -> None:
    """A quoted word is that word, whatever it holds."""
    shown = subprocess.run(
        ["dash", "-c", f"printf %s {agent.quoted(word)}"],
        check=True,
        capture_output=True,
    ).stdout

    assert shown == word.encode()


def test_a_nul_is_refused() -> None:
    """No shell can take one."""
    with pytest.raises(ValueError, match="NUL"):
        agent.quoted("a\0b")


@pytest.mark.parametrize(
    ("status", "stderr", "sudo", "said"),
    [
        (1, b"sudo: a password is required\n", True, "sudo needs a password"),
        (1, b"sudo: sorry, you must have a tty\n", True, "sudo needs a password"),
        (127, b"env: 'sudo': No such file or directory\n", True, "there is no sudo"),
        (1, b"bob is not in the sudoers file.\n", True, "sudo refused: bob is not"),
        (127, b"sh: not found\n", False, "there is no shell"),
        (70, b"", False, "did not reach the agent"),
        (71, b"", False, "Nothing was done"),
        (72, b"", False, "no program dd"),
        (2, b"noise\nsyntax \x1b[31merror\n", False, "It said: syntax ?[31merror"),
    ],
)
def test_no_answer_is_explained(
    status: int, stderr: bytes, sudo: bool, said: str
) -> None:
    """Each way to get no answer has its own words, and none of them a raw byte."""
    error = agent.no_answer(NODE, status=status, stderr=stderr, sudo=sudo)

    assert error.detail.startswith("mx1: ")
    assert said in error.detail
    assert error.detail.isprintable()


def test_a_cut_request_does_nothing(lone_node: MakeNode, shell: str) -> None:
    """However early the line is cut, no script runs, and nothing is there after."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    sent = recorded_request(node)
    cuts = [0, 1, 3, 7, len(sent) // 3, len(sent) // 2, len(sent) - 2, len(sent) - 1]

    for cut in cuts:
        output = node.line.run(agent.command(sudo=False), sent[:cut])

        assert output.stdout == b""
        assert output.status in (70, 71)
        assert not node.work_root.exists()
    assert b" end\n" in node.line.run(agent.command(sudo=False), sent).stdout


def recorded_request(node: LoneNode) -> bytes:
    """What taking a lease sends."""
    sent: list[bytes] = []

    def record(_command: str, stdin: bytes) -> Output:
        sent.append(stdin)
        return Output(b"", b"", 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.line, "run", record)
        with pytest.raises(AgentFailed):
            node.take()
    return sent[0]


def test_a_payload_is_left_for_the_script(tmp_path: Path, shell: str) -> None:
    """The command line reads not a byte beyond the script, in any shell."""
    line = LocalExec(shell_folder(tmp_path, shell), cwd=tmp_path)
    payload = bytes(range(256)) * 1000

    output = line.run(
        agent.command(sudo=False),
        agent.request(b"cat\n" + b"# filler\n" * 9000, nonce=NONCE, payload=payload),
    )

    assert output.status == 0
    assert output.stdout == payload


def test_a_script_that_trickles_in_is_read_whole(tmp_path: Path, shell: str) -> None:
    """Short reads, as from a slow line, are put together."""
    script = b"echo whole; exit 7\n" + b"# filler\n" * 50
    request = agent.request(script, nonce=NONCE)
    with subprocess.Popen(
        ["sh", "-c", agent.command(sudo=False)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": shell_folder(tmp_path, shell)},
        bufsize=0,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for at in range(0, len(request), 37):
            running.stdin.write(request[at : at + 37])
        running.stdin.close()

        assert running.stdout.read() == b"whole\n"
    assert running.returncode == 7


def test_the_command_line_suits_odd_login_shells() -> None:
    """One line that csh and fish read too: no quote, backslash or "!" in it."""
    for sudo in (False, True):
        line = agent.command(sudo=sudo)

        assert line.count("'") == 2
        assert not set("\n\\!`") & set(line)


def test_a_chatty_profile_spoils_nothing(
    lone_node: MakeNode, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a login prints before and after, to both streams, is not the answer."""
    node = lone_node("cluster.node-id = 1\n", shell=shell)
    quiet = node.line.run

    def chatty(command: str, stdin: bytes) -> Output:
        noise = "echo Welcome; echo 'nonce end' >&2"
        return quiet(f"{noise}; {command.removeprefix('exec ')}; {noise}", stdin)

    monkeypatch.setattr(node.line, "run", chatty)

    file = node.session.report().file
    assert file is not None
    assert file.data == node.base
