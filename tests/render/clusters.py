"""Clusters of any size whose plans are to read well: some of everything."""

from functools import cache

from reports import planned

from stalplan.planning.plan import Plan

STORE = 'store.redis.type = "redis"\nstore.redis.password = "canary-3f9c"\n'


@cache
def plan_of_size(count: int) -> Plan:
    """A plan for *count* nodes: roles that move, shards, host names, a doubled id."""
    names = [f"mx{number:03}" for number in range(1, count + 1)]
    return planned(_desired(names), {name: _live(name, names) for name in names}).plan


def _desired(names: list[str]) -> str:
    nodes = "".join(
        f"[nodes.{name}]\nid = {number}\nlabels = {_labels(number, names)}\n"
        for number, name in enumerate(names)
    )
    back = f'"{names[-1]}"'
    return f"""\
format = 1
[cluster]
name = "mail"
release = "0.15"
hostname = "mail.example.org"
coordinator = "redis"
[roles]
"purge.stores" = [{back}]
"spam-training" = [{back}]
"fts-indexing" = {{ label = "back", shards = {min(2, len(names) - 1) or 1} }}
"push-notifications" = {{ label = "front", shards = "each" }}
{nodes}"""


def _labels(number: int, names: list[str]) -> str:
    if len(names) == 1:
        return '["back", "front"]'
    return '["back"]' if number % 4 else '["front"]'


def _live(name: str, names: list[str]) -> str:
    number = names.index(name)
    held = number if number != 1 or len(names) == 1 else 0
    host = "old" if number % 10 == 2 else "mail"
    return (
        f'cluster.node-id = {held}\nserver.hostname = "{host}.example.org"\n'
        f'cluster.coordinator = "redis"\n{STORE}cluster.roles.purge.stores = ["0"]\n'
    )
