"""Small clusters with a store of their own, and what a plan tells of them."""

from stalplan.model.secrets import EnvRef, Secret, Secrets
from stalplan.planning.facts import facts
from stalplan.planning.plan import Plan

CANARY = "canary-77ab"
PASSWORD: Secrets = {EnvRef("PW"): Secret(f"{CANARY}-new")}
REST = 'password = { env = "PW" }\n'


def wish(store: str = REST, *, coordinator: str = "redis", more: str = "") -> str:
    """A desired file with two nodes and a redis store."""
    return (
        f'format = 1\n[cluster]\nname = "mail"\nrelease = "0.15"\n'
        f'coordinator = "{coordinator}"\n{more}[nodes]\nmx1.id = 1\nmx2.id = 2\n'
        '[store.redis]\ntype = "redis"\nurls = "%{env:URL}%"\n' + store
    )


def file(number: int, store: str = "", *, head: str = "") -> str:
    """A node's flat file with the store's type and URL, and more lines of it."""
    return (
        f'{head}cluster.coordinator = "redis"\ncluster.node-id = {number}\n'
        'store.redis.type = "redis"\nstore.redis.urls = "%{env:URL}%"\n' + store
    )


def password(text: str = f"{CANARY}-new") -> str:
    """The line of a password."""
    return f'store.redis.password = "{text}"\n'


def told(plan: Plan) -> list[tuple[object, ...]]:
    """Action, address, before, after and nodes of every change."""
    known = [facts(change) for change in plan.changes]
    return [(f.action, f.address, f.before, f.after, f.nodes) for f in known]


def both(store: str) -> dict[str, str]:
    """Two nodes with equal stores."""
    return {"mx1": file(1, store), "mx2": file(2, store)}


def codes(plan: Plan) -> list[str]:
    """Codes of the findings that block."""
    return [each.code for each in plan.findings if each.blocks]
