"""`--expect-digest`: an approval by the digest of the plan that was read."""

import re

import click

from stalplan.cli.guards import guard
from stalplan.cli.options import Decorator

_DIGEST = re.compile(r"(?:sha256|review):[0-9a-f]{64}")


def _checked(
    ctx: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    digest = guard(ctx, option, value)
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise click.BadParameter(
            "it is no digest of a plan: sha256: or review: and 64 hex digits."
        )
    return digest


expect_digest: Decorator = click.option(
    "--expect-digest",
    metavar="DIGEST",
    callback=_checked,
    help="Carry out the plan, without asking, only if it has this digest.",
)
