"""What was recorded of a cluster, for commands that can do without it."""

from pathlib import Path

from stalplan.cli.terminal import Terminal
from stalplan.errors import StateDamaged, StateUnusable
from stalplan.model.records import State
from stalplan.store.state import StateFile, fresh_state

_WITHOUT = "Going on without it: history, causes and known restarts are lost."


def recorded_state(folder: Path, cluster: str, terminal: Terminal) -> State | None:
    """The state, or None where there is none or it is damaged, which is said.

    Raises:
        StateUnusable: it is of a newer format, or another cluster's.
    """
    try:
        return StateFile(folder, cluster).load()
    except StateDamaged as error:
        terminal.say(f"Warning: {error.detail} {_WITHOUT}")
        return None


def state_to_write(folder: Path, cluster: str, terminal: Terminal) -> State:
    """The state that is about to be written anew. A damaged one is kept aside.

    Raises:
        StateUnusable: it is of a newer format, or another cluster's; or it is damaged
            and could not be moved. Nothing was changed.
    """
    states = StateFile(folder, cluster)
    try:
        return states.load() or fresh_state(cluster)
    except StateDamaged as error:
        try:
            aside = states.keep_aside()
        except OSError as refused:
            raise StateUnusable(
                f"{error.detail} It can't be moved: {refused.strerror}."
            ) from refused
        terminal.say(f"Warning: The damaged state was moved to {aside}. {_WITHOUT}")
        return fresh_state(cluster)
