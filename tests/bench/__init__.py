"""How long reading a cluster takes, measured beside what else could read it."""
