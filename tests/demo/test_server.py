"""The stand-in server from outside: it does what the real one was seen to do."""

import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from nodes.waiting import wait_until

from demo.conftest import Make

VERSION_FLAGS = ("--version", "-V")


def test_the_file_is_read_once(make: Make) -> None:
    """What is written to the file later is unknown to the process until it restarts."""
    server = make().start()
    changed = server.path.read_text().replace("node-id = 7", "node-id = 8")
    server.path.write_text(changed)

    assert server.api("/api/reload") == {"data": {"warnings": {}, "errors": {}}}

    assert 7 == server.status()["node_id"]
    server.signal(signal.SIGTERM)
    server.start()
    assert 8 == server.status()["node_id"]


@pytest.mark.parametrize("flag", ["-c PATH", "--config PATH", "--config=PATH"])
def test_the_config_flag_has_three_spellings(make: Make, flag: str) -> None:
    """`-c PATH`, `--config PATH` and `--config=PATH` all start a server."""
    server = make("standin.refuse = 9\n")

    server.begin(*flag.replace("PATH", str(server.path)).split())

    assert 9 == server.end()[0]


@pytest.mark.parametrize("flag", VERSION_FLAGS)
def test_version_is_bare(make: Make, flag: str) -> None:
    """The version is printed bare, and nothing starts."""
    server = make(STANDIN_VERSION="0.13.4")

    server.begin(flag)

    assert (0, "0.13.4\n", "") == server.end()


def test_version_wins_over_config(make: Make) -> None:
    """Asked for both, the server tells its version and does not start."""
    server = make()

    server.begin(f"--config={server.path}", "--version")

    assert (0, "0.15.5\n", "") == server.end()


def test_a_config_flag_without_a_path_ends_with_1(make: Make) -> None:
    """`--config` as the last word names no file, and nothing starts."""
    server = make()

    server.begin("--config")

    assert 1 == server.end()[0]


def test_config_path_beats_every_flag(make: Make, tmp_path: Path) -> None:
    """With CONFIG_PATH in the environment, asking for the version starts a server."""
    server = make(
        "standin.refuse = 9\n", CONFIG_PATH=str(tmp_path / "standin-0/config.toml")
    )

    server.begin("--version")

    assert (9, "") == server.end()[:2]


def test_an_empty_config_path_prints_no_version(make: Make) -> None:
    """CONFIG_PATH set to nothing names a file that can't be read: status 0, no word."""
    server = make(CONFIG_PATH="")

    server.begin("--version")

    assert (0, "", "") == server.end()


def test_an_unknown_flag_ends_with_1(make: Make) -> None:
    """A flag the server doesn't know is named, and nothing starts."""
    server = make()

    server.begin("--check")

    status, out, err = server.end()
    assert (1, "") == (status, out)
    assert "--check" in err


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a = 1\na = 2\n", "2"),
        (b"a = 1", "1"),
        (b"\xef\xbb\xbfa = 1\n", "1"),
        (b"a = 1_0\n", "1"),
    ],
)
def test_a_file_it_cannot_parse_ends_it_with_1(
    make: Make, data: bytes, line: str
) -> None:
    """A parse error is one line on stderr and status 1; nothing is logged."""
    server = make()
    server.path.write_bytes(data)

    server.begin()

    status, out, err = server.end()
    assert (1, "", 1) == (status, out, err.count("\n"))
    assert err.startswith("Invalid configuration file: ")
    assert line in err
    assert [] == server.log()


@pytest.mark.parametrize("fault", ["missing", "a folder", "not UTF-8", "empty"])
def test_a_file_it_cannot_read_ends_it_with_0(make: Make, fault: str) -> None:
    """An unreadable file ends the server with status 0 and not a word in its log."""
    server = make()
    server.path.unlink()
    if fault == "a folder":
        server.path.mkdir()
    elif fault == "not UTF-8":
        server.path.write_bytes(b"a = 1 # \xff\n")
    elif fault == "empty":
        server.path.write_bytes(b"")

    server.begin()

    assert (0, "") == server.end()[:2]
    assert [] == server.log()


def test_before_0_12_an_unreadable_file_ends_it_with_1(make: Make) -> None:
    """0.11 fails at an unreadable file with a status that systemd minds."""
    server = make(STANDIN_VERSION="0.11.8")
    server.path.unlink()

    server.begin()

    assert 1 == server.end()[0]


def test_health_answers_with_a_problem_document(make: Make) -> None:
    """From 0.12 on both health checks answer 200 with a JSON body."""
    server = make().start()

    body = {"type": "about:blank", "title": "OK", "status": 200, "detail": "OK"}
    assert (200, body) == server.ask("/healthz/live")
    assert (200, body) == server.ask("/healthz/ready")


def test_before_0_12_health_answers_with_nothing(make: Make) -> None:
    """0.11 answers 200 with an empty body."""
    server = make(STANDIN_VERSION="0.11.8").start()

    assert (200, None) == server.ask("/healthz/ready")


def test_loopback_is_not_rate_limited(make: Make) -> None:
    """Clients at 127.0.0.1 may ask for health more than 100 times a minute."""
    server = make().start()

    answers = {server.ask("/healthz/live")[0] for _ in range(105)}

    assert {200} == answers


def test_readiness_says_nothing_of_the_cluster(make: Make) -> None:
    """A broken id, an unknown coordinator and broken roles leave it ready."""
    more = 'cluster.coordinator = "nosuch"\ncluster.roles.purge.stores = "a"\n'
    server = make(more)
    server.path.write_text(server.path.read_text().replace("= 7", '= "x"'))
    server.start()

    assert 200 == server.ask("/healthz/ready")[0]
    assert 1 == server.status()["node_id"]
    assert server.status()["coordinator"] is None
    assert "on" == server.status()["roles"]["purge.stores"]
    problems = [line for line in server.log() if "config.parse-error" in line]
    assert 3 == len(problems)
    unknown = 'setting "cluster.coordinator": Coordinator backend "nosuch" not found'
    assert any(unknown in line for line in problems)


def test_two_log_lines_say_that_it_is_coordinated(make: Make) -> None:
    """With a coordinator it reaches, the log shows a publisher and a subscriber."""
    more = (
        'cluster.coordinator = "r"\nstore.r.type = "redis"\nstore.r.urls = "redis://"\n'
    )
    server = make(more).start()

    events = [line.split("(")[1].split(")")[0] for line in server.log()]

    assert "cluster.publisher-start" in events
    assert "cluster.subscriber-start" in events
    assert "r" == server.status()["coordinator"]


def test_a_coordinator_that_is_down_is_lost_until_the_next_start(make: Make) -> None:
    """An unreachable coordinator leaves the server up, ready and uncoordinated."""
    more = 'cluster.coordinator = "n"\nstore.n.type = "nats"\nstore.n.address = "x"\n'
    server = make(more, STANDIN_COORDINATOR="down").start()

    assert server.status()["coordinator"] is None
    assert 200 == server.ask("/healthz/ready")[0]
    log = "\n".join(server.log())
    assert "config.build-error" in log
    assert "publisher-start" not in log


def test_roles_follow_the_release(make: Make) -> None:
    """`[1, 7]` is two shards from 0.14 on and two nodes before."""
    more = "cluster.roles.purge.accounts = [1, 7]\n"
    new = make(more, STANDIN_VERSION="0.15.5").start()
    old = make(more, STANDIN_VERSION="0.13.4").start()

    assert {"shard": 1, "of": 2} == new.status()["roles"]["purge.accounts"]
    assert "on" == old.status()["roles"]["purge.accounts"]


def test_an_env_macro_gives_the_id(make: Make) -> None:
    """The process environment decides what an env macro is."""
    server = make(MX_ID="300")
    text = server.path.read_text().replace("= 7", '= "%{env:MX_ID}%"')
    server.path.write_text(text)

    assert 300 == server.start().status()["node_id"]


def test_the_greeting_names_the_hostname(make: Make) -> None:
    """Greeting and EHLO show server.hostname as it stands in the file."""
    server = make().start()

    assert [
        "220 mx1.example.org Stalwart ESMTP at your service",
        "250-mx1.example.org you had me at EHLO",
    ] == server.talk("EHLO me")


def test_quit_says_goodbye(make: Make) -> None:
    """QUIT ends the conversation."""
    assert "221 2.0.0 Bye." == make().start().talk("QUIT")[-1]


def test_a_taken_port_is_replaced_by_a_random_one(make: Make) -> None:
    """The second on one address listens elsewhere, ready and with only a log line."""
    first = make().start()
    second = make()
    text = first.path.read_text().replace(str(first.logs), str(second.logs))
    second.path.write_text(text.replace("node-id = 7", "node-id = 8"))
    process = second.begin()

    def ports() -> set[int]:
        return _listening_ports(process.pid) - {first.http, first.smtp}

    wait_until(lambda: process.poll() is not None or len(ports()) > 1, what="two ports")

    assert 7 == first.status()["node_id"]
    assert process.poll() is None
    complaint = (
        'Build error for key "server.listener.http": Failed to bind to '
        f"127.0.0.1:{first.http}: Address already in use (os error 98)"
    )
    assert any(complaint in line for line in second.log())
    assert 2 == len(ports())


def _listening_ports(pid: int) -> set[int]:
    """The TCP ports on which a process listens, as the kernel tells."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            sockets.add(str(entry.readlink()))
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
            ports.add(int(words[1].split(":")[1], 16))
    return ports


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_a_while_after_the_signal(make: Make, number: signal.Signals) -> None:
    """SIGTERM and SIGINT close the ports, and later end it with 0."""
    server = make(STANDIN_STOP_SECONDS="2.0").start()
    assert server.process is not None
    began = time.monotonic()
    server.process.send_signal(number)
    wait_until(lambda: not server.listens(server.http), what="closed ports")
    lives_on = server.process.poll() is None

    status = server.process.wait(60)

    assert (True, 0) == (lives_on, status)
    assert time.monotonic() - began > 1.9


def test_mail_clients_are_told_of_the_end(make: Make) -> None:
    """An open SMTP conversation ends with a 421 when the server stops."""
    server = make().start()
    with (
        socket.create_connection(("127.0.0.1", server.smtp), 10) as line,
        line.makefile("rb") as lines,
    ):
        lines.readline()
        server.signal(signal.SIGTERM)
        said = lines.readline()

    assert b"421 4.3.0 mx1.example.org Server shutting down.\r\n" == said


def test_hangup_kills(make: Make) -> None:
    """SIGHUP is not handled: the process dies of it."""
    server = make().start()
    server.signal(signal.SIGHUP)

    assert -signal.SIGHUP == server.end()[0]


def test_a_settings_write_replaces_the_whole_file(make: Make) -> None:
    """One write turns the file into sorted lines and undoes what others put there."""
    server = make('[cluster.roles] # remark\nfts-indexing = [1, "2,3"]\n').start()
    before = server.path.stat()
    server.path.write_text("lost = 1\n")

    insert = {"type": "insert", "prefix": "cluster", "assert_empty": False}
    body = [insert | {"values": [["roles.merge-threads.0000", "1,2"]]}]
    assert {"data": None} == server.api("/api/settings", body)

    lines = server.path.read_text().splitlines()
    assert sorted(lines) == lines
    roles = [line for line in lines if "roles" in line]
    assert [
        "cluster.roles.fts-indexing.0000 = 1",
        'cluster.roles.fts-indexing.0001 = "2,3"',
        'cluster.roles.merge-threads.0000 = "1,2"',
    ] == roles
    after = server.path.stat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)


def test_a_write_shows_before_it_is_in_effect(make: Make) -> None:
    """The API shows a written id while the process runs on as what it was."""
    server = make().start()
    insert = {"type": "insert", "prefix": None, "assert_empty": False}
    values = [["cluster.node-id", "77"], ["server.hostname", "new.example.org"]]
    server.api("/api/settings", [insert | {"values": values}])

    shown = server.api("/api/settings/keys?keys=cluster.node-id&prefixes=server.host")

    assert {"data": {"cluster.node-id": "77"}} == shown
    assert 7 == server.status()["node_id"]
    assert "mx1.example.org" in server.talk()[0]
    server.api("/api/reload")
    assert "new.example.org" in server.talk()[0]
    assert 7 == server.status()["node_id"]


def test_an_error_blocks_the_reload(make: Make) -> None:
    """A reload with an unreadable id answers 200 with the error and changes nothing."""
    server = make().start()
    insert = {"type": "insert", "prefix": None, "assert_empty": False}
    values = [["cluster.node-id", "x"], ["server.hostname", "new.example.org"]]
    server.api("/api/settings", [insert | {"values": values}])

    told = server.api("/api/reload")

    assert {"cluster.node-id"} == set(told["data"]["errors"])
    assert "mx1.example.org" == server.status()["hostname"]


def test_assert_empty_is_required_and_kept(make: Make) -> None:
    """Without assert_empty it is 400; with it an existing key is left alone."""
    server = make().start()
    insert = {"type": "insert", "prefix": None, "values": [["cluster.node-id", "9"]]}

    assert 400 == server.ask("/api/settings", body=[insert], secret="CANARY-admin")[0]
    refused = server.api("/api/settings", [insert | {"assert_empty": True}])

    assert {"error": "assertFailed"} == refused
    assert "cluster.node-id = 7" in server.path.read_text()


def test_the_api_wants_the_fallback_admin(make: Make) -> None:
    """Without credentials, or with wrong ones, the settings API answers 401."""
    server = make().start()

    assert 401 == server.ask("/api/settings/keys?keys=a")[0]
    assert 401 == server.ask("/api/settings/keys?keys=a", secret="wrong")[0]


def test_a_new_file_can_fail_where_the_old_one_works(make: Make) -> None:
    """Misbehaviour may hang on the text of one key, so that a restore helps."""
    server = make('standin.refuse = 3\nstandin.when = "cluster.node-id=8"\n').start()
    server.signal(signal.SIGTERM)
    changed = server.path.read_text().replace("node-id = 7", "node-id = 8")
    server.path.write_text(changed)

    server.begin()

    assert 3 == server.end()[0]


def test_it_can_be_slow_to_start(make: Make) -> None:
    """A slow start refuses connections, and a signal in it kills at once."""
    server = make(STANDIN_SLOW_START="30")
    process = server.begin()
    time.sleep(0.5)

    assert not server.listens(server.http)
    assert process.poll() is None
    server.signal(signal.SIGTERM)
    assert -signal.SIGTERM == server.end()[0]


def test_it_can_die_and_never_get_ready(make: Make) -> None:
    """Told so, it answers 503 and ends with status 1 after a while."""
    server = make(STANDIN_DIE_AFTER="3", STANDIN_NEVER_READY="1").start()

    assert 503 == server.ask("/healthz/ready")[0]
    assert 1 == server.end()[0]


def test_it_can_linger(make: Make) -> None:
    """Told to linger, it keeps serving after the signal for so long."""
    server = make(STANDIN_LINGER="3").start()
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)

    assert 200 == server.ask("/healthz/ready")[0]
    assert 0 == server.process.wait(60)


def test_secrets_stay_out_of_its_log(make: Make) -> None:
    """The admin's secret appears in no log line and in no answer about settings."""
    server = make().start()

    assert "CANARY" not in "\n".join(server.log())
    assert "CANARY" not in str(server.status())


def test_an_unfinished_macro_makes_it_loop(make: Make) -> None:
    """It neither listens nor ends where the real server loops over a macro."""
    server = make('note = "}% %{env:B"\n')
    process = server.begin()
    time.sleep(0.5)

    assert process.poll() is None
    assert not server.listens(server.http)


def test_macros_are_kept_when_the_file_is_rewritten(make: Make) -> None:
    """A listener's address may be a macro, and a rewrite does not expand it."""
    server = make(HTTP="127.0.0.1")
    text = server.path.read_text().replace('"127.0.0.1:', '"%{env:HTTP}%:', 1)
    server.path.write_text(text)
    server.start()

    server.api("/api/settings", [{"type": "delete", "keys": ["nothing"]}])

    assert f'"%{{env:HTTP}}%:{server.http}"' in server.path.read_text()
