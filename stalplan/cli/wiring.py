"""Use cases put together with this machine's disk, clock and programs."""

from stalplan.cli.app import App
from stalplan.cli.home import Home
from stalplan.model.wishes import Desired
from stalplan.ports import Journal, Reporter, Transport
from stalplan.run.remember import Memory
from stalplan.run.steps import StepRunner
from stalplan.store.state import fresh_state


def runner_of(
    app: App, transport: Transport, journal: Journal, reporter: Reporter
) -> StepRunner:
    """What carries out steps on nodes."""
    return StepRunner(
        transport=transport,
        journal=journal,
        reporter=reporter,
        commands=app.commands(),
        clock=app.clock,
    )


def memory_of(home: Home, desired: Desired, reporter: Reporter) -> Memory:
    """What writes the cluster's state."""
    state = home.states.load() or fresh_state(desired.cluster)
    return Memory(store=home.states, state=state, desired=desired, reporter=reporter)
