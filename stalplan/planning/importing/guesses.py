"""How a server may be run where nobody said it, likeliest first."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, get_args

from stalplan.model.desired import read_desired
from stalplan.model.desired.fields import Unfit, manager
from stalplan.model.inventory import Manager
from stalplan.planning.importing.drafting import draft_of
from stalplan.planning.importing.met import Settings, Terms, Try
from stalplan.stalwart.releases import Release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalplan.model.inventory import Node

# Source: stalwart v0.11.8 and v0.15.5, install.sh and Dockerfile.
_NAMES: Final = ("stalwart", "stalwart-mail")
_FILES: Final = (
    "/opt/stalwart/etc/config.toml",
    "/opt/stalwart-mail/etc/config.toml",
    "/etc/stalwart/config.toml",
)


def services(terms: Terms) -> Iterator[Settings]:
    """What to try, one after the other, until a service is found.

    First what was told, and for the rest what the server's own installer and image
    make of it.
    """
    told = terms.service
    if "manager" in told:
        managers = [str(told["manager"])]
    else:
        managers = [name for name in get_args(Manager) if _is_taken(name)]
    if "command" in managers and "manager" in told:
        yield {}
        return
    for name in managers:
        for unit in (told["unit"],) if "unit" in told else _NAMES:
            yield {"manager": name, "unit": unit}


def files(terms: Terms) -> tuple[str, ...]:
    """Where the file may be, where no unit tells it and nobody told."""
    return () if "config" in terms.service else _FILES


def _is_taken(name: str) -> bool:
    """Whether the desired file's reader takes it, and it needs no commands."""
    try:
        return manager(name) == name != "command"
    except Unfit:
        return False


def nodes_to_ask(tries: "Sequence[Try]", terms: Terms) -> "tuple[Node, ...]":
    """The nodes as the desired file would have them. Raises DesiredFileWrong."""
    ids = {each.asked.name: number for number, each in enumerate(tries)}
    draft = draft_of(tries, {}, terms, max(Release), ids, {})
    draft.out = frozenset()
    text = draft.text().encode()
    return read_desired(text, file="import", folder=terms.folder).nodes
