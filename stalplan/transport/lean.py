"""Libraries imported without what they need for nothing that is done here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Let `import` not find *modules* within the block, unless they are loaded.

    paramiko imports invoke, for the word `Match exec` of ssh_config alone, and goes on
    without it. It brings asyncio, unittest and a YAML reader: half of paramiko's time.
    """
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: not there
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
