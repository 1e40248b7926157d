"""docs/start.md on real machines: systemd, OpenSSH, and the servers' own files."""

import shlex
from pathlib import Path

import pytest
from e2e.controller import Controller
from nodes.factories import SystemdNodes
from nodes.systemd import SystemdNode
from nodes.waiting import free_port

from docs.page import DOCS, fences, typed
from docs.reader import ADDRESSES
from stalplan.demo.configs import CONFIGS, config_text


def logins(words: list[str], nodes: list[SystemdNode]) -> list[str]:
    """The words of an import with the way to these nodes; all share one address."""
    real = {node.name: node.endpoint for node in nodes}
    placed = []
    for word in words:
        name, _, address = word.partition("=")
        if address in ADDRESSES:
            word = f"{name}={real[name].user}@127.0.0.1:{real[name].port}"  # noqa: PLW2901 - that is what is typed
        placed.append(word)
    identity = str(nodes[0].endpoint.identity)
    given = ["--ssh-identity-file", identity, "--ssh-known-hosts", "known_hosts"]
    return [*placed, *given]


@pytest.mark.systemd
def test_the_first_page_alone_is_enough(
    systemd_nodes: SystemdNodes, tmp_path: Path
) -> None:
    """Typed as it stands, addresses apart, it leads to a cluster without changes."""
    texts = [
        config_text(name, folder="/opt/stalwart", http=free_port(), smtp=free_port())
        for name in CONFIGS
    ]
    nodes = systemd_nodes(texts, environment={"STANDIN_STOP_SECONDS": "0.1"})
    folder = tmp_path / "controller"
    folder.mkdir()
    controller = Controller(folder=folder)
    controller.know(node.endpoint for node in nodes)
    before = [node.read(node.config) for node in nodes]
    for block in fences((DOCS / "start.md").read_text(), "console", "diff"):
        if block.kind == "diff":
            old, new = (line[1:] for line in block.text.splitlines())
            text = controller.desired.read_text()
            controller.desired.write_text(text.replace(old, new))
            continue
        for entry in typed(block):
            words = shlex.split(entry.command)
            if words[0] != "stalplan":
                continue
            if words[1] == "import":
                words = logins(words, nodes)
            if words[1] == "apply":
                assert before == [node.read(node.config) for node in nodes]
            done = controller.run(*words[1:])
            assert done.last in entry.output, done.said

    assert "No changes. The cluster matches stalplan.toml." == done.last
    assert before != [node.read(node.config) for node in nodes]
