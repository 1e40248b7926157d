"""Edits of the desired file's text that leave all else as its author wrote it.

Every function takes the whole text and returns the whole text, and has proven that
the file then says what it said before, apart from the one thing that was asked.
"""

from stalplan.model.rewriting.edits import (
    add_node,
    remove_node,
    remove_value,
    set_value,
)
from stalplan.model.rewriting.proof import NotRewritten

__all__ = ["NotRewritten", "add_node", "remove_node", "remove_value", "set_value"]
