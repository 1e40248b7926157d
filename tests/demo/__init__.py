"""Tests of the demo, and of the stand-in server that it runs."""
