"""The command line: one file per command, and the border where errors become text."""

import gc
import signal
import sys
from contextlib import suppress

from stalplan import __version__

VERSION = f"stalplan, version {__version__}"
_ROUNDS = (50_000, 20, 10)  # objects and rounds between two looks for garbage


def run() -> None:
    """Run the command line of this process and exit with the contract's code."""
    if sys.argv[1:] == ["--version"]:  # programs ask for it, and mostly often
        with suppress(OSError):  # tried once more below, where failures are told
            sys.stdout.write(f"{VERSION}\n")
            sys.stdout.flush()
            sys.exit()
    # Whoever ends us politely is told the same as by Ctrl-C; nohup stays in force.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    # What a run makes it mostly keeps: looking for garbage at the usual pace took a
    # tenth of a plan of 300 nodes.
    gc.set_threshold(*_ROUNDS)
    from stalplan.cli.main import main  # noqa: PLC0415 - importing us stays free

    sys.exit(main(sys.argv[1:]))
