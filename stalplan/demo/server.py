"""A stand-in for the mail server: `python -m stalplan.demo.server --config=PATH`.

It reads its file once, evaluates its cluster settings as the real one of release
STANDIN_VERSION (default 0.15.5) does, serves health checks, a greeting and a small
settings API, and fails in the ways the real one fails. It stores no mail. What it
can be told to do wrong is in misbehaviour.py.
"""

import os
import sys
from collections.abc import Mapping, Sequence

DEFAULT_VERSION = "0.15.5"
HELP = """Usage: stalwart [OPTIONS]

Options:
  -c, --config <PATH>              Start server with the specified configuration file
  -h, --help                       Print help
  -V, --version                    Print version
"""


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run until a signal, and return the exit status.

    With CONFIG_PATH in the environment every flag is ignored, `--version` too.

    Source: stalwart v0.15.5 crates/common/src/manager/boot.rs.
    """
    version = environ.get("STANDIN_VERSION", DEFAULT_VERSION)
    path = environ.get("CONFIG_PATH")
    match ("config", path) if path is not None else _read_flags(argv):
        case "config", path:
            # Loaded here alone: its version is asked for more often than its life.
            from stalplan.demo.life import live  # noqa: PLC0415 - as said

            return live(path, version, environ)
        case "version", _:
            sys.stdout.write(f"{version}\n")
        case "help", _:
            sys.stderr.write(HELP)
        case _, complaint:
            sys.stderr.write(f"{complaint}\n")
            return 1
    return 0


def _read_flags(argv: Sequence[str]) -> tuple[str, str]:
    """What to do, and the config's path; help and version win wherever they stand."""
    words = iter(argv)
    asked = ("help", "")
    for word in words:
        name, equals, value = word.partition("=")
        match name:
            case "-c" | "--config":
                path = value if equals else next(words, None)
                if path is None:
                    return "unknown", f"Missing value for argument '{name}'."
                asked = ("config", path)
            case "-V" | "--version":
                return "version", ""
            case "-h" | "--help":
                return "help", ""
            case _:
                return "unknown", f"Unrecognized command-line argument '{name}'."
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
