"""The desired file: one text that says what the whole cluster should be."""

from stalplan.model.desired.reading import read_desired

__all__ = ["read_desired"]
