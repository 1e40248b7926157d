"""Run by pyinfra: read each node's file."""

from pyinfra import host
from pyinfra.facts.server import Command

host.get_fact(Command, command=f"cat {host.data.config}")
