"""Nothing of a node's file that nobody manages gets into a snapshot."""

import re
from dataclasses import fields

import pytest
from reports import CREATED, WRITTEN, desired_of, report_of

from stalplan.findings import Finding
from stalplan.model.live import NodeReport, Seen, Unreachable
from stalplan.planning.plan import Options
from stalplan.planning.preview import preview
from stalplan.planning.snapshot import Snapshot, snapshot_of
from stalplan.planning.snapshot_json import _FIELDS, snapshot_to_json
from stalplan.planning.snapshot_keys import HIDDEN

DESIRED = """\
format = 1
[cluster]
name = "mail"
release = "0.15"
coordinator = "redis"
[nodes.mx1]
id = 1
hostname = "mx1.example.org"
[roles]
"purge.stores" = ["mx1"]
"""
# Every canary is c4n- and two digits; where it stands is what the line is about.
TEXT = '''\
# a comment: c4n-01
cluster.node-id = 1 # beside a managed key: c4n-02
cluster.key = "c4n-03"
cluster.c4n-04 = true
cluster.roles.purge.stores = [ # inside a managed list: c4n-05
  "1", # and c4n-06
]
server.hostname = "mx1.example.org"
server.listener.smtp.c4n-07 = "c4n-08"
authentication.fallback-admin = { user = "admin", secret = "c4n-09" }
authentication."c4n-10" = 1
enterprise.license-key = "c4n-11"
macro.x = "%{env:c4n-12}%"
several.lines = """c4n-13
c4n-14
"""
[store.redis] # behind a header: c4n-15
type = "redis"
urls = ["redis://user:c4n-16@192.0.2.1", "redis://c4n-17"]
password = \'\'\'c4n-18
c4n-19\'\'\'
c4n-20 = 1
user = c4n-21
timeout = "c4n-22"
[store."c4n-23/x"]
type = "postgresql"
[store.pg]
type = "c4n-24 and more"
host = "c4n-25"
[c4n-26]
x = "y"
[[c4n-27]]
x = ["c4n-28", { c4n-29 = "c4n-30" }]
[store]
kafka = { type = "kafka", brokers = "c4n-31:9092", group-id = "c4n-32", c4n-33 = 4 }
[server]
c4n-34 = "x"
# the last line: c4n-35'''


def snapshot(text: str, desired: str = DESIRED) -> Snapshot:
    """Of one node with that file."""
    report = report_of(
        "mx1",
        text.encode(),
        environment={"SECRET": "c4n-50"},
        unit_environment={"SECRET": "c4n-51"},
        backup=text.replace("node-id = 1", "node-id = 7 # c4n-52").encode(),
        changed_at=CREATED,
    )
    return snapshot_of(desired_of(desired), [report], None, CREATED)


def written(text: str, desired: str = DESIRED) -> str:
    """The file of the snapshot of one node with that file."""
    return snapshot_to_json(snapshot(text, desired), stalplan="1")


def copy_of(seen: Seen) -> str:
    """What a snapshot tells of a node's file."""
    assert isinstance(seen, NodeReport)
    assert seen.file is not None
    return seen.file.data.decode()


def blocking(taken: Snapshot) -> list[Finding]:
    """What stands in the way of a plan from it."""
    plan = preview(desired_of(DESIRED), taken, options=Options(), created=CREATED)
    return [finding for finding in plan.findings if finding.blocks]


def test_no_canary_is_in_a_snapshot() -> None:
    """Values, comments, keys, headers and environments that nobody manages stay out."""
    told = written(TEXT)

    assert 35 == len(set(re.findall(r"c4n-[0-9]+", TEXT)))
    assert "c4n" not in told
    assert "c4n" not in repr(snapshot(TEXT))


def test_what_rules_look_at_is_in_it() -> None:
    """Managed settings as they are written, on their lines, and stores' types."""
    kept = copy_of(*snapshot(TEXT).seen).split("\n")
    pairs = zip(kept, TEXT.split("\n"), strict=False)
    lines = {whole.partition(" #")[0]: told for told, whole in pairs if told}

    assert "cluster.node-id = 1" == lines["cluster.node-id = 1"]
    assert '  "1", ' == lines['  "1",']
    assert "[store.redis]" == lines["[store.redis]"]
    assert 'type = "redis"' == lines['type = "redis"']
    licence = 'enterprise.license-key = "c4n-11"'
    assert f'enterprise.license-key = "{HIDDEN}"' == lines[licence]
    (kafka,) = (line for line in lines.values() if line.startswith("kafka"))
    assert 'type = "kafka"' in kafka
    assert 'group-id = "group 1"' in kafka


def test_a_managed_store_is_told_as_plans_tell_it() -> None:
    """Of a store that the desired file manages: every key, and the open texts."""
    desired = DESIRED + '[store.redis]\ntype = "redis"\nurls = "redis://x"\n'
    text = TEXT.replace('timeout = "c4n-22"', 'timeout = "9s"').replace(
        "c4n-20", "keep"
    )
    told = written(text, desired)

    assert 'timeout = \\"9s\\"' in told
    assert "keep = " in told
    assert "c4n" not in told


def test_only_variables_of_managed_settings_are_kept() -> None:
    """A variable that a managed macro names is kept, another one is not."""
    text = TEXT.replace("node-id = 1", 'node-id = "%{env:NODE}%"')
    report = report_of(
        "mx1",
        text.encode(),
        environment={"NODE": "1", "SECRET": "c4n-50"},
        unit_environment={"NODE": "1", "SECRET": "c4n-51"},
    )
    (seen,) = snapshot_of(desired_of(DESIRED), [report], None, CREATED).seen

    assert isinstance(seen, NodeReport)
    assert {"NODE": "1"} == seen.environment == seen.unit_environment


def test_a_refused_file_tells_no_key_of_it() -> None:
    """Why the server would not start is told without keys that nobody manages."""
    text = 'store.pg."c4n-01" = 1\nstore.pg."c4n-01" = 2\n'
    (refusal,) = blocking(snapshot(text))

    assert "c4n" not in written(text)
    assert ("SP501", 2) == (refusal.code, refusal.line)
    assert "a key is given twice" in refusal.detail


def test_bytes_that_are_no_text_are_told_by_their_line() -> None:
    """A file that is not UTF-8 is refused from the snapshot too, at its line."""
    report = report_of("mx1", b'a = "1"\n# c4n \xff\n')
    desired = desired_of(DESIRED)
    taken = snapshot_of(desired, [report], None, CREATED)

    assert "c4n" not in snapshot_to_json(taken, stalplan="1")
    assert [("SP507", 2)] == [(each.code, each.line) for each in blocking(taken)]


def test_every_fact_of_a_report_is_decided_on() -> None:
    """A new fact about nodes must be put into snapshots, or left out on purpose."""
    left_out = {"lease", "transactions"}  # over when it is read
    told = {"node", "read_at", "file", "service", "unmade_probes", "environment"}
    told |= {"unit_environment", "backup_before_start", *_FIELDS}

    assert left_out | told == {each.name for each in fields(NodeReport)}


def test_unreached_nodes_stay_in_it() -> None:
    """Why a node could not be read is told again from the snapshot."""
    lost = Unreachable(node=report_of("mx1", b"").node, summary="s", detail="d")

    assert (lost,) == snapshot_of(desired_of(DESIRED), [lost], None, WRITTEN).seen


@pytest.mark.parametrize("groups", [("a", "a"), ("a", "b"), ("", "")])
def test_groups_are_equal_or_not_and_no_more(groups: tuple[str, str]) -> None:
    """Of two consumer groups a snapshot tells whether they are one."""
    text = 'store.k.type = "kafka"\nstore.k.group-id = "{}"\n'
    reports = [
        report_of(name, text.format(group).encode())
        for name, group in zip(("mx1", "mx2"), groups, strict=True)
    ]
    taken = snapshot_of(desired_of(DESIRED), reports, None, CREATED)
    files = [copy_of(seen) for seen in taken.seen]

    assert (groups[0] == groups[1]) is (files[0] == files[1])
    assert ("" in groups) is ('group-id = ""' in files[0])


def test_every_key_that_loops_does_so_in_the_copy() -> None:
    """Also where a file is full of them: each is looked at once."""
    lines = [f'x{n:05} = "c4n-01}}% %{{cfg:c4n-02"\n' for n in range(20_000)]
    text = "".join(lines) + TEXT.replace("%{env:c4n-12}%", "}% %{file:c4n-12")

    told = written(text)
    copy = copy_of(*snapshot(text).seen)

    assert "c4n" not in told
    assert 20_000 == copy.count("}% %{cfg:X")
    assert 1 == copy.count("}% %{file:X")


def test_keys_that_only_grow_together_are_told_by_the_first() -> None:
    """Copies of copies: the copy of the file has one key that loops instead."""
    lines = [f'y{n} = "{f"%{{cfg:y{n - 1}}}%" * 40}"\n' for n in range(1, 9)]

    (finding,) = blocking(snapshot('y0 = "c4n-01"\n' + "".join(lines) + TEXT))

    assert ("SP506", "y5") == (finding.code, finding.key)
