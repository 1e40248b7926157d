"""What a file says must be true of its server after the start."""

import pytest

from stalplan.model.health import HealthAsk
from stalplan.model.inventory import ServiceSettings
from stalplan.planning.health import health_ask
from stalplan.stalwart.effective import effective
from stalplan.stalwart.parse import parse
from stalplan.stalwart.releases import Release, ServerVersion

HTTP = """\
server.listener.web.protocol = "http"
server.listener.web.bind = "{}"
"""


def ask(text: str, service: ServiceSettings | None = None) -> HealthAsk:
    """What to ask of a server with this file."""
    config = parse(text.encode(), ServerVersion(Release.V0_15))
    reads = effective(config, Release.V0_15)
    return health_ask(config, reads, service or ServiceSettings())


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("[::]:8080", "http://127.0.0.1:8080/healthz/ready"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080/healthz/ready"),
        ("192.0.2.7:80", "http://192.0.2.7:80/healthz/ready"),
        ("[2001:db8::1]:80", "http://[2001:db8::1]:80/healthz/ready"),
        ("%{env:BIND}%", None),
    ],
)
def test_first_http_listener(bind: str, url: str | None) -> None:
    """Readiness is asked where the file says that HTTP is spoken."""
    assert url == ask(HTTP.format(bind)).url


def test_plain_before_tls() -> None:
    """A listener with TLS is asked only where there is no other."""
    tls = """\
server.listener.https.protocol = "http"
server.listener.https.tls.implicit = true
server.listener.https.bind = ["[::]:443"]
"""
    assert "https://127.0.0.1:443/healthz/ready" == ask(tls).url
    both = ask(tls + HTTP.format("[::]:8080"))
    assert "http://127.0.0.1:8080/healthz/ready" == both.url
    assert ("[::]:443", "[::]:8080") == both.listeners


def test_desired_file_wins() -> None:
    """An address of the desired file is asked instead, and false asks none."""
    text = HTTP.format("[::]:8080")

    assert "http://x/ready" == ask(text, ServiceSettings(health="http://x/ready")).url
    assert ask(text, ServiceSettings(health=False)).url is None


def test_greeting_of_plain_smtp() -> None:
    """The greeting is read where SMTP is spoken without TLS from the first byte."""
    text = """\
server.hostname = "mail.example.org"
server.listener.a.protocol = "smtp"
server.listener.a.tls.implicit = true
server.listener.a.bind = "[::]:465"
server.listener.b.protocol = "smtp"
server.listener.b.bind = ["[::]:25", "[::]:587"]
"""
    asked = ask(text)

    assert ("127.0.0.1:25", "mail.example.org") == (asked.smtp, asked.hostname)


@pytest.mark.parametrize(("kind", "coordinated"), [("nats", True), ("rocksdb", False)])
def test_coordinated(kind: str, coordinated: object) -> None:
    """Only a store that can coordinate is expected to."""
    text = f'cluster.coordinator = "x"\nstore.x.type = "{kind}"\n'

    assert coordinated == ask(text).coordinated


def test_logs() -> None:
    """Every log tracer that is on tells where it writes."""
    text = """\
tracer.a.type = "log"
tracer.a.path = "/opt/stalwart/logs/"
tracer.a.prefix = "stalwart.log"
tracer.b.type = "log"
tracer.b.path = "/elsewhere"
tracer.b.enable = false
tracer.c.type = "stdout"
"""
    assert ("/opt/stalwart/logs/stalwart.log",) == ask(text).log_prefixes
