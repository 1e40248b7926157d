"""What each key of the desired file is for, and an example: editors show it."""

from typing import Any, Final

DESCRIPTIONS: Final[dict[str, str]] = {
    "format": "The version of this format.",
    "cluster": "What holds for all nodes together.",
    "cluster.name": "The cluster's name: it names the state file.",
    "cluster.release": "The release line that all nodes run.",
    "cluster.hostname": "The hostname of every node that has none of its own.",
    "cluster.coordinator": (
        "The id of the store over which the nodes speak to each other. false: none, "
        "the key goes. Absent: left as found. There is none in 0.11."
    ),
    "nodes": "A table for each node. Its name is the node's name everywhere.",
    "nodes.id": "The node's number in the cluster, 0 to 511. No two may share one.",
    "nodes.address": "Where SSH finds the node. Default: the node's name.",
    "nodes.hostname": "The node's own hostname, instead of the cluster's.",
    "nodes.labels": "Words by which roles may pick nodes.",
    "roles": (
        "Who runs which background role. A role that is absent here isn't managed and "
        "stays as it is."
    ),
    "store": "The coordinator's store, where its keys are to be managed too.",
    "ssh": "How to reach the nodes; a node's own `ssh.` keys win.",
    "ssh.user": "The user to log in as.",
    "ssh.port": "The port of the SSH server.",
    "ssh.identity_file": "The private key to log in with.",
    "ssh.host_key": "The fingerprint of the one host key that is accepted.",
    "ssh.known_hosts": (
        "A file of known host keys, relative to this one. Default: the user's and the "
        "system's."
    ),
    "ssh.jump": "The host through which to connect, as in ProxyJump.",
    "ssh.sudo": "Whether to work with `sudo -n` on the node.",
    "ssh.connect_timeout": "How long a connection may take.",
    "service": "How the servers are run; a node's own `service.` keys win.",
    "service.manager": "What runs the server on the node.",
    "service.unit": "The name of the systemd unit, or of the container.",
    "service.config": (
        "The server's config.toml on the node. Default: the one that the unit names."
    ),
    "service.start": 'The command that starts the server (manager = "command").',
    "service.stop": 'The command that stops the server (manager = "command").',
    "service.active": 'The command that tells if it runs (manager = "command").',
    "service.version": (
        'The command that prints the server\'s version (manager = "command").'
    ),
    "service.pid": (
        'The command that prints the server\'s process id (manager = "command").'
    ),
    "service.health": (
        "The URL that the node asks itself after a start. Default: the first http "
        "listener of its file. false: no such check."
    ),
    "service.health_timeout": "How long a server may take to be healthy.",
    "service.stop_timeout": "How long a server may take to stop.",
    "service.before_stop": (
        "A command run here before a node is stopped, with STALPLAN_NODE set: to take "
        "it out of a load balancer."
    ),
    "service.after_healthy": "A command run here once a node is healthy again.",
    "apply": "How careful apply is.",
    "apply.max_unavailable": "How many nodes may be down at one moment.",
    "apply.settle": "How long to wait between nodes.",
    "apply.order": "Nodes that go first; the rest goes as the planner finds best.",
    "apply.spare_id": (
        "The id that a node may hold for a moment when ids are swapped. Default: the "
        "highest free one."
    ),
    "apply.lease": "After how long a node's lock expires by itself.",
    "apply.plan_lifetime": "How old a saved plan may be when it is applied.",
    "apply.keep_runs": "How many past runs are kept.",
    "api": "The servers' settings API, to compare what they run with.",
    "api.url": "Its address as seen from the node; it is asked through SSH.",
    "api.user": "The user to ask as.",
    "api.password": "Where the password is; it never stands in this file.",
}

EXAMPLES: Final[dict[str, list[Any]]] = {
    "cluster.name": ["mail"],
    "cluster.hostname": ["mail.example.org"],
    "cluster.coordinator": ["redis", False],
    "nodes.id": [1],
    "nodes.address": ["192.0.2.11"],
    "nodes.hostname": ["mx1.example.org"],
    "nodes.labels": [["front"]],
    "ssh.user": ["root"],
    "ssh.port": [22],
    "ssh.identity_file": ["~/.ssh/id_ed25519"],
    "ssh.host_key": ["SHA256:uNiVztksCsDhcc0u9e8BrcZYsz4SQvJxpbcLhZ1PZzU"],
    "ssh.known_hosts": ["known_hosts"],
    "ssh.jump": ["bastion.example.org"],
    "service.unit": ["stalwart"],
    "service.config": ["/opt/stalwart/etc/config.toml"],
    "service.start": [["rc-service", "stalwart", "start"]],
    "service.stop": [["rc-service", "stalwart", "stop"]],
    "service.active": [["rc-service", "stalwart", "status"]],
    "service.version": [["stalwart", "--version"]],
    "service.pid": [["pidof", "stalwart"]],
    "service.health": ["http://127.0.0.1:8080/healthz/ready", False],
    "service.before_stop": [["./drain", "now"]],
    "service.after_healthy": [["./drain", "end"]],
    "apply.order": [["mx1"]],
    "apply.spare_id": [511],
    "api.url": ["http://127.0.0.1:8080"],
    "api.user": ["admin"],
    "api.password": [{"env": "STALWART_PASSWORD"}],
}
