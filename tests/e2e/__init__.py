"""stalplan as its users run it: a process of its own, against real nodes."""
