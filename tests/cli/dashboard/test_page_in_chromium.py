"""Each view and state as a browser shows it: none leaves a word in the console or a failed request."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import dashboard_world
from dashboard_browser import Shown
from scripted_prometheus import Script

NONE = "\u2013"
"""What stands for a figure that nobody knows."""


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
