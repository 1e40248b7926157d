"""Faults at every numbered act of an apply, and what must be true afterwards."""
