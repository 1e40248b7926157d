"""Use cases put together with this machine's disk, clock and programs."""

from stalplan.cli.app import App
from stalplan.cli.home import Home
from stalplan.cli.recorded import state_to_write
from stalplan.model.wishes import Desired
from stalplan.ports import Journal, Reporter, Transport
from stalplan.run.remember import Memory
from stalplan.run.steps import StepRunner


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


def memory_of(app: App, home: Home, desired: Desired, reporter: Reporter) -> Memory:
    """What writes the cluster's state. A damaged one is kept aside first."""
    state = state_to_write(home.folder, home.cluster, app.terminal)
    return Memory(store=home.states, state=state, desired=desired, reporter=reporter)
