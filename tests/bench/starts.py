"""How long stalplan takes to say anything, beside Python doing nothing."""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median

SOUND = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
[nodes.mx1]
id = 1
"""
NOTHING = "python -c pass"
ARGV = {
    NOTHING: ["-c", "pass"],
    "stalplan --version": ["-m", "stalplan", "--version"],
    "stalplan validate": ["-m", "stalplan", "validate"],
}


def starts(runs: int) -> Mapping[str, float]:
    """Seconds of each, the middle of *runs*, in turn."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "stalplan.toml").write_text(SOUND)
        for _ in range(runs + 1):
            for name, argv in ARGV.items():
                began = time.monotonic()
                subprocess.run(
                    [sys.executable, *argv], check=True, cwd=folder, capture_output=True
                )
                seconds[name].append(time.monotonic() - began)
    return {name: median(times[1:]) for name, times in seconds.items()}
