"""Hypothesis for these tests: no clock, and a profile for long searches."""

from hypothesis import settings

# A shared machine is slow at times; a test that never ends has pytest's timeout.
settings.register_profile("steady", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=2_000)
settings.load_profile("steady")
