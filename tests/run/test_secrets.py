"""Secret references: what is asked for, and how often."""

from reports import desired_of

from stalplan.model.secrets import EnvRef, Secret, SecretRef, Unresolved
from stalplan.run.secrets import resolve
from stalplan.transport.local import LocalCommands

DESIRED = desired_of("""\
format = 1
[cluster]
name = "mail"
release = "0.15"
[nodes]
mx1.id = 1
[store.redis]
type = "redis"
urls = [{ env = "URL" }, { env = "URL" }, "%{env:URL}%"]
user = { env = "USER" }
password = { env = "PASSWORD" }
[api]
url = "http://127.0.0.1:8080"
user = "admin"
password = { env = "API" }
""")


class Asked(LocalCommands):
    """Remembers what it was asked for; everything leads to its own name."""

    def __init__(self) -> None:
        self.refs: list[SecretRef] = []

    def secret(self, ref: SecretRef) -> Secret | Unresolved:
        """Its name."""
        self.refs.append(ref)
        assert isinstance(ref, EnvRef)
        return Secret(ref.name)


def test_each_reference_is_asked_for_once() -> None:
    """One that stands twice too; the API's is none that planning needs."""
    asked = Asked()
    found = resolve(DESIRED, asked)

    names = ["PASSWORD", "URL", "USER"]
    assert names == sorted(ref.name for ref in asked.refs if isinstance(ref, EnvRef))
    assert {EnvRef(name): Secret(name) for name in names} == found


def test_what_is_withheld_is_not_asked_for() -> None:
    """A reference that nobody reviewed has its reason in place of a value."""
    asked, no = Asked(), Unresolved("It is not reviewed.")
    found = resolve(
        DESIRED, asked, withheld=lambda ref: no if ref == EnvRef("USER") else None
    )

    assert EnvRef("USER") not in asked.refs
    assert no == found[EnvRef("USER")]
