"""How to reach a host: the desired file's words, then what ssh_config says.

OpenSSH is asked (`ssh -G`) where it is installed, since nothing else reads its files
as it does. Elsewhere paramiko's reader answers, with a note where it can't.
"""

import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from stalplan.errors import NodeUnreachable
from stalplan.model.inventory import SshSettings
from stalplan.transport.once import Once
from stalplan.transport.ssh_files import Directive, HostKinds, read_directives
from stalplan.transport.ssh_words import Answer, Route, Words, answer_of

_USER_FOLDER = Path("~/.ssh")
_SYSTEM_FILE = Path("/etc/ssh/ssh_config")
# paramiko knows the others: all, canonical, exec, final, host, originalhost, user.
_UNREAD_CONDITIONS = {"command", "localnetwork", "sessiontype", "tagged", "version"}
_ASK_SECONDS = 20.0  # a `Match exec` may run any program


class SshConfig:
    """Routes for hosts. Safe to ask from many threads.

    *file* stands for the user's and the system's ssh_config, as `ssh -F` has it
    ("none": no file). *note* is told once what can't be honoured.
    """

    def __init__(
        self,
        *,
        file: str | None = None,
        note: Callable[[str], None] = lambda _: None,
        program: str = "ssh",
    ) -> None:
        self._file = file
        self._note = note
        self._program = shutil.which(program)
        self._answers: Once[tuple[object, ...], Answer] = Once()
        self._kinds: Once[None, HostKinds] = Once()

    def route(self, settings: SshSettings, *, hop: bool = False) -> Route:
        """How to reach *settings.address*.

        A *hop* is a jump host: the desired file's key and known_hosts are then
        added to what ssh_config names, not put in its place.

        Raises:
            NodeUnreachable: ssh_config is wrong, or asks for what can't be done.
        """
        words = Words(self._answer(settings), settings)
        own_key, own_known = _own(settings.identity_file), _own(settings.known_hosts)
        key_alone, known_alone = own_key and not hop, own_known and not hop
        return Route(
            host=words.host,
            port=words.port,
            user=words.user,
            identity_files=own_key if key_alone else own_key + words.identity_files,
            certificate_files=words.files("certificatefile"),
            identities_only=bool(key_alone) or words.get("identitiesonly") == "yes",
            agent=words.agent,
            known_hosts=own_known if known_alone else own_known + words.known_hosts,
            revoked_keys=words.get("revokedhostkeys"),
            host_key=settings.host_key,
            host_key_alias=words.get("hostkeyalias"),
            family=words.family,
            proxy_command=words.proxy_command,
            jump=words.jump,
            timeout=settings.connect_timeout,
        )

    def _answer(self, settings: SshSettings) -> Answer:
        host, user, port = settings.address, settings.user, settings.port
        if not host or host.startswith("-") or any(c.isspace() for c in host):
            raise NodeUnreachable(f"{host!r} is no host name or address.")
        kind = self._kinds.get(None, self._read_kinds).kind(host)
        if kind is None:
            return self._answers.get(
                (host, user, port), lambda: self._ask(host, user, port)
            )
        answer = self._answers.get(
            (kind, user, port), lambda: self._ask(host, user, port)
        )
        # The answer may be another host's, who matches the same lines; with no
        # HostName among those, each host is its own.
        if answer.get("hostname") == [asked.lower() for asked in answer["host"]]:
            return {**answer, "host": [host], "hostname": [host]}
        return answer

    def _read_kinds(self) -> HostKinds:
        user, system = _USER_FOLDER.expanduser(), _SYSTEM_FILE.parent
        found = [
            directive
            for file in self._files()
            for directive in read_directives(
                file, base=system if file == _SYSTEM_FILE else user
            )
        ]
        if self._program is None:
            self._note_unread(found)
        return HostKinds(found)

    def _note_unread(self, found: Sequence[Directive]) -> None:
        """Say what of the files paramiko's reader passes over or refuses."""
        used = {"Include" for keyword, _ in found if keyword == "include"}
        conditions = {w.lower() for k, words in found if k == "match" for w in words}
        used |= {f"Match {word}" for word in conditions & _UNREAD_CONDITIONS}
        if used:
            self._note(
                f"OpenSSH's client is not installed; ssh_config's "
                f"{', '.join(sorted(used))} can't be honoured without it."
            )

    def _ask(self, host: str, user: str | None, port: int | None) -> Answer:
        if self._program is None:
            return self._read(host)
        argv = [self._program, "-G"]
        argv += ["-F", self._file] if self._file is not None else []
        argv += ["-l", user] if user else []
        argv += ["-p", str(port)] if port else []
        try:
            ended = subprocess.run(  # noqa: S603 - a fixed program; "--" ends its options
                [*argv, "--", host],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_ASK_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NodeUnreachable(
                f"`ssh -G {host}` did not answer: {error}.", hint=f"ssh -G {host}"
            ) from error
        if ended.returncode != 0:
            lines = ended.stderr.decode(errors="replace").splitlines()
            said = "; ".join(line.strip().rstrip(".") for line in lines)
            raise NodeUnreachable(
                f"OpenSSH can't read its configuration for {host}: {said}.",
                hint=f"ssh -G {host}",
            )
        # Releases before 9.0 don't repeat the host.
        return {**answer_of(ended.stdout.decode(errors="replace")), "host": [host]}

    def _read(self, host: str) -> Answer:
        """What paramiko makes of the files, where OpenSSH is not installed."""
        from paramiko import SSHConfig, config  # noqa: PLC0415 - paramiko is slow to import
        from paramiko.ssh_exception import SSHException  # noqa: PLC0415 - as above

        # For `Match exec`, whatever lean.py has left out.
        config.__dict__["invoke"] = import_module("invoke")

        texts = []
        for file in self._files():
            with suppress(OSError):  # no such file, which is usual
                texts.append(file.read_text(errors="replace"))
        try:
            # "Host *" ends whatever block the first file ends in.
            found = SSHConfig.from_text("\nHost *\n".join(texts)).lookup(host)
        except SSHException as error:
            raise NodeUnreachable(f"ssh_config: {error}.") from error
        said: dict[str, object] = dict(found)
        return {
            "host": [host],
            **{keyword: _values(keyword, value) for keyword, value in said.items()},
        }

    def _files(self) -> list[Path]:
        if self._file is not None:
            return [Path(self._file)] if self._file != "none" else []
        return [_USER_FOLDER.expanduser() / "config", _SYSTEM_FILE]


def _values(keyword: str, value: object) -> list[str]:
    """What paramiko gives: lists, texts, and None for the word "none"."""
    if isinstance(value, list):
        return [str(item) for item in value]
    if value is None:
        return ["none"]
    text = str(value)
    return shlex.split(text) if keyword.endswith("knownhostsfile") else [text]


def _own(path: str | None) -> tuple[str, ...]:
    """A path of the desired file's: `~` is all there is to expand."""
    return (str(Path(path).expanduser()),) if path else ()
