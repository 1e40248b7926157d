"""Durations on the command line, spelled as in the desired file."""

from typing import TYPE_CHECKING, Any

import click

from stalplan.model.desired.fields import Unfit, duration

if TYPE_CHECKING:
    _Floats = click.ParamType[float]
else:  # an older click has no generic ParamType
    _Floats = click.ParamType


class Duration(_Floats):
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
