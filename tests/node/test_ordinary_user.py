"""The agent as an ordinary user: records beside the file, nothing of root's."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.lone_node import LoneNode
from node.test_report import as_root
from stalplan.errors import AgentFailed
from stalplan.model.records import Verdict

NEW = b"cluster.node-id = 2\n"
USER = 12345


@pytest.fixture
def users_node(shell: str) -> Iterator[LoneNode]:
    """A node of one user, who is not root; the server runs as that user too."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        node = LoneNode(Path(place) / "node", "cluster.node-id = 1\n", shell=shell)
        if os.getuid() == 0:
            owned = [node.folder.root, *node.folder.root.rglob("*")]
            for path in owned:
                os.lchown(path, USER, USER)
            # The shell's own setpriv need not be able to do this.
            node.line.login = (
                *("/usr/bin/setpriv", f"--reuid={USER}", f"--regid={USER}"),
                "--clear-groups",
            )
        yield node
        node.close()


def test_a_user_applies_what_is_his(users_node: LoneNode) -> None:
    """Records lie in .stalplan beside the file, closed to others."""
    node = users_node
    node.line.run("exec sh -c 'sh ../node/service start'", b"")
    before = node.folder.config.stat()

    record = node.applied(NEW)

    after = node.folder.config.stat()
    assert record.verdict is Verdict.APPLIED, record.detail
    assert node.folder.read() == NEW
    assert (before.st_uid, before.st_mode) == (after.st_uid, after.st_mode)
    assert len(node.folder.starts()) == 2
    assert node.folder.leftovers() == [".stalplan"]
    records = node.folder.config.parent / ".stalplan"
    assert records.stat().st_mode & 0o777 == 0o700
    assert not node.work_root.exists()
    names = {path.name.split("-")[0] for path in records.iterdir()}
    assert "staged" not in names


@as_root
def test_a_file_of_somebody_else_is_not_replaced(users_node: LoneNode) -> None:
    """Only root could keep its owner; the report says so before anything."""
    node = users_node
    os.chown(node.folder.config, 0, USER)

    report = node.session.report()

    assert report.replace_problem is not None
    assert "another user" in report.replace_problem
    with pytest.raises(AgentFailed):
        node.stage(node.take(), NEW)


@as_root
def test_a_closed_folder_is_said(users_node: LoneNode) -> None:
    """Neither a lease nor a replacement fits into a folder that is not one's own."""
    node = users_node
    os.chown(node.folder.config.parent, 0, 0)

    report = node.session.report()

    assert report.replace_problem is not None
    assert report.lease_problem is not None
