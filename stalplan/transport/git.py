"""The git repository that a desired file lies in: only read, and only here."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from stalplan.errors import StalplanError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMEOUT = 30.0  # seconds; all of it is reading on this disk
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TRUST = re.compile(r"git config .*safe\.directory .*")  # git's own advice
_REGULAR = ("100644", "100755")
# Nothing is fetched, nobody is asked, nothing is written, no pattern in a name counts.
_QUIET = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}


class RevisionUnusable(StalplanError):
    """The desired file at a revision can't be had. Nothing was changed."""

    summary = "The revision can't be used"


class LocalGit:
    """Asks the `git` on the path. Implements ports.Git."""

    def state(self, file: Path) -> tuple[str, bool] | None:
        """HEAD's commit, and whether *file* is otherwise there; None where no git is.

        A file that git doesn't follow counts as otherwise.
        """
        words = ("--branch", "--untracked-files=all", "--ignored=matching")
        told = _git(file, "status", "--porcelain=v2", *words, "--", file.name)
        if told is None or told.returncode != 0:
            return None
        first, _, rest = told.stdout.decode(errors="replace").partition("\n")
        commit = first.removeprefix("# branch.oid ")
        lines = [line for line in rest.splitlines() if not line.startswith("# ")]
        return (commit, bool(lines)) if _COMMIT.fullmatch(commit) else None

    def commit_of(self, file: Path, revision: str) -> str:
        """The commit that *revision* names in the repository of *file*.

        Raises:
            RevisionUnusable: with what to fetch.
        """
        words = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        told = _git(file, "rev-parse", *words)
        commit = told.stdout.decode().strip() if told and not told.returncode else ""
        if _COMMIT.fullmatch(commit):
            return commit
        shallow = _is_shallow(file)
        clone = "this shallow clone" if shallow else "this repository"
        raise RevisionUnusable(
            f"{revision} names no commit in {clone}.",
            hint=_fetch(revision, _remotes(file), shallow=shallow),
        )

    def file_at(self, file: Path, commit: str) -> bytes | None:
        """The bytes of *file* at *commit*; None where it is not there.

        Raises:
            RevisionUnusable: it is no regular file there, or not in this clone.
        """
        listed = _git(file, "ls-tree", "-z", commit, "--", file.name)
        if listed is None or listed.returncode != 0:
            raise _not_here(file, commit)
        if not listed.stdout:
            return None
        mode, kind, name = listed.stdout.partition(b"\t")[0].decode().split(" ")
        if kind != "blob" or mode not in _REGULAR:
            raise RevisionUnusable(f"{file} is no regular file at {commit:.12}.")
        blob = _git(file, "cat-file", "blob", name)
        if blob is None or blob.returncode != 0:
            raise _not_here(file, commit)
        return blob.stdout


def _not_here(file: Path, commit: str) -> RevisionUnusable:
    return RevisionUnusable(
        f"{file} at {commit:.12} is not in this clone.",
        hint=f"git fetch --depth=1 --refetch origin {commit}",
    )


def _is_shallow(file: Path) -> bool:
    """Whether the repository of *file* lacks older commits.

    Raises:
        RevisionUnusable: there is none, or git does not read it.
    """
    told = _git(file, "rev-parse", "--is-shallow-repository")
    if told is None:
        raise RevisionUnusable("There is no git on this machine.")
    if told.returncode == 0:
        return told.stdout.strip() == b"true"
    if trust := _TRUST.search(told.stderr.decode(errors="replace")):
        raise RevisionUnusable(
            f"The repository of {file} belongs to another user: git does not read it.",
            hint=trust[0],
        )
    raise RevisionUnusable(f"{file} lies in no git repository.")


def _remotes(file: Path) -> list[str]:
    """The names of the remotes, that which one usually means first."""
    told = _git(file, "remote")
    names = told.stdout.decode(errors="replace").split() if told else []
    return sorted(names, key=lambda name: (name != "origin", name))


def _fetch(revision: str, remotes: "Sequence[str]", *, shallow: bool) -> str:
    """A command that brings *revision*, as far as its name tells; else nothing.

    A whole clone must not become a shallow one by it.
    """
    if re.search(r"[~^@:]", revision):
        return "git fetch --unshallow" if shallow else ""
    depth = " --depth=1" if shallow else ""
    name = revision.removeprefix("refs/remotes/")
    for remote in remotes:
        branch = name.removeprefix(f"{remote}/")
        if branch != name:
            what = shlex.quote(f"+{branch}:refs/remotes/{name}")
            return f"git fetch{depth} {remote} {what}"
    if not remotes:
        return ""
    what = shlex.quote(revision)
    return f"git fetch{depth} {remotes[0]} {what}  # then --base FETCH_HEAD"


def _git(file: Path, *words: str) -> "subprocess.CompletedProcess[bytes] | None":
    """One git command in the folder of *file*; None where there is no git."""
    try:
        return subprocess.run(  # noqa: S603 - git's own words, and names after them
            ["git", "-c", "core.fsmonitor=false", *words],  # noqa: S607 - as people type
            cwd=file.parent,
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
