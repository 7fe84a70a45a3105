"""Each view and state as a browser shows it: no test leaves a word in the console or a failed request."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, Keys

import chromium
import dashboard_world
from dashboard_page import Page, served
from scripted_prometheus import Script
from serving_process import wait_until

NONE = "\u2013"
"""What stands for a figure that nobody knows."""
WIDE, PHONE = (1360, 900), (390, 844)
PATIENCE = 60.0


class Shown:
    """The page in the browser."""

    def __init__(self, driver: Chrome, page: Page) -> None:
        self.driver = driver
        self.page = page

    def open(self, address: str = "") -> None:
        """Load the page anew at an address."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.page.origin}/{address}")

    def text(self, selector: str) -> str:
        """What a reader sees of the first element; empty without one."""
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        """The same of all elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        return [str(text) for text in self.run(script, selector)]

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], object]) -> None:
        """Until it is true."""

        def held() -> object:
            try:
                return condition()
            except StaleElementReferenceException:
                return False

        wait_until(held, PATIENCE)

    def says(self, text: str, selector: str = "main") -> None:
        """Until the text is there."""
        self.wait(lambda: text in self.text(selector))

    def picture(self, name: str) -> None:
        """Keep what is shown in the folder $MLOPS_PAGE_SHOTS, for a person to look at."""
        if folder := os.environ.get("MLOPS_PAGE_SHOTS"):
            width, before = self.run("return [innerWidth, innerHeight]")
            height = self.run("return document.documentElement.scrollHeight")
            chromium.resize(self.driver, width, max(before, height))
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))
            chromium.resize(self.driver, width, before)


@pytest.fixture
def show(chrome: Chrome) -> Iterator[Callable[..., Shown]]:
    """`show(script)` is the page over it; at the end the console must be empty."""
    opened: list[tuple[Shown, object]] = []

    def make(script: Script, none: bool = False) -> Shown:
        context = served(script)
        page = context.__enter__()
        page.none = none
        shown = Shown(chrome, page)
        opened.append((shown, context))
        chromium.resize(chrome, *WIDE)
        chromium.prefer(chrome, "light")
        return shown

    yield make
    for shown, context in opened:
        found = chromium.complaints(chrome, shown.page.origin)
        chrome.get("about:blank")
        context.__exit__(None, None, None)
        assert found == []


def test_all_endpoints(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open()
    shown.says("mortgage")
    assert [text.replace("\n", " ") for text in shown.texts(".tile")] == [
        "Requests 184 per second",
        "Errors 0.33 % of requests",
        "Serving 2 / 3 endpoints",
        "Alerts firing 1 page and 1 ticket",
    ]
    rows = [text.replace("\n", " ").replace("\t", " ") for text in shown.texts("tbody tr")]
    assert [" ".join(row.split()) for row in rows] == [
        f"gone down {' '.join([NONE] * 8)} 0 / 2 1 page",
        "mortgage ticket fires v12 v13 canary 10 % 184 0.33 % 7 3.81 ms 17.8 ms 214 ms 3 / 4 1 ticket",
        f"quiet ok v3 no traffic {NONE} 0 {NONE} {NONE} {NONE} 1 / 1 0",
    ]
    assert shown.driver.title == "Endpoints · local · mlops"
    assert shown.text("#live").startswith("Live · ")
    assert shown.text("#nav").split() == ["Endpoints", "Alerts", "2"]
    shown.picture("endpoints")


def test_one_endpoint(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/mortgage")
    shown.wait(lambda: len(shown.texts(".uplot")) == 4)
    assert shown.text("h1") == "mortgage"
    assert shown.texts(".alert strong") == ["MlopsInputDrift", "MlopsRequestsWait"]
    assert shown.texts("figcaption") == [
        "Requests by status per second",
        "Latency from request to answer",
        "Load requests in flight, rows waiting",
        "Replicas pods",
    ]
    assert shown.texts(".u-legend .u-label") == [
        *("Time", "200", "400", "500"),
        *("Time", "p50", "p95", "p99"),
        *("Time", "in flight", "rows waiting"),
        *("Time", "wanted", "ready"),
    ]
    assert NONE not in "".join(shown.texts(".u-legend")), "the newest values stand in the legends"
    shown.picture("endpoint")


def test_charts_of_another_span(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/mortgage")
    shown.wait(lambda: len(shown.texts(".uplot")) == 4)
    for span, name in (("1h", "1 hour"), ("6h", "6 hours")):
        shown.driver.find_element("link text", name).click()
        shown.wait(lambda name=name: shown.text(".spans [aria-current]") == name)
        assert shown.run("return location.hash") == f"#/endpoint/mortgage/{span}"
        shown.wait(lambda span=span: len(shown.texts(f".plot[data-span='{span}'] .uplot")) == 4)
    shown.picture("endpoint-6h")


def test_drift_is_drawn_beside_the_training_data(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/mortgage")
    shown.says("Drift, last hour")
    shown.wait(lambda: len(shown.texts(".feature")) == 4)
    assert shown.texts(".feature-head strong") == [
        "loan_amount",
        "applicant_income",
        "probabilities",
        "married",
    ]
    assert shown.texts(".feature-head .pill") == ["drift", "no drift", "no drift", "no drift"]
    assert shown.text(".measure").split("\n") == ["index 0.412", "threshold 0.1", "1,200 rows"]
    bars = """const bars = document.querySelectorAll('.feature:first-child .histogram rect.' + arguments[0]);
    return [...bars].map((one) => Number(one.getAttribute('height')))"""
    heights = {kind: shown.run(bars, kind) for kind in ("observed", "reference")}
    observed, reference, *_ = dashboard_world.FEATURES["loan_amount"]
    top = max(max(observed.values()) / 1200, max(reference.values()) / 1392)
    for kind, rows, total in (("observed", observed, 1200), ("reference", reference, 1392)):
        assert heights[kind] == pytest.approx([each / total / top * 80 for each in rows.values()], abs=0.02)
    shown.driver.find_element("css selector", ".feature summary").click()
    shown.says("<50", ".feature .bins")
    renewed = shown.text("#live")
    shown.wait(lambda: shown.text("#live") != renewed)
    assert shown.text(".feature:first-child .bins tbody tr").split() == ["<50", "3.3", "%", "10.1", "%"], (
        "what was opened stays open when data come"
    )
    shown.picture("drift")


def test_alerts_with_what_to_do(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/alerts")
    shown.says("MlopsEndpointDown")
    assert shown.texts("h2") == ["Firing 2", "Pending 1"]
    first = shown.text(".alert").split("\n")
    assert first[:3] == ["page", "MlopsEndpointDown", "firing"]
    assert "No pod of gone is ready" in first
    assert any(line.startswith("12 min ago (") for line in first)
    link = shown.driver.find_element("link text", "endpoint-down.md")
    assert link.get_attribute("href") == f"{shown.page.origin}/runbooks/endpoint-down.md"
    shown.picture("alerts")
    shown.driver.get(str(link.get_attribute("href")))
    shown.says("MlopsEndpointDown", "body")


def test_an_endpoint_without_traffic_and_without_a_reference(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/quiet")
    shown.says("No drift reference")
    assert "no traffic" in shown.text(".tile")
    assert shown.texts(".chart .nothing") == ["No requests in this time", "No requests in this time"]
    shown.wait(lambda: len(shown.texts(".uplot")) == 2)
    shown.picture("no-traffic")


def test_no_alerts(show: Callable[..., Shown]) -> None:
    script = dashboard_world.script()
    script.alerts = []
    shown = show(script)
    shown.open("#/alerts")
    shown.says("No alert fires")
    assert shown.text("#nav").split() == ["Endpoints", "Alerts"]
    shown.picture("no-alerts")


def test_no_endpoints(show: Callable[..., Shown]) -> None:
    shown = show(Script())
    shown.open()
    shown.says("No endpoints")
    shown.picture("no-endpoints")


def test_a_name_that_no_endpoint_has(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/%3Cb%3Eevil")
    shown.says("No such endpoint")
    assert shown.text("code") == "<b>evil"
    shown.picture("no-such-endpoint")


def test_no_prometheus(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script(), none=True)
    shown.open()
    shown.says("No Prometheus")
    assert "mode of 'local' is none" in shown.text(".reason")
    shown.picture("no-prometheus")
    shown.page.none = False
    shown.says("mortgage")


def test_what_was_there_stays_while_prometheus_is_away(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/mortgage")
    shown.wait(lambda: len(shown.texts(".uplot")) == 4)
    shown.page.prometheus.stop()
    shown.says("Stale since", "#banner")
    assert "does not answer" in shown.text("#banner")
    assert shown.text("#live").startswith("Stale · ")
    assert len(shown.texts(".uplot")) == 4
    shown.picture("stale")
    shown.page.prometheus.start()
    shown.wait(lambda: shown.text("#banner") == "" and shown.text("#live").startswith("Live"))


def test_prometheus_away_from_the_beginning(show: Callable[..., Shown]) -> None:
    script = dashboard_world.script()
    script.fault = "error"
    shown = show(script)
    shown.open("#/alerts")
    shown.says("Prometheus does not answer")
    shown.picture("away")
    script.fault = ""
    shown.says("MlopsEndpointDown")


def test_hostile_labels_stay_text(show: Callable[..., Shown]) -> None:
    script = dashboard_world.script()
    hostile = dashboard_world.HOSTILE
    known = {"namespace": "x"} | dict.fromkeys(("endpoint", "model", "version", "role"), hostile)
    for lines in (script.overview["models"], script.overview["seen"]):
        lines.append((known, 1))
    script.namespaces[hostile] = "x"
    script.details[(hostile, "requests")] = [({"code": hostile}, 3)]
    one = {"model": hostile, "version": hostile, "feature": hostile}
    script.details[(hostile, "bins")] = [({**one, "bin": hostile}, 30)]
    script.details[(hostile, "reference")] = [({**one, "bin": hostile}, 30)]
    script.alerts[0]["labels"] |= {"endpoint": hostile, "severity": hostile, "alertname": hostile}
    script.alerts[0]["annotations"] = {"summary": hostile, "runbook_url": "javascript:alert(1)"}
    shown = show(script)
    for address in ("", "#/alerts"):
        shown.open(address)
        shown.says(hostile)
    assert shown.run("return document.querySelectorAll('main img').length") == 0
    assert shown.run("return document.querySelectorAll('a[href^=javascript]').length") == 0
    shown.open()
    shown.says(hostile)
    shown.driver.find_element("link text", hostile).click()
    shown.wait(lambda: hostile in "".join(shown.texts(".feature")) and shown.texts(".uplot"))
    assert shown.run("return document.querySelectorAll('main img').length") == 0
    shown.picture("hostile")


@pytest.mark.parametrize("address", ["", "#/endpoint/mortgage", "#/alerts"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(
    show: Callable[..., Shown], address: str, scheme: str
) -> None:
    shown = show(dashboard_world.script())
    chromium.resize(shown.driver, *PHONE)
    chromium.prefer(shown.driver, scheme)
    shown.open(address)
    shown.wait(lambda: len(shown.texts("main > *")) > 1)
    shown.wait(lambda: "endpoint" not in address or len(shown.texts(".uplot")) == 4)
    widths = shown.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert widths == [PHONE[0], PHONE[0]]
    beyond = """return [...document.querySelectorAll('main *')].filter((one) => {
      const box = one.getBoundingClientRect();
      const beyond = box.right > innerWidth + 0.5 || box.left < -0.5;
      return box.width && beyond && !one.closest('.visually-hidden');
    }).map((one) => one.outerHTML.slice(0, 80))"""
    assert shown.run(beyond) == []
    shown.picture(f"phone-{scheme}-{address.strip('#/').replace('/', '-') or 'endpoints'}")


CONTRASTS = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ground = (one) => {
  for (; one; one = one.parentElement) {
    const colour = rgba(getComputedStyle(one).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return rgba('white');
};
return [...document.querySelectorAll('body *')].filter((one) =>
  [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
  && one.getClientRects().length && !one.closest('.visually-hidden, .skip, svg')
).map((one) => {
  const [a, b] = [light(rgba(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
  return [(a + 0.05) / (b + 0.05), one.className + ' ' + one.textContent.slice(0, 30)];
}).filter(([ratio]) => ratio < 4.5);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(show: Callable[..., Shown], scheme: str) -> None:
    shown = show(dashboard_world.script())
    chromium.prefer(shown.driver, scheme)
    for address in ("", "#/endpoint/mortgage", "#/alerts"):
        shown.open(address)
        shown.wait(lambda: len(shown.texts("main > *")) > 1)
        shown.wait(lambda address=address: "endpoint" not in address or shown.texts(".feature"))
        assert shown.run(CONTRASTS) == []
    ground = shown.run("return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(245, 246, 248)", "dark": "rgb(16, 21, 28)"}[scheme]


def test_charts_follow_the_scheme_when_it_changes(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/mortgage")
    shown.wait(lambda: len(shown.texts(".uplot")) == 4)
    marker = "return getComputedStyle(document.querySelectorAll('.u-marker')[1]).backgroundColor"
    light = shown.run(marker)
    chromium.prefer(shown.driver, "dark")
    shown.wait(lambda: shown.run(marker) != light)
    assert len(shown.texts(".uplot")) == 4


def test_everything_is_reached_by_keyboard(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open("#/endpoint/mortgage")
    shown.wait(lambda: len(shown.texts(".feature")) == 4)
    reached: list[str] = []
    focused = "return document.activeElement.innerText.split('\\n')[0]"
    for _ in range(20):
        shown.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(str(shown.run(focused)))
        if reached[-1] == "married":
            break
    assert reached == [
        "Skip to content",
        "mlops",
        "Endpoints",
        "Alerts",
        "Endpoints",
        "mortgage",
        "input-drift.md",
        "mortgage",
        "requests-wait.md",
        "15 min",
        "1 hour",
        "6 hours",
        "loan_amount",
        "applicant_income",
        "probabilities",
        "married",
    ]
    renewed = shown.text("#live")
    shown.wait(lambda: shown.text("#live") != renewed)
    assert shown.run(focused) == "married", "new data leave the focus where it is"
    shown.driver.switch_to.active_element.send_keys(Keys.ENTER)
    shown.says("missing", ".feature:last-child .bins")


def test_a_hidden_tab_asks_for_nothing(show: Callable[..., Shown]) -> None:
    shown = show(dashboard_world.script())
    shown.open()
    shown.says("mortgage")
    hide = """const hidden = arguments[0];
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'))"""
    shown.run(hide, True)
    asked = shown.page.prometheus.asked

    def settled() -> bool:
        before, live = len(asked), shown.text("#live")
        shown.run("return new Promise((done) => setTimeout(done, 900))")
        return len(asked) == before and shown.text("#live") == live

    wait_until(settled, PATIENCE)
    before = len(asked)
    shown.run(hide, False)
    wait_until(lambda: len(asked) > before, PATIENCE)
