"""Laws of reading: nothing but Desired or DesiredFileWrong, and in linear time."""

import re
import sys
from collections.abc import Callable
from types import FrameType

from desired_files import FILE, read, sound, wrong
from hypothesis import given
from hypothesis import strategies as st

from stalplan.errors import DesiredFileWrong
from stalplan.model.desired import read_desired
from stalplan.model.desired_rules import desired_findings

FULL = sound(
    """\
[nodes.mx4]
id = 4
address = "192.0.2.4"
hostname = "mx4.example.org"
ssh.port = 22
service.health = false
[roles]
purge.stores = ["mx1"]
"push-notifications" = [["mx1"], ["mx2"]]
merge-threads = { label = "back", shards = "each" }
[ssh]
user = "root"
connect_timeout = "10s"
[service]
unit = "stalwart"
before_stop = ["lb"]
[apply]
order = ["mx1"]
spare_id = 9
[store.redis]
type = "redis"
urls = ["%{env:URL}%", { file = "url" }]
password = { env = "PASSWORD" }
timeout = "10s"
pool.max-connections = 10
[api]
url = "http://127.0.0.1:8080"
user = "admin"
password = { command = ["pass", "show"] }
""",
    cluster='hostname = "mail.example.org"\ncoordinator = "redis"',
)
WORDS = sorted(set(re.findall(r'"[^"\n]*"|[A-Za-z_.-]+|[^\s]|\n', FULL)))


def test_the_file_to_spoil_is_sound() -> None:
    """The laws begin from a file that is read without a remark."""
    assert ["SP401"] == [each.code for each in desired_findings(read(FULL))]


def reads_or_refuses(data: bytes) -> None:
    """Read *data*; a refusal must place each mistake, or speak of the whole file."""
    refusal: DesiredFileWrong | None = None
    try:
        desired = read_desired(data, file=FILE, folder="x")
    except DesiredFileWrong as error:
        refusal = error
    if refusal is None:
        assert desired.nodes
        assert not any(finding.blocks for finding in desired_findings(desired))
        return
    placed = re.compile(rf"{re.escape(FILE)}(:[1-9]\d*:[1-9]\d*:| is )")
    assert all(placed.match(line) for line in refusal.detail.split("\n"))
    assert refusal.hint


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes at random are refused as every wrong file is."""
    reads_or_refuses(data)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Text at random is refused as every wrong file is."""
    reads_or_refuses(text.encode("utf-8", "replace"))


@given(st.lists(st.sampled_from([*WORDS, " ", "\n"]), max_size=60))
def test_text_that_looks_like_a_file(words: list[str]) -> None:
    """Text made of a desired file's words is read or refused."""
    reads_or_refuses("".join(words).encode())


@given(st.data())
def test_a_spoilt_file(data: st.DataObject) -> None:
    """A sound file with some part replaced by another is read or refused."""
    start = data.draw(st.integers(0, len(FULL)))
    end = data.draw(st.integers(start, min(len(FULL), start + 30)))
    other = data.draw(st.sampled_from(WORDS) | st.text(max_size=5))
    spoilt = FULL[:start] + other + FULL[end:]

    reads_or_refuses(spoilt.encode("utf-8", "replace"))


values = st.recursive(
    st.sampled_from(
        ["1", "0", "-1", "true", "1.5", "nan", "1979-05-27", "'all'", '"x"']
    )
    | st.sampled_from(["'mx1'", "'each'", "'10s'", "'front'", "'command'", "99999"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.dictionaries(st.sampled_from(["label", "shards", "id", "x"]), inner).map(
            lambda table: (
                "{"
                + ", ".join(f"{key} = {value}" for key, value in table.items())
                + "}"
            )
        ),
    ),
    max_leaves=6,
)


@given(st.data())
def test_any_value_for_any_key(data: st.DataObject) -> None:
    """Every key takes or refuses every kind of value, whatever it was made for."""
    lines = FULL.split("\n")
    settings = [number for number, line in enumerate(lines) if " = " in line]
    for number in data.draw(st.lists(st.sampled_from(settings), max_size=4)):
        key = lines[number].split(" = ")[0]
        lines[number] = f"{key} = {data.draw(values)}"

    reads_or_refuses("\n".join(lines).encode())


def many_nodes(count: int) -> str:
    """A file with that many nodes, each with labels and settings of its own."""
    nodes = "".join(
        f'[nodes.mx{number}]\nid = {number}\naddress = "192.0.2.{number % 250}"\n'
        f'hostname = "mx{number}.example.org"\nlabels = ["l{number % 7}", "all"]\n'
        f"ssh.port = 2222\n\n"
        for number in range(count)
    )
    rest = """\
[roles]
"purge.stores" = { label = "l1" }
"push-notifications" = { label = "all", shards = "each" }
"merge-threads" = { label = "l2", shards = 5 }
"""
    return sound(rest, nodes=nodes)


def calls(work: Callable[[], object]) -> int:
    """How many functions *work* calls, Python's own among them."""
    count = 0

    def tell(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_four_times_the_nodes_are_four_times_the_work() -> None:
    """The largest cluster there can be costs each node no more than a small one."""
    few, many = many_nodes(128), many_nodes(512)

    assert 512 == len(read(many).nodes)
    assert ["SP106", "SP401"] == [each.code for each in desired_findings(read(many))]
    assert calls(lambda: desired_findings(read(many))) < 5 * calls(
        lambda: desired_findings(read(few))
    )


def test_many_mistakes_are_not_compared_with_each_other() -> None:
    """A mistake in each of many lines is told; twice as many are twice the work."""

    def mistaken(count: int) -> str:
        nodes = many_nodes(512).replace("address", "addres").replace('= "l1"', '= "l9"')
        names = ", ".join(f'"my{number}"' for number in range(count))
        return nodes + f'"purge.accounts" = [{names}]\n'

    error = wrong(mistaken(20_000))

    assert 512 + 20_000 + 1 == len(error.detail.splitlines())
    assert calls(lambda: wrong(mistaken(20_000))) < 2.5 * calls(
        lambda: wrong(mistaken(10_000))
    )
