"""The stand-in server's log, in the words and the form of the real one's."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Source: stalwart v0.15.5 crates/trc/src/event/description.rs.
_DESCRIPTIONS = {
    "config.parse-error": "Configuration parse error",
    "config.build-error": "Configuration build error",
    "config.write-error": "Configuration write error",
    "store.not-configured": "Store not configured",
    "server.startup": "Starting Stalwart Server",
    "network.listen-start": "Network listener started",
    "cluster.publisher-start": "PubSub publisher started",
    "cluster.subscriber-start": "PubSub subscriber started",
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """Where the file's tracers write. Daily files are opened for every line."""

    files: tuple[str, ...] = ()  # without the date at their end
    stdout: bool = False
    stderr: bool = False

    def problem(self, event: str, details: str) -> None:
        """An ERROR line; quotes within *details* aren't escaped, as there."""
        self._write("ERROR", event, {"details": details})

    def note(self, event: str, **facts: object) -> None:
        """An INFO line."""
        self._write("INFO", event, facts)

    def _write(self, level: str, event: str, facts: Mapping[str, object]) -> None:
        now = time.gmtime()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", now)
        told = ", ".join(f"{key} = {_shown(value)}" for key, value in facts.items())
        line = f"{stamp} {level} {_DESCRIPTIONS[event]} ({event}) {told}\n"
        if self.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
        if self.stderr:
            sys.stderr.write(line)
            sys.stderr.flush()
        for file in self.files:
            dated = Path(f"{file}.{time.strftime('%Y-%m-%d', now)}")
            dated.parent.mkdir(parents=True, exist_ok=True)
            with dated.open("a", encoding="utf-8") as handle:
                handle.write(line)


def open_log(config: Mapping[str, str]) -> EventLog:
    """The tracers that the file configures; without any, the console: stderr.

    Source: stalwart v0.15.5 crates/common/src/config/telemetry.rs.
    """
    names = {key.split(".")[1] for key in config if key.startswith("tracer.")}
    files: list[str] = []
    streams: set[str] = set()
    for name in sorted(names):
        kind = config.get(f"tracer.{name}.type")
        if config.get(f"tracer.{name}.enable") == "false":
            continue
        if kind == "log":
            folder = config.get(f"tracer.{name}.path", ".")
            prefix = config.get(f"tracer.{name}.prefix", "stalwart")
            files.append(f"{folder}/{prefix}")
        elif kind in ("stdout", "console"):
            streams.add("stderr" if kind == "console" else "stdout")
    return EventLog(
        files=tuple(files),
        stdout="stdout" in streams,
        stderr="stderr" in streams or not names,
    )


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    return str(value)
