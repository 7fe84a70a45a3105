from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Any

from mlops_cli.dashboard import queries
from mlops_cli.dashboard.hub import Facts, Hub, Topic
from mlops_cli.errors import MonitoringUnreachable, NoMonitoring
from mlops_cli.monitoring.prometheus import Alert, Sample, Series

FACTS = Facts("local", {"mortgage": 100}, frozenset(), 100)
ALL, ONE, HOUR = Topic(), Topic("mortgage"), Topic("mortgage", "1h")
OVERVIEW = len(queries.overview(FACTS.least_rows, 0)) + 1
"""Requests of one look at all endpoints, with the alerts."""
DETAIL = len(queries.charts("mortgage", "", queries.SPANS["15m"], 0)) + len(queries.drift("mortgage"))


class Source:
    """Knows nothing of any query, and counts them; `fault` is raised, `gate` holds all answers back."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.connected = self.closed = 0

    def connect(self) -> Source:
        self.connected += 1
        return self

    def query(self, promql: str) -> list[Sample]:
        self._note(promql)
        return []

    def query_range(self, promql: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        self._note(promql)
        return []

    def alerts(self) -> list[Alert]:
        self._note("alerts")
        return []

    def close(self) -> None:
        self.closed += 1

    def _note(self, what: str) -> None:
        self.asked[what] += 1
        self.gate.wait(10)
        if self.fault is not None:
            raise self.fault


async def news(watching: AsyncGenerator[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(await asyncio.wait_for(anext(watching), 10))
    return document


def run(test: Callable[[Hub, Source], Any], refresh: float = 60.0, answer: float = 8.0) -> Source:
    """Give the test a hub; with an hour's refresh nothing happens but what it does."""
    source = Source()

    async def play() -> None:
        await test(Hub(source.connect, FACTS, refresh, answer), source)

    asyncio.run(play())
    return source


def test_nobody_is_asked_before_somebody_watches() -> None:
    async def test(hub: Hub, source: Source) -> None:
        await asyncio.sleep(0.05)

    source = run(test, refresh=0.01)
    assert (source.connected, source.asked.total()) == (0, 0)


def test_ten_browsers_cost_what_one_costs() -> None:
    async def test(hub: Hub, source: Source) -> None:
        watching = [hub.watch(ALL) for _ in range(10)]
        first = await asyncio.gather(*(news(each) for each in watching))
        assert [each["overview"]["totals"]["endpoints"] for each in first] == [1] * 10

    source = run(test)
    assert source.asked.total() == OVERVIEW
    assert set(source.asked.values()) == {1}


def test_one_who_comes_later_gets_what_is_there() -> None:
    async def test(hub: Hub, source: Source) -> None:
        early = await news(hub.watch(ALL))
        assert await news(hub.watch(ALL)) == early

    assert run(test).asked.total() == OVERVIEW


def test_an_endpoint_costs_its_own_queries_and_shares_those_of_all() -> None:
    async def test(hub: Hub, source: Source) -> None:
        await news(hub.watch(ALL))
        for _ in range(3):
            shown = await news(hub.watch(ONE))
            assert (shown["detail"]["name"], shown["detail"]["known"]) == ("mortgage", True)
        await news(hub.watch(HOUR))

    assert run(test).asked.total() == OVERVIEW + 2 * DETAIL


def test_a_name_that_no_endpoint_has_is_never_asked_for() -> None:
    async def test(hub: Hub, source: Source) -> None:
        shown = await news(hub.watch(Topic("evil")))
        assert (shown["detail"]["name"], shown["detail"]["known"]) == ("evil", False)

    assert run(test).asked.total() == OVERVIEW


def test_queries_end_with_the_last_browser() -> None:
    async def test(hub: Hub, source: Source) -> None:
        watching = hub.watch(ALL)
        for _ in range(3):
            await news(watching)
        await watching.aclose()
        while source.closed == 0:
            await asyncio.sleep(0.01)
        before = source.asked.total()
        # Fifteen times as long as to the next look, were there one.
        await asyncio.sleep(0.3)
        assert source.asked.total() == before
        assert source.closed == 1

    run(test, refresh=0.02)


def test_what_was_there_stays_with_its_time_until_prometheus_is_back() -> None:
    async def test(hub: Hub, source: Source) -> None:
        watching = hub.watch(ONE)
        good = await news(watching)
        assert good["problem"] is None
        source.fault = MonitoringUnreachable("gone")
        stale = await news(watching)
        while stale["problem"] is None:
            good, stale = stale, await news(watching)
        assert stale["problem"] == {"kind": "away", "message": "gone"}
        assert stale["at"] == good["at"]
        assert stale["overview"] == good["overview"]
        assert stale["detail"] == good["detail"]
        source.fault = None
        back = await news(watching)
        while back["problem"] is not None:
            back = await news(watching)
        assert back["at"] > good["at"]

    run(test, refresh=0.05)


def test_after_a_failure_the_connection_is_made_anew() -> None:
    async def test(hub: Hub, source: Source) -> None:
        source.fault = MonitoringUnreachable("the node was started again")
        watching = hub.watch(ALL)
        await news(watching)
        source.fault = None
        while (await news(watching))["problem"] is not None:
            pass
        assert (source.connected, source.closed) == (source.closed + 1, source.connected - 1)
        assert source.connected >= 2

    run(test, refresh=0.05)


def test_an_environment_without_prometheus_is_told_apart() -> None:
    def connect() -> Source:
        raise NoMonitoring("mode is none")

    async def test() -> None:
        shown = await news(Hub(connect, FACTS).watch(ALL))
        assert shown["problem"] == {"kind": "none", "message": "mode is none"}
        assert (shown["overview"], shown["at"]) == (None, None)

    asyncio.run(test())


def test_an_answer_that_makes_no_sense_is_a_problem_and_not_the_end() -> None:
    async def test(hub: Hub, source: Source) -> None:
        source.fault = KeyError("value")
        watching = hub.watch(ALL)
        assert (await news(watching))["problem"] == {"kind": "away", "message": "'value'"}
        source.fault = None
        while (await news(watching))["problem"] is not None:
            pass

    run(test, refresh=0.05)


def test_a_prometheus_that_hangs_is_waited_for_only_so_long() -> None:
    async def test(hub: Hub, source: Source) -> None:
        source.gate.clear()
        shown = await news(hub.watch(ALL))
        assert shown["problem"] == {
            "kind": "away",
            "message": "Prometheus did not answer all within 0.1 s.",
        }
        assert source.asked.total() <= 4, "no more questions than are asked at once"
        assert source.closed == 0, "they wait for its answers still"
        source.gate.set()
        while source.closed == 0:
            await asyncio.sleep(0.01)

    run(test, answer=0.1)


def test_closing_ends_all_who_watch() -> None:
    async def test(hub: Hub, source: Source) -> None:
        watching = [hub.watch(ALL), hub.watch(ONE)]
        await asyncio.gather(*(news(each) for each in watching))
        waiting = [asyncio.ensure_future(anext(each, None)) for each in watching]
        await asyncio.sleep(0)
        hub.close()
        assert await asyncio.wait_for(asyncio.gather(*waiting), 1) == [None, None]

    run(test)
