"""Laws of managed stores, for files of all shapes and every kind of wish."""

import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reports import planned

from stalplan.model.secrets import EnvRef, Secret, Secrets
from stalplan.planning.changes import Change
from stalplan.planning.facts import facts
from stalplan.planning.plan_json import plan_from_json, plan_to_json
from stalplan.render import RENDERERS
from stalplan.stalwart.parse import ConfigRefused, FlatConfig, parse
from stalplan.stalwart.releases import ServerVersion

V15 = ServerVersion.parse("0.15")
CANARY = "canary-9e1c"
LIVE = {
    "type": ['"redis"', "'redis'", '"memory"', "redis"],
    "urls": [f'"{CANARY}"', f'["{CANARY}", "%{{env:B}}%"]', '["%{env:A}%"]', "[]"],
    "user": [f'"{CANARY}"', "['x', 'y']", '"%{env:U}%"'],
    "password": [f'"{CANARY}"', f'"{CANARY}-2"', f'"""{CANARY}\n\\"""'],
    "timeout": ['"5s"', "5000"],
    "timeout.connection": ['"5s"'],
    "pool.max-connections": ["10", '"11"'],
    "tls.enable": ["true", '"false"'],
    "strange": [f'"{CANARY}"', f'{{ a = "{CANARY}" }}'],
}
WANTED = {
    "urls": ['"%{env:A}%"', f'["{CANARY}"]', '[{ env = "A" }, "%{env:B}%"]'],
    "user": ["'x'", '"%{env:U}%"', '{ env = "B" }'],
    "password": ['{ env = "A" }', '{ env = "B" }'],
    "timeout": ['"5s"', "7000"],
    "pool.max-connections": ["10"],
    "read-from-replicas": ["true"],
}
SECRETS: Secrets = {
    EnvRef("A"): Secret(f"{CANARY}-2"),
    EnvRef("B"): Secret(f"it's {CANARY}"),
}
REST = 'cluster.node-id = 1\ncluster.coordinator = "redis"\nserver.hostname = "h.x"\n'


@st.composite
def live_files(draw: st.DrawFn) -> str:
    """A node's file: the store dotted, in a table of its own, or in one of [store]."""
    keys = draw(st.lists(st.sampled_from(sorted(LIVE)), unique=True))
    pairs = [(key, draw(st.sampled_from(LIVE[key]))) for key in keys]
    comment = draw(st.sampled_from(["", "  # ours"]))
    form = draw(st.sampled_from(["dotted", "table", "half", "quoted"]))
    lines = [f"{key} = {text}{comment}\n" for key, text in pairs]
    if form == "dotted":
        return REST + "".join(f"store.redis.{line}" for line in lines)
    if form == "half":
        return REST + "[store]\n" + "".join(f"redis.{line}" for line in lines)
    name = 'store."redis"' if form == "quoted" else "store.redis"
    after = '\n[store.rocks]\ntype = "rocksdb"\n'
    return f"{REST}\n# the bus\n[{name}]\n{''.join(lines)}{after}"


@st.composite
def wishes(draw: st.DrawFn) -> str:
    """A desired file with two nodes and a store."""
    keys = draw(st.lists(st.sampled_from(sorted({*WANTED} - {"urls"})), unique=True))
    keys = ["urls", *keys]
    lines = [f"{key} = {draw(st.sampled_from(WANTED[key]))}\n" for key in keys]
    return (
        'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        'coordinator = "redis"\n[nodes]\nmx1.id = 1\nmx2.id = 2\n'
        '[store.redis]\ntype = "redis"\n' + "".join(lines)
    )


def rest(config: FlatConfig) -> dict[str, str]:
    """What is none of the store's."""
    return {k: v for k, v in config.items() if not k.startswith("store.redis.")}


def readable(text: str) -> bool:
    """Whether a server would start from the file."""
    try:
        parse(text.encode(), V15)
    except ConfigRefused:
        return False
    return True


@settings(max_examples=80)
@given(wishes(), live_files(), live_files())
def test_a_plan_carried_out_leaves_nothing_to_do(
    desired: str, one: str, other: str
) -> None:
    """A second plan is empty; nothing but the store was written; no secret is told."""
    other = other.replace("node-id = 1", "node-id = 2")
    assume(readable(one) and readable(other))
    nodes = {"mx1": one, "mx2": other}
    done = planned(desired, nodes, secrets=SECRETS)

    assert [] == [finding for finding in done.plan.findings if finding.blocks]
    for (_, name), data in done.results.items():
        nodes[name] = data.decode()
        before = parse((one if name == "mx1" else other).encode(), V15)
        after = parse(data, V15)
        assert rest(before) == rest(after)
    again = planned(desired, nodes, secrets=SECRETS).plan
    assert "No changes. The cluster matches stalplan.toml." == again.sentence
    told = [render(done.plan) for render in RENDERERS.values()]
    assert [] == [text for text in [*told, repr(done)] if CANARY in text]
    assert done.plan == plan_from_json(plan_to_json(done.plan), file="p")


@settings(max_examples=40)
@given(wishes(), live_files(), live_files())
def test_a_file_with_placeholders_gives_the_same_plan_but_for_secrets(
    desired: str, one: str, other: str
) -> None:
    """What the preview has is in the live plan too; the rest is secrets that differ."""
    assume(readable(one) and readable(other))
    nodes = {"mx1": one, "mx2": other.replace("node-id = 1", "node-id = 2")}
    live, preview = (
        {_told(each) for each in planned(desired, nodes, secrets=secrets).plan.changes}
        for secrets in (SECRETS, None)
    )

    assert preview <= live
    assert all(before == after for _, before, after in live - preview)


def _told(change: Change) -> tuple[str, str, str]:
    told = facts(change)
    return told.address, json.dumps(told.before), json.dumps(told.after)
