"""The page on a phone, in the dark, by keyboard, and when nobody looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver import Keys

import chromium
import dashboard_world
from dashboard_browser import PATIENCE, PHONE, Shown
from serving_process import wait_until


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
