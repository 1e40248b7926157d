"""Durations on the command line, spelled as in the desired file."""

from typing import Any

import click

from stalplan.model.desired.fields import Unfit, duration


class Duration("click.ParamType[float]"):
    """`30s`, `5m`: seconds as a float."""

    name = "duration"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Seconds, or a usage error."""
        if isinstance(value, float):
            return value
        try:
            return float(duration(least=0.0)(value))
        except Unfit as error:
            self.fail(f"{value!r} {error}", param, ctx)


DURATION = Duration()
