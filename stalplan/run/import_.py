"""The use case behind `stalplan import`: find every node's service and its file."""

from collections.abc import Callable, Sequence

from stalplan.model.inventories.asked import Asked
from stalplan.model.live import NodeReport, Unreachable
from stalplan.names import NodeName
from stalplan.planning.importing.guesses import files, nodes_to_ask, services
from stalplan.planning.importing.met import Met, Terms, Try
from stalplan.ports import Reporter, Transport

Answers = dict[NodeName, Met]


def meet(
    asked: Sequence[Asked], terms: Terms, *, transport: Transport, reporter: Reporter
) -> tuple[Met, ...]:
    """Every node as it was met, in the order asked. Changes nothing.

    A node is asked again, on the line that is open, only while its service or its
    file is still to be found. Raises DesiredFileWrong where *terms* contradict
    themselves.
    """
    first, *others = services(terms)
    tries = [Try(asked=each, service=first) for each in asked]
    reporter.note(f"Reading {len(asked)} {'node' if len(asked) == 1 else 'nodes'} …")
    met = _ask(tries, terms, transport)
    for service in others:
        tries = [
            Try(asked=each.asked, service=service)
            for each in met.values()
            if _lacks_service(each)
        ]
        _keep(met, _ask(tries, terms, transport), _lacks_service)
    for path in files(terms):
        tries = [
            Try(asked=each.asked, service={**each.service, "config": path})
            for each in met.values()
            if _lacks_file(each)
        ]
        _keep(met, _ask(tries, terms, transport), _lacks_file)
    for each in met.values():
        seen = each.seen
        said = seen.summary.lower() if isinstance(seen, Unreachable) else "read"
        reporter.node(each.asked.name, said)
    return tuple(met[each.name] for each in asked)


def _ask(tries: Sequence[Try], terms: Terms, transport: Transport) -> Answers:
    if not tries:
        return {}
    by_name = {each.asked.name: each for each in tries}
    answers = {
        seen.node: Met(
            asked=by_name[seen.node].asked,
            service=by_name[seen.node].service,
            seen=seen,
        )
        for seen in transport.read(nodes_to_ask(tries, terms))
    }
    return {name: answers[name] for name in by_name}


def _keep(met: Answers, answers: Answers, lacks: Callable[[Met], bool]) -> None:
    """Take the answers that tell more than the earlier ones did."""
    for name, answer in answers.items():
        if isinstance(answer.seen, NodeReport) and not lacks(answer):
            met[name] = answer


def _lacks_service(met: Met) -> bool:
    return isinstance(met.seen, NodeReport) and met.seen.service is None


def _lacks_file(met: Met) -> bool:
    return isinstance(met.seen, NodeReport) and met.seen.file is None
