"""`stalplan drift`: what changed on the nodes since the last apply."""

import json
from dataclasses import dataclass
from pathlib import Path

import click

from stalplan.cli.app import App, state_folder
from stalplan.cli.home import Home
from stalplan.cli.identity import new_run
from stalplan.cli.options import (
    DESIRED_FILE,
    Command,
    common,
    parallelism_option,
    text_or_json,
)
from stalplan.cli.progress import progress
from stalplan.cli.recorded import recorded_state
from stalplan.cli.rewriting import put, shown
from stalplan.cli.wiring import memory_of
from stalplan.model.desired import read_desired
from stalplan.model.live import NodeReport
from stalplan.model.wishes import Desired
from stalplan.planning.adopting import Adopted, adopt
from stalplan.planning.drift import DriftReport, drift_of
from stalplan.planning.plan import Options
from stalplan.ports import Transport
from stalplan.render.drift import drift_json, drift_text, told
from stalplan.run.plan import Look, make_plan
from stalplan.run.secrets import resolve

CHANGES = 2
UNREACHABLE = 4


@click.command("drift", cls=Command)
@click.option("--adopt", is_flag=True, help="Write it into the desired file.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there is drift.")
@text_or_json
@parallelism_option
@common
@click.pass_obj
def command(
    app: App,
    /,
    *,
    file: str | None,
    state: str | None,
    form: str,
    adopt: bool,
    detailed_exitcode: bool,
    parallelism: int,
) -> int:
    """Show what changed on the nodes since the last apply

    Compares what each node's file says now with what was recorded when it was last
    applied, or with the desired file where nothing is recorded yet. Tells when the
    file was written, and whether it has the form in which the server itself writes.

    `stalplan plan` shows how it is put back. With --adopt the desired file asks for
    it instead: each value gets a comment with what stood there.

    \b
    Examples:
      stalplan drift
      stalplan drift --detailed-exitcode --format json
      stalplan drift --adopt && git diff stalplan.toml

    Exits 0; 2 with --detailed-exitcode if there is drift; 4 if a node could not be
    read.
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    file = file or DESIRED_FILE
    desired = app.read_desired(file)
    home = Home(
        folder=state_folder(file, state), cluster=desired.cluster, clock=app.clock
    )
    transport = app.transport(parallelism)
    comparing = Comparing(app=app, home=home, desired=desired, form=form)
    try:
        if not adopt:
            return comparing.compare(transport, detailed=detailed_exitcode)
        with home.lock(new_run(app.clock.now()), "drift", 0.0):
            return comparing.adopt(transport, file, detailed=detailed_exitcode)
    finally:
        transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """One `stalplan drift`, once its command line is understood."""

    app: App
    home: Home
    desired: Desired
    form: str

    def compare(self, transport: Transport, *, detailed: bool) -> int:
        """Look and tell."""
        _, report = self._look(transport)
        self._tell(report)
        if report.drifts and self.app.hints and self.form == "text":
            self.app.terminal.say(
                "\nTo put it back:\n  stalplan plan\nTo keep it:\n"
                "  stalplan drift --adopt"
            )
        return _code(report, drifted=bool(report.drifts), detailed=detailed)

    def adopt(self, transport: Transport, file: str, *, detailed: bool) -> int:
        """Look, write the desired file, and remember that the nodes agree with it."""
        look, report = self._look(transport)
        path = Path(file).resolve()
        before = path.read_bytes().decode()
        adopted = adopt(
            before,
            self.desired,
            report,
            day=f"{self.app.clock.now():%Y-%m-%d}",
            check=lambda text: read_desired(
                text.encode(), file=file, folder=str(Path(file).parent)
            ),
        )
        put(path, before, adopted.text)
        if report.recorded:  # else the file itself is what nodes are compared with
            self._remember(look, adopted)
        self._tell_adopted(report, adopted, before)
        return _code(report, drifted=bool(adopted.refused), detailed=detailed)

    def _look(self, transport: Transport) -> tuple[Look, DriftReport]:
        state = recorded_state(self.home.folder, self.home.cluster, self.app.terminal)
        with progress(self.app.terminal) as reporter:
            look = make_plan(
                self.desired,
                transport=transport,
                state=state,
                options=Options(),
                begun_here=(),
                clock=self.app.clock,
                reporter=reporter,
                secrets=resolve(self.desired, self.app.commands()),
            )
        plan = look.planned.plan
        return look, drift_of(self.desired, look.seen, state, plan)

    def _remember(self, look: Look, adopted: Adopted) -> None:
        with progress(self.app.terminal) as reporter:
            memory = memory_of(self.app, self.home, self.desired, reporter)
            for seen in look.seen:
                if not isinstance(seen, NodeReport) or seen.node not in adopted.nodes:
                    continue
                left = adopted.left(seen.node)
                if None in left:  # all of its record is as it was
                    continue
                if left:
                    memory.partly(seen, left=left)
                else:
                    record = memory.state.nodes[seen.node]
                    memory.node(seen, plan=record.plan, at=self.app.clock.now())

    def _tell(self, report: DriftReport) -> None:
        if self.form == "json":
            text = drift_json(report, cluster=self.desired.cluster)
            self.app.terminal.write_raw(text)
        else:
            text = drift_text(
                report, cluster=self.desired.cluster, file=self.desired.file
            )
            self.app.terminal.write(text)

    def _tell_adopted(self, report: DriftReport, adopted: Adopted, before: str) -> None:
        if self.form == "json":
            document = json.loads(drift_json(report, cluster=self.desired.cluster))
            document["adopted"] = [each.address for each in adopted.written]
            document["refused"] = {
                each.drift.address: each.why for each in adopted.refused
            }
            text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
            self.app.terminal.write_raw(text + "\n")
            return
        if not report.drifts:
            self._tell(report)
            return
        if adopted.text != before:
            self.app.terminal.write(shown(before, adopted.text))
        for each in adopted.unwritten:
            self.app.terminal.write(
                f"  {each.address}: {self.desired.file} does not manage it; "
                "recorded as it is.\n"
            )
        for refused in adopted.refused:
            self.app.terminal.write(
                f"  ! {refused.drift.address} -> {told(refused.drift.after)} "
                f"can't be adopted: {refused.why}.\n"
            )


def _code(report: DriftReport, *, drifted: bool, detailed: bool) -> int:
    if report.lost:
        return UNREACHABLE
    return CHANGES if detailed and drifted else 0
