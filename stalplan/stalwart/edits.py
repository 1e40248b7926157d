"""What can be asked of a config file: small changes, each by its flat key."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SetText:
    """*key* has this text, and no list of the same name stands beside it.

    Keys below it that are no elements of a list stay: `timeout` and
    `timeout.connection` are two settings.
    """

    key: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetList:
    """*key* holds these texts, at least one, in one spelling and nothing else below."""

    key: str
    items: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """Neither *key* nor any key below it is there."""

    key: str


Edit = SetText | SetList | Remove
