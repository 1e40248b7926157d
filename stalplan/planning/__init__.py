"""Desired, live and recorded cluster -> a plan that can be shown and carried out."""
