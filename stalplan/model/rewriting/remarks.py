"""What stands behind a value on its line: comments of people, and stalplan's own."""

import re

# What `import` and `drift --adopt` write; both are about the value as it was then.
_OWN = re.compile(r"# (?:SP[0-9]{3}: |adopted [0-9]{4}-[0-9]{2}-[0-9]{2}, was ).*")
_ADOPTED = re.compile(r"; adopted [0-9]{4}-[0-9]{2}-[0-9]{2}, was .*")


def behind(rest: str, remark: str) -> str:
    """The rest of a line behind a value that changes, with *remark* as a comment.

    A comment of ours was about the value that goes, so it goes too; one of a person
    stays, before the remark. "" is no remark. In the middle of an inline table the
    remark goes to the line's end, or nowhere where that isn't plainly outside of it.
    """
    before, mark, _ = rest.partition("#")
    if before.strip():
        plain = not mark and not re.search(r"\"\"\"|'''|\[[^]]*$", before)
        return f"{rest.rstrip()}  # {remark}" if remark and plain else rest
    if not mark:
        return f"  # {remark}" if remark else rest
    comment = rest[len(before) :].rstrip()
    if _OWN.fullmatch(comment):
        return f"{before}# {remark}" if remark else ""
    kept = before + _ADOPTED.sub("", comment)
    return f"{kept}; {remark}" if remark else kept
