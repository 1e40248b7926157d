"""HTTP as the stand-in server speaks it: one request, one answer, then it closes."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

from stalplan.demo.mailserver import MailServer
from stalplan.demo.settings import AssertFailed, BadRequest

REQUESTS_PER_MINUTE = 100  # without credentials, per client address
_EXEMPT = ("127.0.0.1", "::1")
_MOST_BODY = 1 << 20  # bytes
_TITLES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(slots=True)
class RateLimit:
    """Counts requests per client in windows of a minute; loopback is exempt."""

    counts: dict[tuple[str, int], int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, client: str) -> bool:
        """Count one request of *client*."""
        if client in _EXEMPT:
            return True
        window = (client, int(time.monotonic() // 60))
        with self.lock:
            self.counts[window] = self.counts.get(window, 0) + 1
            return self.counts[window] <= REQUESTS_PER_MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]  # of a repeated name, the last
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON document, or none."""

    status: int
    document: object = None
    kind: str = "application/json"


def read_request(lines: BinaryIO) -> Request | None:
    """The next request, or None where the client said nothing that is one."""
    words = lines.readline(8192).decode("latin-1").split()
    if len(words) != 3:  # noqa: PLR2004 - method, target, version
        return None
    headers: dict[str, str] = {}
    while line := lines.readline(8192).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > _MOST_BODY:
        return None
    target = urlsplit(words[1])
    query = parse_qs(target.query, keep_blank_values=True)
    return Request(
        method=words[0],
        path=target.path,
        query={name: values[-1] for name, values in query.items()},
        headers=headers,
        body=lines.read(int(length)),
    )


def written(answer: Answer) -> bytes:
    """The answer as bytes; the connection ends after it."""
    body = b"" if answer.document is None else json.dumps(answer.document).encode()
    head = (
        f"HTTP/1.1 {answer.status} {_TITLES[answer.status]}\r\n"
        f"Content-Type: {answer.kind}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


def answer_to(
    request: Request, client: str, server: MailServer, limit: RateLimit
) -> Answer:
    """What the server says; only the settings API wants credentials."""
    if request.path == "/standin/status":
        return Answer(200, server.status())
    if request.path.startswith("/api/"):
        return _api_answer(request, server)
    if not limit.allows(client):
        return _problem(429)
    return _public_answer(request.path, server)


def _public_answer(path: str, server: MailServer) -> Answer:
    match path:
        case "/healthz/live":
            return _health(200, server)
        case "/healthz/ready":
            return _health(200 if server.ready else 503, server)
        case "/.well-known/oauth-authorization-server":
            return Answer(200, {"issuer": f"http://{server.running.hostname}:8080"})
        case _:
            return _problem(404)


def _health(status: int, server: MailServer) -> Answer:
    """A problem document from 0.12 on; before, an empty body.

    Source: stalwart v0.11.8 crates/jmap/src/api/http.rs, v0.15.5
    crates/http/src/request.rs.
    """
    if server.version.line.value == "0.11":
        return Answer(status)
    return _problem(status)


def _problem(status: int) -> Answer:
    title = _TITLES[status]
    document = {"type": "about:blank", "title": title, "status": status}
    return Answer(status, document | {"detail": title}, "application/problem+json")


def _api_answer(request: Request, server: MailServer) -> Answer:
    """The few calls that tell and change cluster settings.

    Source: stalwart v0.15.5 crates/http/src/management/{settings,reload}.rs.
    """
    if not server.admits(request.headers.get("authorization", "")):
        return _problem(401)
    match request.method, request.path:
        case "GET", "/api/settings/keys":
            return Answer(200, {"data": _asked_for(request.query, server)})
        case "POST", "/api/settings":
            return _change(request.body, server)
        case "GET", "/api/reload":
            problems = server.reload(dry="dry-run" in request.query)
            errors = {
                problem.key: {"type": problem.kind, "error": problem.error}
                for problem in problems
            }
            return Answer(200, {"data": {"warnings": {}, "errors": errors}})
        case _:
            return _problem(404)


def _asked_for(query: Mapping[str, str], server: MailServer) -> dict[str, str]:
    with server.lock:
        return server.settings.some(
            query.get("keys", "").split(","), query.get("prefixes", "").split(",")
        )


def _change(body: bytes, server: MailServer) -> Answer:
    try:
        server.change(json.loads(body))
    except (ValueError, BadRequest):
        return _problem(400)
    except AssertFailed:
        return Answer(200, {"error": "assertFailed"})
    except OSError:
        return _problem(500)
    return Answer(200, {"data": None})
