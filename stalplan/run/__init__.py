"""The use cases, put together from the core and the ports.

What is listed in __all__ is for other programs as well: it reads nodes, changes
nothing, and prints nothing. docs/python.md has an example.
"""

from stalplan.run.plan import Look, make_plan
from stalplan.run.secrets import resolve
from stalplan.run.snapshot import take_snapshot
from stalplan.run.status import status_now

__all__ = ["Look", "make_plan", "resolve", "status_now", "take_snapshot"]
