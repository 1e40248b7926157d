"""What an import is asked for, and what was seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalplan.errors import StalplanError
from stalplan.model.inventories.asked import Asked
from stalplan.model.rewriting.writing import Value
from stalplan.stalwart.releases import Release

if TYPE_CHECKING:
    from stalplan.model.live import Seen

Settings = Mapping[str, Value]
"""Keys of [ssh] or [service], as the desired file would have them."""


class NotImported(StalplanError):
    """No desired file can be made of what there is; nothing was written."""

    summary = "Nothing was imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was said of all nodes. None and absent: found out.

    *folder* is that of the desired file, put before relative paths in it.
    """

    cluster: str | None = None
    release: Release | None = None
    ssh: Settings = field(default_factory=dict)
    service: Settings = field(default_factory=dict)
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A way to ask a node: what was told of it, and how its server may be run.

    *service* is what is not told: `manager` and `unit`, and `config` where no unit
    names the file.
    """

    asked: Asked
    service: Settings = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met(Try):
    """A node that was asked, in the way in which most of it was found."""

    seen: "Seen"
