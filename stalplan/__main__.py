"""`python -m stalplan` is the same as `stalplan`."""

from stalplan.cli import run

if __name__ == "__main__":
    run()
