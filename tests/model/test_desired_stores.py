"""[store.ID] and [api]: what is read, and every mistake in them."""

import pytest
from desired_files import mistakes, read, sound, wrong

from stalplan.model.secrets import CommandRef, EnvRef, FileRef
from stalplan.model.stores import ApiSettings, StoreText, StoreValue

REDIS = '[store.redis]\ntype = "redis"\nurls = "redis://192.0.2.20"\n'
API = '[api]\nurl = "http://127.0.0.1:8080/"\nuser = "admin"\n'
REFS = '{ env = "NAME" }, { file = "path" } or { command = ["program", "argument"] }'


def store(text: str) -> dict[str, StoreValue]:
    """What the one store of a file becomes."""
    (wish,) = read(sound(text), folder="conf").stores.values()
    return dict(wish.values)


def test_every_kind_of_value() -> None:
    """Text, numbers, booleans, lists, macros and references are each what they say."""
    found = store("""\
[store.redis]
type = "redis"
urls = ["redis://192.0.2.20", "%{env:REDIS_URL}%", { env = "URL" }]
user = { file = "user.txt" }
password = { command = ["pass", "show", "redis"] }
read-from-replicas = true
"retry.total" = 3
pool.max-connections = "10"
[store.redis.retry]
max-wait = 500
""")

    assert {
        "type": StoreText("redis"),
        "urls": (
            StoreText("redis://192.0.2.20"),
            StoreText("%{env:REDIS_URL}%"),
            EnvRef("URL"),
        ),
        "user": FileRef("conf/user.txt"),
        "password": CommandRef("pass", ("show", "redis")),
        "read-from-replicas": StoreText("true"),
        "retry.total": StoreText("3"),
        "retry.max-wait": StoreText("500"),
        "pool.max-connections": StoreText("10"),
    } == found


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a", "conf/a"), ("/a", "/a"), ("~/a", "~/a"), ("../a", "conf/../a")],
)
def test_files_are_beside_the_desired_file(path: str, expected: str) -> None:
    """A relative path begins at the desired file, wherever stalplan is started."""
    found = store(f'{REDIS}password = {{ file = "{path}" }}\n')

    assert FileRef(expected) == found["password"]


def test_references_are_named_once_each() -> None:
    """A reference that stands twice is one to resolve."""
    text = f'{REDIS}user = {{ env = "A" }}\npassword = {{ env = "A" }}\n'

    assert (EnvRef("A"),) == read(sound(text)).secret_refs
    assert () == read(sound()).secret_refs


def test_no_value_is_in_any_repr() -> None:
    """What stands for a password, or in a command, is not shown by accident."""
    desired = read(
        sound(
            '[store.redis]\ntype = "redis"\nurls = "redis://:geheim@h"\n'
            'user = "geheim"\npassword = { command = ["echo", "geheim"] }\n'
            f'{API}password = {{ command = ["echo", "geheim"] }}\n'
        )
    )

    assert "geheim" not in repr(desired)


def test_the_api_is_kept_as_data() -> None:
    """Who asks the servers, where and as whom; nothing is resolved for it."""
    desired = read(sound(f'{API}password = {{ env = "PW" }}\n'))

    expected = ApiSettings("http://127.0.0.1:8080", "admin", EnvRef("PW"))
    assert (expected, ()) == (desired.api, desired.secret_refs)
    assert None is read(sound()).api


def test_layout_makes_no_other_digest() -> None:
    """Dotted, nested and quoted spellings say the same."""
    one = read(sound(f'{REDIS}pool.max-connections = 7\n"retry.total" = 1\n'))
    other = read(
        sound(f"{REDIS}retry.total = 1\n[store.redis.pool]\nmax-connections = 7\n")
    )

    assert one.stores == other.stores


WRONG = {
    "no type": (
        "[store.redis]\nurls = 'x'\n",
        [
            (
                'store.redis needs a type, which is one of "nats", "redis", "kafka" and'
                ' "zenoh"'
            )
        ],
    ),
    "another type": (
        "[store.redis]\ntype = 'rediss'\n",
        [
            (
                'store.redis.type must be one of "nats", "redis", "kafka" and "zenoh":'
                ' no other store can coordinate; did you mean "redis"?'
            )
        ],
    ),
    "a type from elsewhere": (
        "[store.redis]\ntype = '%{env:TYPE}%'\n",
        ['store.redis.type must be one of "nats", "redis", "kafka" and "zenoh"'],
    ),
    "what it needs": (
        "[store.n]\ntype = 'nats'\n[store.k]\ntype = 'kafka'\nbrokers = 'b'\n",
        [
            'store.n needs address, such as address = "192.0.2.20:4222"',
            'store.k needs group-id, such as group-id = "%{env:NODE}%"',
        ],
    ),
    "unknown keys": (
        f"{REDIS}pasword = 'x'\ntimeout.request = '5s'\n",
        [
            'unknown key store.redis.pasword; did you mean "password"?',
            (
                'unknown key store.redis.timeout.request: only a store of type "nats" '
                "has it"
            ),
        ],
    ),
    "the server's spelling of a list": (
        "[store.redis]\ntype = 'redis'\nurls.0000 = 'x'\n",
        [
            'store.redis needs urls, such as urls = ["redis://192.0.2.20:6379"]',
            "unknown key store.redis.urls.0000; write the list: urls = […]",
        ],
    ),
    "one key twice": (
        f"{REDIS}retry.total = 1\n'retry.total' = 2\n",
        ['store.redis."retry.total": this key is set in line 22 already'],
    ),
    "text that can't be written": (
        f"{REDIS}user = 'a\\b'\npassword = 'a\"b'\n",
        [
            f"store.redis.{key} must have no backslash and no double quote, which a"
            " server might not read back"
            for key in ("user", "password")
        ],
    ),
    "other text that can't be": (
        f"{REDIS}user = ''\npassword = '''a\nb'''\n",
        [
            "store.redis.user must not be empty",
            "store.redis.password must be one line without control characters",
        ],
    ),
    "a macro without an end": (
        f"{REDIS}user = '%{{env:A}}% %{{env:B'\n",
        [
            (
                "store.redis.user has an unfinished macro, which makes the server loop"
                " for ever"
            )
        ],
    ),
    "values of another kind": (
        (
            f"{REDIS}timeout = 'soon'\npool.max-connections = -1\nretry.total = 1.5\n"
            "read-from-replicas = 'yes'\nredis-type = 'sentinel'\npassword = 7\n"
        ),
        [
            (
                "store.redis.timeout must be a number over 0 and ms, s, m, h or d in"
                ' quotes, such as "10s"'
            ),
            "store.redis.pool.max-connections must be a whole number",
            "store.redis.retry.total must be a whole number, not a number",
            "store.redis.read-from-replicas must be true or false",
            'store.redis.redis-type must be one of "single" and "cluster"',
            f"store.redis.password must be text in quotes, or {REFS}, not a number",
        ],
    ),
    "a table that is no reference": (
        f"{REDIS}password = {{ envv = 'X' }}\n",
        ['unknown key store.redis.password.envv; did you mean "env"?'],
    ),
    "lists": (
        "[store.redis]\ntype = 'redis'\nurls = []\nuser = ['x']\n",
        [
            (
                "store.redis.urls is an empty list, which leaves no trace: leave the "
                "key out"
            ),
            "store.redis.user must be one value, not a list",
        ],
    ),
    "an entry of a list": (
        "[store.redis]\ntype = 'redis'\nurls = ['x', '', { env = '' }]\n",
        [
            "store.redis.urls holds an entry that must not be empty",
            "store.redis.urls holds an entry that has a env that must not be empty",
        ],
    ),
    "brokers": (
        "[store.k]\ntype = 'kafka'\nbrokers = ['x']\ngroup-id = 'x'\n",
        [
            (
                "store.k.brokers must be one text with commas, such as"
                ' "192.0.2.20:9092,192.0.2.21:9092"'
            )
        ],
    ),
    "references": (
        (
            f"{REDIS}timeout = {{ env = 'A' }}\nuser = {{ env = 'A B' }}\n"
            "password = { command = [] }\n"
        ),
        [
            "store.redis.timeout is shown in plans, so it can't be a secret reference",
            (
                "store.redis.user has a env that must be a variable's name: letters,"
                " digits and _"
            ),
            (
                "store.redis.password has a command that must name a program; leave the"
                " key out for none"
            ),
        ],
    ),
    "two references": (
        f"{REDIS}user = {{ env = 'A', file = 'b' }}\npassword = {{}}\n",
        [
            f"store.redis.user must be one of {REFS} and nothing more",
            f"store.redis.password must be text in quotes, or {REFS}, not a table",
        ],
    ),
    "ids": (
        REDIS.replace("redis]", "Redis]"),
        [
            "store.Redis: a store's id must be of a-z, 0-9, dashes and underscores",
        ],
    ),
    "no table": ("store.redis = 1\n", ["store.redis must be a table, not a number"]),
    "the api": (
        "[api]\nurl = 'http://x/settings'\npassword = 'x'\n",
        [
            'api needs user, such as user = "admin"',
            'api.url must be a URL such as "http://127.0.0.1:8080"',
            f"api.password must not stand in this file: write {REFS}",
        ],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes(case: str) -> None:
    """All of them are told, each with what would be right."""
    text, expected = WRONG[case]
    text = f"{text}\n" + sound() if text.startswith("store.") else sound(text)

    assert expected == mistakes(text)


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ('coordinator = "redis"', []),
        ("", []),
        (
            'coordinator = "nats"',
            ['store.redis: the coordinator is "nats", and only its store is managed'],
        ),
        (
            "coordinator = false",
            [
                (
                    "store.redis: there is to be no coordinator, and only its store is"
                    " managed"
                )
            ],
        ),
    ],
)
def test_only_the_coordinators_store_is_managed(
    cluster: str, expected: list[str]
) -> None:
    """A store that holds mail is none of ours."""
    text = sound(REDIS, cluster=cluster)

    assert expected == (mistakes(text) if expected else [])
    assert expected or {"redis"} == read(text).stores.keys()


def test_there_is_no_coordinator_in_0_11() -> None:
    """Nor a store for one."""
    assert ["store: servers of 0.11 have no coordinator; it came with 0.12"] == (
        mistakes(sound(REDIS, release="0.11"))
    )


def test_mistakes_have_places_and_codes() -> None:
    """Line and column of the value; SP303 and SP305 can be filtered for."""
    error = wrong(
        sound(
            "[store.k]\ntype = 'kafka'\ngroup-id = 'g'\n  brokers = [\n 'x']\n",
        )
    )

    (finding,) = error.findings
    assert ("SP305", "store.k.brokers", 22) == (finding.code, finding.key, finding.line)
    assert "stalplan.toml:22:13: " == error.detail[: len("stalplan.toml:22:13: ")]
    other = wrong(sound("[store.k]\ntype = 'memory'\n"))
    assert ["SP303"] == [finding.code for finding in other.findings]


def test_an_unfinished_macro_has_its_code() -> None:
    """SP506, for a single value and for an entry of a list."""
    endless = "'%{env:A}% %{env:B'"
    lines = f"type = 'redis'\nurls = ['x', {endless}]\nuser = {endless}\n"

    error = wrong(sound(f"[store.redis]\n{lines}"))

    assert [("SP506", "store.redis.urls"), ("SP506", "store.redis.user")] == [
        (finding.code, finding.key) for finding in error.findings
    ]


def test_places_are_kept_by_flat_key() -> None:
    """A later finding about a key leads to its line, however it was spelled."""
    desired = read(sound(f"{REDIS}[store.redis.pool]\nmax-connections = 3\n"))

    place = desired.place("store", "redis", "pool.max-connections")
    assert place is not None
    assert 23 == place.line
