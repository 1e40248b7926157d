"""Who we are, for leases, locks and journals: a run's id and a name for people."""

import getpass
import secrets
import socket
from datetime import datetime

from stalplan.names import RunId


def who() -> str:
    """`user@machine`, for people who meet our lock."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def new_run(now: datetime) -> RunId:
    """An id that sorts by time and that no other run has: `20261124T012000Z-3fa9c1`."""
    return RunId(f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}")
