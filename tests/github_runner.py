"""How GitHub's runner reads a log and a step's file of outputs.

Source: actions/runner, src/Runner.Common/ActionCommand.cs, and
src/Runner.Worker/FileCommandManager.cs.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """A command that the runner would carry out."""

    name: str
    text: str
    properties: dict[str, str] = field(default_factory=dict)


def commands(log: str) -> list[Command]:
    """Every command in *log*, of the new form and of the old."""
    found = [_new(line) or _old(line) for line in log.splitlines()]
    return [command for command in found if command is not None]


def _new(line: str) -> Command | None:
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, told = line[2:end].partition(" ")
    pairs = [pair.partition("=") for pair in told.split(",") if pair]
    properties = {key.strip(): _property(value) for key, _, value in pairs}
    return Command(name, _data(line[end + 2 :]), properties)


def _old(line: str) -> Command | None:
    begin = line.find("##[")
    end = line.find("]", begin)
    if begin < 0 or end < 0:
        return None
    return Command(line[begin + 3 : end], line[end + 1 :])


def _property(text: str) -> str:
    for code, character in (("%3A", ":"), ("%2C", ",")):
        text = text.replace(code, character)
    return _data(text)


def _data(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def outputs(file: str) -> dict[str, str]:
    """What a file of outputs sets; only the form with a delimiter is known."""
    found: dict[str, str] = {}
    lines = iter(file.splitlines())
    for line in lines:
        name, sign, end = line.partition("<<")
        assert sign, f"{line!r} begins no output"
        value = []
        for part in lines:
            if part == end:
                break
            value.append(part)
        found[name] = "\n".join(value)
    return found
