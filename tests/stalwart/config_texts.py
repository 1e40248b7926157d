"""Config files of all shapes, for Hypothesis: dotted, tables, odd spellings, edits."""

from hypothesis import strategies as st

from stalplan.stalwart.edits import Edit, Remove, SetList, SetText

ROLES = ("purge.stores", "fts-indexing", "acme.renew", "merge-threads")
NAMES = ("cluster.node-id", "cluster.coordinator", "server.hostname")
SCALARS = (*NAMES, "store.redis.type", "store.redis.timeout")
LISTS = (*(f"cluster.roles.{role}" for role in ROLES), "store.redis.urls")

words = st.sampled_from(["1", "2", "17", "511", "redis", "bus-2", "mx1.example.org"])
texts = words | st.sampled_from(["", "1,2", "3, 4", "it's", "%{env:X}%", "ü", "a b"])
items = st.lists(
    st.sampled_from(["1", "2", "3", "1,2", "3,4"]), min_size=1, max_size=12
)
comments = st.sampled_from(["", "", "", " # note", "# [x] = 'y'", "\t#"])


@st.composite
def tokens(draw: st.DrawFn) -> str:
    """A value that the server reads."""
    text = draw(texts)
    if "'" in text:
        return f'"{text}"'
    forms = [f'"{text}"', f'"{text}"', f"'{text}'", f'"""{text}"""']
    if text.replace(".", "").replace("-", "").isalnum():
        forms += [text, text]
    return draw(st.sampled_from(forms))


gaps = st.sampled_from(
    ["", "", " ", "\n", "\n  ", " # it's\n", "\n# a, [b\n", " # 1\n  # 2\n  "]
)


@st.composite
def wild_arrays(draw: st.DrawFn) -> str:
    """A list in brackets with comments anywhere; perhaps with holes and lists in it."""
    element = tokens()
    if draw(st.integers(0, 3)) == 0:
        element |= st.just("") | tokens().map("[{}]".format)
    parts = draw(st.lists(element, max_size=6))
    text = ",".join(f"{draw(gaps)}{part}{draw(gaps)}" for part in parts)
    comma = draw(st.sampled_from(["", ","])) if parts else ""
    return f"[{text}{comma}{draw(gaps)}]"


@st.composite
def arrays(draw: st.DrawFn) -> str:
    """A list in brackets, on one line or on several, tidy or not."""
    parts = draw(st.lists(tokens(), max_size=5))
    form = draw(st.integers(0, 5))
    if form == 0 and parts:
        lines = [f"  {part},{draw(comments)}\n" for part in parts]
        return "[\n" + "".join(lines) + "]"
    if form == 1 and parts:
        return "[\n    " + ",\n    ".join(parts) + draw(comments) + "\n]"
    if form == 2:
        return "[ " + " , ".join(parts) + " ]"
    if form == 3 and parts:
        return "[" + "\n  , ".join(parts) + "\n]"
    if form == 4 and parts:
        return "[" + ",".join(parts) + ",]"
    return "[" + ", ".join(parts) + "]"


@st.composite
def list_lines(draw: st.DrawFn, key: str) -> list[str]:
    """A list in one of the spellings, or in two."""
    form = draw(st.integers(0, 7))
    values = draw(st.lists(tokens(), min_size=1, max_size=4))
    if form == 0:
        return [f"{key} = {values[0]}{draw(comments)}\n"]
    if form == 1:
        return [f"{key}.{i:04} = {value}\n" for i, value in enumerate(values)]
    if form == 2:
        return [f"{key}.{i} = {value}\n" for i, value in enumerate(values)]
    if form == 3:
        return [f"{key}.{name} = {v}\n" for name, v in zip("bca", values, strict=False)]
    if form == 4:
        return [f"{key}.0 = {values[0]}\n", f"{key} = [{', '.join(values)}]\n"]
    array = draw(st.one_of(arrays(), wild_arrays()))
    return [f"{key} = {array}{draw(comments)}\n"]


@st.composite
def statements(draw: st.DrawFn, table: str, free: set[str]) -> list[str]:
    """The lines for some *free* keys below *table*, which are then no longer free."""
    lines: list[str] = []
    prefix = f"{table}." if table else ""
    for key in draw(st.permutations([*SCALARS, *LISTS])):
        if key not in free or not key.startswith(prefix) or draw(st.integers(0, 2)):
            continue
        free.remove(key)
        relative = key.removeprefix(prefix)
        indent = draw(st.sampled_from(["", "", "  "]))
        equals = draw(st.sampled_from([" = ", "=", "  =\t"]))
        if key in LISTS:
            lines += draw(list_lines(relative))
        else:
            lines.append(
                f"{indent}{relative}{equals}{draw(tokens())}{draw(comments)}\n"
            )
        lines += draw(st.sampled_from([[], [], ["\n"], ["# about it\n"]]))
    return lines


@st.composite
def config_texts(draw: st.DrawFn) -> str:
    """A whole file that every server reads."""
    free = {*SCALARS, *LISTS}
    lines = draw(st.sampled_from([[], ["# top\n", "\n"]]))
    lines = [*lines, *draw(statements("", free))] if draw(st.booleans()) else [*lines]
    if draw(st.integers(0, 3)) == 0:
        lines.append('storage = {data = "pg", "blob" = "pg"}\n')
    if draw(st.booleans()):
        tables = ["cluster", "server", "cluster.roles", "store.redis", "store.pg"]
        for table in draw(st.permutations(tables))[: draw(st.integers(1, 5))]:
            blank = draw(st.sampled_from(["", "\n", "\n\n"]))
            comment = draw(st.sampled_from(["", "", "# peers\n"]))
            header = draw(st.sampled_from([f"[{table}]", f"[ {table} ] # here"]))
            own = table if table != "store.pg" else "zzz"
            lines += [f"{blank}{comment}{header}\n", *draw(statements(own, free))]
            lines += ["x = 1\n"] * draw(st.integers(0, 1))
    text = "".join(lines)
    if draw(st.integers(0, 4)) == 0:
        text = text.replace("\n", "\r\n")
    if draw(st.integers(0, 5)) == 0:
        text += "# no newline"
    return text


@st.composite
def edits(draw: st.DrawFn) -> list[Edit]:
    """Some edits, each of another key."""
    keys = draw(st.lists(st.sampled_from([*SCALARS, *LISTS]), unique=True, max_size=6))
    result: list[Edit] = []
    for key in keys:
        if draw(st.integers(0, 3)) == 0:
            result.append(Remove(key))
        elif key in LISTS:
            result.append(SetList(key, tuple(draw(items))))
        else:
            result.append(SetText(key, draw(texts)))
    return result
