"""The use cases, put together from the core and the ports.

What is listed in __all__ is for other programs as well: it reads nodes, changes
nothing, and prints nothing. docs/python.md has an example.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalplan.run.plan import Look, make_plan
    from stalplan.run.secrets import resolve
    from stalplan.run.snapshot import take_snapshot
    from stalplan.run.status import status_now

_WHERE = {
    "Look": "plan",
    "make_plan": "plan",
    "resolve": "secrets",
    "status_now": "status",
    "take_snapshot": "snapshot",
}
__all__ = ["Look", "make_plan", "resolve", "status_now", "take_snapshot"]


def __getattr__(name: str) -> object:
    """Load a use case when it is first asked for: a command needs one of them."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
