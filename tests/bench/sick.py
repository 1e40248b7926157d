"""Addresses of which some are sick: what that costs beside the living alone."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median

import odd_servers
from nodes.endpoint import make_key
from nodes.waiting import free_port

from bench.cluster import BenchCluster
from bench.measuring import measured
from bench.peers import plan

TIMEOUT = 10.0  # seconds to connect, the default
SICK = {"dead": 30, "refusing": 10, "greeting": 5, "mute": 5}
LIVING = 250
_UNREACHED = 4  # the exit code


def sick(cluster: BenchCluster, runs: int) -> float:
    """The time with the sick ones beyond the timeout, of that of the living alone."""
    port = cluster.sshd.port
    living = cluster.write_desired(LIVING, port)
    alone = _middle(cluster, living, runs, 0)
    with ExitStack() as kept:
        key = make_key(cluster.root / "mute_key")
        mute = odd_servers.mute_after_login(key.path, opens_channels=True)
        ports = {
            "dead": kept.enter_context(odd_servers.deaf()),
            "refusing": free_port(),
            "greeting": kept.enter_context(
                odd_servers.listening(odd_servers.only_greets)
            ),
            "mute": kept.enter_context(mute),
        }
        known = cluster.write_known(port)
        with known.open("a") as file:
            file.write(f"[127.0.0.1]:{ports['mute']} {key.public}\n")
        both = living.with_name("stalplan-sick.toml")
        both.write_text(f"{living.read_text()}\n{_tables(ports)}")
        together = _middle(cluster, both, runs, _UNREACHED)
    return (together - TIMEOUT) / alone


def _tables(ports: dict[str, int]) -> str:
    names = [(kind, number) for kind, count in SICK.items() for number in range(count)]
    return "\n".join(
        f'[nodes.{kind}{number}]\nid = {LIVING + 1 + place}\naddress = "127.0.0.1"\n'
        f'ssh.port = {ports[kind]}\nservice.config = "/nowhere/config.toml"\n'
        for place, (kind, number) in enumerate(names)
    )


def _middle(cluster: BenchCluster, file: Path, runs: int, code: int) -> float:
    told = plan(cluster, file, codes=(code,))
    return median(measured(told, cluster.sshd.pid).wall for _ in range(runs))
