"""A failure in the form that was asked for, beside the error block on stderr."""

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stalplan.cli.terminal import Terminal
    from stalplan.render.failure import Failure


def asked_forms(
    argv: "Sequence[str]", environ: "Mapping[str, str]", commands: "Iterable[str]"
) -> tuple[str, ...]:
    """What `--format` asks for on a command line, even if that is wrong.

    Looked up by hand because a wrong command line is never parsed to its end.
    """
    forms = [word.removeprefix("--format=") for word in argv if "--format=" in word]
    forms += [value for word, value in itertools.pairwise(argv) if word == "--format"]
    if forms:
        return tuple(forms)
    command = next((word for word in argv if word in set(commands)), "")
    name = f"STALPLAN_{command}_FORMAT".replace("-", "_").upper()
    return tuple(environ.get(name, "").split())


def write_failure(
    terminal: "Terminal", forms: tuple[str, ...], failure: "Failure", *, files: bool
) -> None:
    """*failure* in those of *forms* that programs read.

    *files*: also in the files that they name, so that none holds an older plan. One
    that can't be written is passed over: the failure itself is told on stderr.
    """
    for form in forms:
        name, told, path = form.partition("=")
        text = _rendered(terminal, name, failure)
        if text is None or (told and not files):
            continue
        if told:
            _write_file(terminal, path, text)
        else:
            terminal.write_raw(text)


def _rendered(terminal: "Terminal", name: str, failure: "Failure") -> str | None:
    if name in ("json", "gitlab"):  # GitLab shows it as a report that failed
        return _document(failure)
    from stalplan.cli.formats import repository_path  # noqa: PLC0415 - rare
    from stalplan.render import FAILURES  # noqa: PLC0415 - rare

    if name not in FAILURES:
        return None
    file = next((each.file for each in failure.findings if each.file), None)
    at = repository_path(file, terminal.environ) if file else None
    return FAILURES[name](failure, at)


def _document(failure: "Failure") -> str:
    from stalplan.errors import error_document  # noqa: PLC0415 - rare
    from stalplan.planning.json_text import json_text  # noqa: PLC0415 - rare
    from stalplan.planning.plan_json import finding_to_json  # noqa: PLC0415 - rare

    error = error_document(
        failure.summary, failure.detail, failure.hint, failure.exit_code
    )
    findings = [finding_to_json(finding) for finding in failure.findings]
    whole = {"format_version": "1.0", "error": error, "findings": findings}
    return json_text(whole, sort_keys=True)


def _write_file(terminal: "Terminal", path: str, text: str) -> None:
    from stalplan.cli.form_files import FormatUnwritable, write_form  # noqa: PLC0415 - rare

    try:
        write_form(path, text)
    except FormatUnwritable as error:
        terminal.say(f"Warning: {error.detail}")
