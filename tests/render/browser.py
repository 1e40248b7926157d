"""A real browser without a screen, and what it can tell of a page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RUN_AXE = """
const [rule, done] = arguments;
const only = rule ? {runOnly: [rule]} : {};
axe.run(document, {resultTypes: ['violations'], ...only}).then(
  found => done(found), error => done({error: String(error)}));
"""


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """Chromium with a new empty *profile*, ended with all its processes."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    try:
        driver.get("about:blank")  # the browser's own first page makes requests
        yield driver
    finally:
        driver.quit()


@dataclass(slots=True)
class Seen:
    """What a browser did while it showed a page."""

    requests: list[str]  # addresses, in order
    console: list[str]


@dataclass(slots=True)
class Browser:
    """One browser that shows one page after another."""

    driver: webdriver.Chrome

    def show(
        self, page: Path, *, width: int = 1280, scheme: str = "light", media: str = ""
    ) -> Seen:
        """Open *page* in a window of that width, as on a screen of that scheme."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1}
        self._tell("Emulation.setDeviceMetricsOverride", **size, mobile=width < 500)
        self.emulate(scheme, media)
        self._log("performance")
        self._log("browser")
        self.driver.get(page.as_uri())
        return Seen(self._requests(), self._console())

    def emulate(self, scheme: str, media: str = "") -> None:
        """The page as it is on such a screen, or on paper."""
        wanted = {"name": "prefers-color-scheme", "value": scheme}
        self._tell("Emulation.setEmulatedMedia", media=media, features=[wanted])

    def asks(self, script: str) -> Any:  # noqa: ANN401 - whatever JavaScript has
        """The value of a piece of JavaScript."""
        return self.driver.execute_script(f"return {script}")

    def axe(self, rule: str = "") -> list[str]:
        """What axe finds wrong with the page, by all rules or by that one."""
        if not self.asks("window.axe !== undefined"):
            self.driver.execute_script(AXE)
        found = self.driver.execute_async_script(RUN_AXE, rule)
        assert "error" not in found, found
        return [
            f"{broken['id']}: {node['html']} {node['failureSummary']}"
            for broken in found["violations"]
            for node in broken["nodes"]
        ]

    def _tell(self, command: str, **parameters: object) -> None:
        self.driver.execute_cdp_cmd(command, parameters)

    def _requests(self) -> list[str]:
        messages = [
            json.loads(entry["message"])["message"]
            for entry in self._log("performance")
        ]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def _console(self) -> list[str]:
        return [entry["message"] for entry in self._log("browser")]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        """What was written since the last time it was asked for."""
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]  # selenium's
        return entries


@pytest.fixture(scope="module", name="browser")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of a file, which imports this."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield Browser(driver)
