"""What must be true of a node's server after a start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAsk:
    """What must be true after the start. What failed before the stop isn't required.

    *key_prefixes* are the keys whose parse or build errors in the log count.
    """

    url: str | None
    timeout: float  # seconds
    hostname: str | None
    hostname_before: str | None = None  # what the running server should greet with
    coordinated: bool  # the two lines that say so are looked for
    key_prefixes: tuple[str, ...] = ("cluster.", "server.hostname")
    listeners: tuple[str, ...] = ()  # "ADDRESS:PORT" the file names
    smtp: str | None = None  # "ADDRESS:PORT" of a plain SMTP listener, for its greeting
    log_prefixes: tuple[str, ...] = ()  # "FOLDER/PREFIX" of each tracer of type log
    steady: float = 3.0  # seconds the new process must go on living once it is well
