"""How a run's end is told: the sentence on stdout, the reasons on stderr."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stalplan.cli.terminal import OutputLost, Terminal
from stalplan.errors import error_document
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
    summary = "Apply was stopped" if outcome.interrupted else "Apply failed"
    detail, hint = _explained(outcome), NEXT.get(outcome.exit_code, "")
    if detail:
        terminal.error(summary, detail, hint)
    if form != "json":
        with _ended_anyway(terminal, sentence):
            terminal.write(sentence + "\n")
        return outcome.exit_code
    document = {
        "nodes": dict(outcome.nodes),
        "why": outcome.why,
        "lasting": outcome.lasting,
        **facts,
    }
    if outcome.exit_code:
        told = detail or sentence
        document["error"] = error_document(summary, told, hint, outcome.exit_code)
    _write_json(terminal, sentence, outcome.exit_code, document)
    return outcome.exit_code


def write_recovered(
    terminal: Terminal, recovered: Recovered | None, *, form: str
) -> int:
    """Tell what became of a run that was cut off; None: there was none."""
    sentence = recovered.sentence if recovered else "Nothing to recover."
    code = recovered.exit_code if recovered else 0
    summary = "A node is unknown" if code else "Not everything could be finished"
    hint = "stalplan recover" if code else "stalplan plan"
    detail = "\n".join(recovered.why) if recovered else ""
    if recovered and recovered.judged:
        hint = f"stalplan recover --forget {recovered.judged}"
    if detail:
        terminal.error(summary, detail, hint)
    if form != "json":
        with _ended_anyway(terminal, sentence):
            terminal.write(sentence + "\n")
        return code
    document: dict[str, object] = {
        "run": recovered.run if recovered else None,
        "nodes": dict(recovered.nodes) if recovered else {},
        "why": recovered.why if recovered else (),
    }
    if code:
        document["error"] = error_document(summary, detail or sentence, hint, code)
    _write_json(terminal, sentence, code, document)
    return code


def write_cancelled(terminal: Terminal, sentence: str, *, form: str) -> int:
    """Tell that nobody approved, so that nothing was touched; the exit code is 1."""
    if form == "json":
        error = error_document(sentence, "Nobody typed 'yes'.", "", 1)
        _write_json(terminal, sentence, 1, {"error": error})
    else:
        terminal.write(sentence + "\n")
    return 1


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


def _explained(outcome: Outcome) -> str:
    lines = list(outcome.why)
    if outcome.lasting:
        lines += [
            "",
            "Until this is finished:",
            *(f"  {each}" for each in outcome.lasting),
        ]
    return "\n".join(lines)
