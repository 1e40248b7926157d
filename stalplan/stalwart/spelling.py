"""Role lists: their many spellings as one table of shards, and back."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stalplan.stalwart.outline import Header, Kind
from stalplan.stalwart.releases import ROLE_PREFIX, Release, shards_of

if TYPE_CHECKING:
    from stalplan.stalwart.parse import Entry, FlatConfig

# Shards of sorted ids, without doubles; one shard where the release knows no others.
IdTable = tuple[tuple[int, ...], ...]

MAX_U64: Final = 2**64 - 1
_U64: Final = re.compile(r"\+?0*([0-9]{1,20})", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+")

# Unicode's White_Space, which Rust's `trim` removes. Python's `str.strip` also takes
# U+001C to U+001F, so it is told what to remove.
WHITE_SPACE: Final = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True, slots=True)
class RoleList:
    """What a file says of one role.

    *table* None: everybody holds the role, because no entry can be read. *entries*
    are all that the server takes for the list, in its order, *bad* those of them that
    it can't read and drops.
    """

    table: IdTable | None
    bad: tuple["Entry", ...]
    entries: tuple["Entry", ...]

    @property
    def keys_used(self) -> tuple[str, ...]:
        """The flat keys that make up the list."""
        return tuple(entry.key for entry in self.entries)


def unsigned(text: str) -> int | None:
    """*text* as the server reads an unsigned number of 64 bits; None where it can't.

    ASCII digits with an optional plus sign; no blanks, no separators.

    Source: stalwart v0.15.5, crates/utils/src/config/utils.rs.
    """
    found = _U64.fullmatch(text)
    if not found:
        return None
    number = int(found[1])
    return number if number <= MAX_U64 else None


def shard(text: str, release: Release) -> tuple[int, ...] | None:
    """One entry of a role's list: sorted ids; None where the server can't read it."""
    items = [text]
    if shards_of(release):
        items = [item.strip(WHITE_SPACE) for item in text.split(",")]
    ids = [unsigned(item) for item in items]
    numbers = {number for number in ids if number is not None}
    return None if None in ids else tuple(sorted(numbers))


def role_table(config: "FlatConfig", role: str, release: Release) -> RoleList:
    """What the file says of *role*, from whatever spelling it uses.

    Up to 0.13 all readable entries are one list. From 0.14 on each is a shard, in the
    byte order of the keys, and an unreadable one changes how many there are.

    Source: stalwart v0.13.4 and v0.15.5, crates/common/src/config/network.rs.
    """
    entries = tuple(config.under(ROLE_PREFIX + role))
    return role_list([(entry, entry.text) for entry in entries], release)


def role_list(entries: "list[tuple[Entry, str]]", release: Release) -> RoleList:
    """As `role_table`, from entries whose texts may have been expanded."""
    shards: list[tuple[int, ...]] = []
    bad: list[Entry] = []
    for entry, text in entries:
        ids = shard(text, release)
        if ids is None:
            bad.append(entry)
        else:
            shards.append(ids)
    table: IdTable | None = tuple(shards) or None
    if table and not shards_of(release):
        table = (tuple(sorted({number for ids in table for number in ids})),)
    return RoleList(table, tuple(bad), tuple(entry for entry, _ in entries))


def spellings(config: "FlatConfig", key: str) -> set[str]:
    """In how many ways the list at *key* is written, each by a name of its own.

    The server joins them all.
    """
    found: set[str] = set()
    for block in config.outline.blocks:
        if isinstance(block, Header):
            continue
        inside = block.value.kind is Kind.INLINE and any(
            _is_at_or_below(leaf.key, key) for leaf in block.value.leaves()
        )
        if _is_at_or_below(block.key, key) or inside:
            found.add(_spelling(block.key, block.value.kind, key))
    return found


def _is_at_or_below(key: str, root: str) -> bool:
    return key == root or key.startswith(f"{root}.")


def _spelling(key: str, kind: Kind, root: str) -> str:
    if kind is not Kind.TEXT:
        return f"{kind.value} {key}"
    rest = key[len(root) + 1 :]
    if not rest:
        return "text"
    return f"numbers {len(rest)}" if _NUMBER.fullmatch(rest) else "names"


def spell(table: IdTable, release: Release) -> tuple[str, ...]:
    """The texts of a list's items that *release* reads as *table*."""
    if shards_of(release):
        return tuple(",".join(map(str, ids)) for ids in table)
    return tuple(str(number) for ids in table for number in ids)
