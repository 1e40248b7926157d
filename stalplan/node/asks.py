"""What each verb of the agent is told, from the records of the model."""

import re
from collections.abc import Iterable
from hashlib import sha256
from math import ceil

from stalplan.errors import AgentFailed
from stalplan.model.inventory import Node, ServiceSettings
from stalplan.node.agent import Ask, quoted
from stalplan.ports import CommitOrder, LeaseAsk, StageOrder

NO_PLAN = "-"
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COMMANDS = ("start", "stop", "active", "version", "pid")


def base_ask(node: Node, *, work_root: str | None) -> Ask:
    """What every verb is told: the file, how its service is run, where records lie.

    Raises:
        AgentFailed: a command is missing, or a word can't be passed to a shell.
    """
    service = node.service
    config = service.config or ""
    words = {
        "config": config,
        "place": sha256(config.encode("utf-8", "surrogateescape")).hexdigest()[:16],
        "manager": service.manager,
        "unit": _unit(service),
        "work_root": work_root or "",
    }
    commands = {}
    if service.manager == "command":
        for name in ("start", "stop", "active"):
            if not getattr(service, name):
                raise AgentFailed(f"{node.name}: service.{name} is missing.")
        given = {name: getattr(service, name) for name in _COMMANDS}
        commands = {name: argv for name, argv in given.items() if argv}
    try:
        for word in (*words.values(), *(w for argv in commands.values() for w in argv)):
            quoted(word)
    except ValueError as error:
        raise AgentFailed(f"{node.name}: {error}.") from error
    return Ask(words, commands)


def _unit(service: ServiceSettings) -> str:
    """With its suffix: systemctl would add it, systemd's properties want it."""
    whole = "." in service.unit or service.manager != "systemd"
    return service.unit if whole else f"{service.unit}.service"


def report_words(variables: Iterable[str]) -> dict[str, str]:
    """The environment variables that the report shall tell, if they are set."""
    return {"variables": " ".join(sorted(variables))}


def is_usable(run: str) -> bool:
    """Whether a run's id can name a folder on a node."""
    return _RUN.fullmatch(run) is not None


def run_words(node: Node, run: str) -> dict[str, str]:
    """The run, which names folders on the node. Raises AgentFailed for an odd one."""
    if not is_usable(run):
        raise AgentFailed(f"{node.name}: {run!r} can't be a run's id.")
    return {"run": run}


def lease_words(node: Node, ask: LeaseAsk) -> dict[str, str]:
    """Who wants the node, for what, and for how long."""
    return {
        **run_words(node, ask.run),
        "who": re.sub(r"[^!-~]+", "?", ask.who) or "?",
        "plan": ask.plan or NO_PLAN,
        "seconds": str(max(1, ask.seconds)),
        "take_over": ask.take_over_run or "",
    }


def stage_words(node: Node, order: StageOrder) -> dict[str, str]:
    """One result file to lay beside the config."""
    return {
        **run_words(node, order.fence.run),
        "fence": str(order.fence.number),
        "step": str(order.step),
        "base": order.base,
        "result": order.result,
        "remaining": "",
    }


def commit_words(node: Node, order: CommitOrder, *, undo: bool) -> dict[str, str]:
    """One step's transaction, with all that its script must know without us."""
    health = order.health
    return {
        **run_words(node, order.fence.run),
        "fence": str(order.fence.number),
        "step": str(order.step),
        "plan": order.plan,
        "base": order.base,
        "result": order.result,
        "remaining": " ".join(f"{ref.step}:{ref.node}" for ref in order.remaining),
        "undo": _yes(undo),
        "start_stopped": _yes(order.start_stopped),
        "stop_timeout": str(max(1, ceil(order.stop_timeout))),
        "health_timeout": str(max(1, ceil(health.timeout))),
        "steady": str(max(0, ceil(health.steady * 100))),  # hundredths of a second
        "url": health.url or "",
        "hostname": health.hostname or "",
        "hostname_before": health.hostname_before or "",
        "smtp": health.smtp or "",
        "coordinated": _yes(health.coordinated),
        "key_prefixes": " ".join(health.key_prefixes),
        "listeners": " ".join(health.listeners),
        "log_prefixes": "\n".join(health.log_prefixes),
    }


def _yes(truth: bool) -> str:  # noqa: FBT001 - a word for a truth is all it makes
    return "yes" if truth else "no"
