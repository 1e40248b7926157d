"""Secret references of the desired file, resolved once per run."""

from collections.abc import Callable

from stalplan.model.secrets import SecretRef, Secrets, Unresolved
from stalplan.model.wishes import Desired
from stalplan.ports import Commands


def resolve(
    desired: Desired,
    commands: Commands,
    *,
    withheld: Callable[[SecretRef], Unresolved | None] = lambda _: None,
) -> Secrets:
    """What each reference of *desired* leads to, each asked for once.

    *withheld* tells which must not even be asked for, and why.
    """
    return {ref: withheld(ref) or commands.secret(ref) for ref in desired.secret_refs}
