"""How a run's end is told: the sentence on stdout, the reasons on stderr."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stalplan.cli.terminal import OutputLost, Terminal
from stalplan.run.fates import Recovered
from stalplan.run.outcome import Outcome

NEXT = {
    7: "stalplan plan  # every touched node is whole; look, then plan again",
    8: "stalplan recover",
}


def write_outcome(
    terminal: Terminal,
    outcome: Outcome,
    sentence: str,
    *,
    form: str,
    facts: Mapping[str, object],
) -> int:
    """Tell the end of a run in *form*, and return its exit code."""
    if outcome.why or outcome.lasting:
        _explain(terminal, outcome)
    if form == "json":
        document = {
            "nodes": dict(outcome.nodes),
            "why": outcome.why,
            "lasting": outcome.lasting,
            **facts,
        }
        _write_json(terminal, sentence, outcome.exit_code, document)
    else:
        with _ended_anyway(terminal, sentence):
            terminal.write(sentence + "\n")
    return outcome.exit_code


def write_recovered(
    terminal: Terminal, recovered: Recovered | None, *, form: str
) -> int:
    """Tell what became of a run that was cut off; None: there was none."""
    sentence = recovered.sentence if recovered else "Nothing to recover."
    code = recovered.exit_code if recovered else 0
    if recovered and recovered.why:
        summary = "A node is unknown" if code else "Not everything could be finished"
        hint = "stalplan recover" if code else "stalplan plan"
        if recovered.judged:
            hint = f"stalplan recover --forget {recovered.judged}"
        terminal.error(summary, "\n".join(recovered.why), hint)
    if form == "json":
        document = {
            "run": recovered.run if recovered else None,
            "nodes": dict(recovered.nodes) if recovered else {},
            "why": recovered.why if recovered else (),
        }
        _write_json(terminal, sentence, code, document)
    else:
        with _ended_anyway(terminal, sentence):
            terminal.write(sentence + "\n")
    return code


@contextmanager
def _ended_anyway(terminal: Terminal, sentence: str) -> Iterator[None]:
    """The run is over: where its end can't be printed, its exit code tells it."""
    try:
        yield
    except (BrokenPipeError, OutputLost):
        terminal.say(sentence)


def _write_json(
    terminal: Terminal, sentence: str, code: int, document: Mapping[str, object]
) -> None:
    whole = {
        "format_version": "1.0",
        "sentence": sentence,
        "exit_code": code,
        "findings": [],
        **document,
    }
    text = json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False)
    with _ended_anyway(terminal, sentence):
        terminal.write_raw(text + "\n")


def _explain(terminal: Terminal, outcome: Outcome) -> None:
    lines = list(outcome.why)
    if outcome.lasting:
        lines += [
            "",
            "Until this is finished:",
            *(f"  {each}" for each in outcome.lasting),
        ]
    summary = "Apply was stopped" if outcome.interrupted else "Apply failed"
    terminal.error(summary, "\n".join(lines), NEXT.get(outcome.exit_code, ""))
