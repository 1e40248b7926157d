"""What a desired file names on this machine: load-balancer hooks, and secrets."""

import os
import subprocess

from stalplan.errors import StalplanError
from stalplan.model.inventory import Argv
from stalplan.model.secrets import Secret, SecretRef, Unresolved
from stalplan.names import NodeName
from stalplan.transport.references import follow


class HookFailed(StalplanError):
    """A `before_stop` or `after_healthy` program did not end with status 0."""

    summary = "A hook failed"


class LocalCommands:
    """Runs argv without a shell. Implements ports.Commands."""

    def hook(self, argv: Argv, *, node: NodeName) -> None:
        """Run *argv* with STALPLAN_NODE set and its output on our stderr.

        In a session of its own: Ctrl-C is for us, who finish the node in hand, and
        must not leave it out of the load balancer.

        Raises:
            HookFailed: it can't be started, or its status is not 0.
        """
        environment = {**os.environ, "STALPLAN_NODE": node}
        try:
            ended = subprocess.run(  # noqa: S603 - argv is the desired file's, by design
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=2,
                check=False,
                start_new_session=True,
            )
        except OSError as error:
            raise HookFailed(f"{argv[0]}: {error.strerror}.") from error
        if ended.returncode != 0:
            raise HookFailed(f"{argv[0]} ended with {ended.returncode}.")

    def secret(self, ref: SecretRef) -> Secret | Unresolved:
        """What *ref* leads to now, in our own environment."""
        return follow(ref, os.environ)
