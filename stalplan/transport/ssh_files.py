"""What ssh_config files can tell apart, so that `ssh -G` is asked once per kind.

Asking costs a process of some five milliseconds, which at three hundred nodes is
more than reading them. Two hosts that match the same `Host` lines get the same
answer, unless a file uses something that looks at the host's name in another way.
"""

import glob
import os
import shlex
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

_DEPTH = 16  # of Include; OpenSSH's own limit
# These look at the name itself, or at the machine, instead of at a Host line.
_PECULIAR = frozenset({"match", "canonicalizehostname", "canonicaldomains"})
# A token such as %h in one of these makes the answer the host's own.
_MAY_NAME_HOST = frozenset(
    {
        *("certificatefile", "globalknownhostsfile", "hostkeyalias", "hostname"),
        *("identityagent", "identityfile", "proxycommand", "proxyjump"),
        *("revokedhostkeys", "user", "userknownhostsfile"),
    }
)

Directive = tuple[str, tuple[str, ...]]


def read_directives(
    file: Path, *, base: Path, included: int = 0
) -> Iterator[Directive]:
    """Keywords, lower-case, and arguments of *file* and what it includes, in order.

    *base* is the folder of relative includes. A file that can't be read has none:
    `ssh -G` will say so itself.
    """
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        keyword, arguments = _directive(line)
        if keyword:
            yield keyword, arguments
        if keyword == "include" and included < _DEPTH:
            for pattern in arguments:
                spread = os.path.expanduser(pattern)  # noqa: PTH111 - glob wants text
                for path in sorted(glob.glob(str(base / spread))):  # noqa: PTH207 - also absolute patterns
                    deeper = included + 1
                    yield from read_directives(Path(path), base=base, included=deeper)


def _directive(line: str) -> Directive:
    keyword, _, rest = line.strip().replace("=", " ", 1).partition(" ")
    if not keyword or keyword.startswith("#"):
        return "", ()
    keyword, _, tail = keyword.partition("\t")
    try:
        arguments = shlex.split(f"{tail} {rest}", comments=True)
    except ValueError:  # an open quote: ssh -G will refuse the file
        arguments = [rest]
    return keyword.lower(), tuple(arguments)


class HostKinds:
    """Tells which hosts get the same answer from `ssh -G`."""

    def __init__(self, directives: Iterable[Directive]) -> None:
        found = list(directives)
        self._hosts = [words for keyword, words in found if keyword == "host"]
        self._names = {
            words[0].lower() for keyword, words in found if keyword == "hostname"
        }
        self._all_differ = any(
            keyword in _PECULIAR
            or (keyword in _MAY_NAME_HOST and "%" in "".join(words))
            for keyword, words in found
        )

    def kind(self, host: str) -> tuple[bool, ...] | None:
        """Equal for hosts with equal answers; None where *host* must be asked alone.

        A name that some HostName directive writes is asked alone as well: its answer
        could not be told from one that simply repeats the host.
        """
        if self._all_differ or host.lower() in self._names:
            return None
        return tuple(_matches(patterns, host) for patterns in self._hosts)


def _matches(patterns: tuple[str, ...], host: str) -> bool:
    """OpenSSH's match of a Host line: any pattern, unless a negated one matches."""
    matched = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        # In an ssh_config pattern brackets are letters.
        if fnmatchcase(host.lower(), wanted.lower().replace("[", "[[]")):
            if wanted != pattern:
                return False
            matched = True
    return matched
