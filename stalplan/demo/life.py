"""One life of the stand-in, from its file to its last signal; see server.py."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from stalplan.demo.doors import Doors
from stalplan.demo.eventlog import open_log
from stalplan.demo.listeners import bind_listeners
from stalplan.demo.mailserver import MailServer, fallback_admin
from stalplan.demo.misbehaviour import Misbehaviour, misbehaviour
from stalplan.demo.running import read_running
from stalplan.demo.settings import Settings
from stalplan.stalwart.macros import NeverEnds, expand
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse
from stalplan.stalwart.releases import Release, ServerVersion

STOP_SECONDS = "1.0"  # the real one ends 1.01 to 1.03 s after the signal


def live(path: str, release: str, environ: Mapping[str, str]) -> int:
    """Run with the file at *path* until a signal, and return the exit status.

    A file the server can't parse ends it with 1 and one line on stderr; one it
    can't read with 0 and nothing said (1 up to 0.11); one that names no data store
    with 0.

    Source: stalwart v0.15.5 crates/main/src/main.rs, and what running it showed.
    """
    _die_by_signals()
    version = ServerVersion.parse(release)
    config = _read_once(path, version)
    if isinstance(config, int):
        return config
    started = _expanded(config, environ)
    wrong = misbehaviour(started, environ)
    if wrong.refuse is not None:
        sys.stderr.write("Invalid configuration file: told to refuse it\n")
        return wrong.refuse
    log = open_log(started)
    if f"store.{started.get('storage.data', '')}.type" not in started:
        log.problem("store.not-configured", "No data store")
        return 0
    running = read_running(
        config, version, environ, coordinator_down=wrong.coordinator_down
    )
    bound = bind_listeners(started)
    server = MailServer(
        settings=Settings(path=path, keys=dict(config)),
        running=running,
        version=version,
        environ=environ,
        log=log,
        ready=not wrong.never_ready,
        admin=fallback_admin(started),
    )
    time.sleep(wrong.slow_start)  # bound, not listening: connections are refused
    server.announce(bound.problems)
    return _serve(Doors(bound, server), wrong, environ)


def _serve(doors: Doors, wrong: Misbehaviour, environ: Mapping[str, str]) -> int:
    """Answer until SIGTERM or SIGINT; a second later all is over, with status 0."""
    if wrong.die_after is not None:
        death = threading.Timer(wrong.die_after, os._exit, (1,))
        death.daemon = True
        death.start()
    with _woken_by(signal.SIGTERM, signal.SIGINT) as woken:
        doors.open()
        doors.serve(woken, lingers=wrong.linger)
        doors.close()
        time.sleep(float(environ.get("STANDIN_STOP_SECONDS", STOP_SECONDS)))
    return 0


def _read_once(path: str, version: ServerVersion) -> FlatConfig | int:
    """The file's settings, or the status that the server exits with."""
    unreadable = 1 if version.line is Release.V0_11 else 0
    try:
        return parse(Path(path).read_bytes(), version)
    except ConfigRefused as refused:
        if refused.kind == "not-utf8":
            return unreadable
        told = f"{refused.message} at line {refused.line}."
        sys.stderr.write(f"Invalid configuration file: {told}\n")
        return 1
    except OSError:
        return unreadable


def _expanded(config: FlatConfig, environ: Mapping[str, str]) -> Mapping[str, str]:
    """All values with their macros replaced; on some the server loops for ever."""
    try:
        return expand(config, env=environ, files=_text_of).keys
    except NeverEnds:
        while True:
            signal.pause()


def _text_of(path: str) -> str | None:
    """A file for a macro, with the newline at its end; None where it can't be read."""
    try:
        return Path(path).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _die_by_signals() -> None:
    """Until the server is up it has no handlers: a signal kills it at once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def _woken_by(*signals: signal.Signals) -> Iterator[int]:
    """A pipe that can be read once one of *signals* has arrived."""
    readable, writable = os.pipe()
    for number in signals:
        signal.signal(number, lambda *_: os.write(writable, b"!"))
    yield readable
