"""One look at Prometheus for all browsers: each refresh asks once, whoever watches.

Nobody is asked while nobody watches. While Prometheus is away the last data stay, marked with their time.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from mlops_cli.dashboard import detail as details
from mlops_cli.dashboard import queries, views
from mlops_cli.dashboard.queries import Now, Question
from mlops_cli.errors import NoMonitoring, StackFailed
from mlops_cli.monitoring.prometheus import Alert, Sample, Series

REFRESH_SECONDS = 5.0
ANSWER_SECONDS = 8.0
_AT_ONCE = 4
T = TypeVar("T")


class Source(Protocol):
    """What is used of `mlops_cli.monitoring.prometheus.Prometheus`; called from several threads."""

    def query(self, promql: str) -> list[Sample]:
        """One value a series."""

    def query_range(self, promql: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """Values over time."""

    def alerts(self) -> list[Alert]:
        """Firing and pending ones."""

    def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class Facts:
    """What the environment's settings say: the endpoints, and how few rows are too few for drift, of each."""

    environment: str
    least_rows: Mapping[str, int]
    runbooks: frozenset[str]
    default_least_rows: int


@dataclass(frozen=True)
class Topic:
    """What a browser watches: one endpoint over a span of `queries.SPANS`, or all of them."""

    endpoint: str | None = None
    span: str = "15m"


class _Leased:
    """A source that is closed once it is given back and nobody waits for an answer of it any more."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._waiting = 0
        self._given_back = False

    def ask(self, question: Callable[[Source], T]) -> T:
        """The answer, in the caller's thread."""
        with self._lock:
            self._waiting += 1
        try:
            return question(self._source)
        finally:
            with self._lock:
                self._waiting -= 1
                over = self._given_back and not self._waiting
            if over:
                self._source.close()

    def give_back(self) -> None:
        """Ask no more."""
        with self._lock:
            self._given_back = True
            over = not self._waiting
        if over:
            self._source.close()


@dataclass
class _Part(Generic[T]):
    """Data with the time when they came (Unix seconds), and why newer ones did not.

    `asked` is when that was last tried, on the monotonic clock.
    """

    data: T | None = None
    at: float | None = None
    problem: dict[str, str] | None = None
    asked: float = -math.inf


@dataclass
class _Feed:
    """A topic's browsers and the message that they get."""

    watchers: int = 0
    number: int = 0
    message: str = ""
    made: float = -math.inf
    news: asyncio.Event = field(default_factory=asyncio.Event)
    part: _Part[details.Detail] = field(default_factory=_Part)


class Hub:
    """Asks `connect()`'s Prometheus every `refresh` seconds and hands the answers to all who `watch`."""

    def __init__(
        self,
        connect: Callable[[], Source],
        facts: Facts,
        refresh: float = REFRESH_SECONDS,
        answer: float = ANSWER_SECONDS,
    ) -> None:
        self._connect = connect
        self._facts = facts
        self._refresh_seconds = refresh
        self._answer_seconds = answer
        self._source: _Leased | None = None
        self._connecting = asyncio.Lock()
        self._overview: _Part[views.Overview] = _Part()
        self._feeds: dict[Topic, _Feed] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._closed = False

    async def watch(self, topic: Topic) -> AsyncGenerator[str]:
        """JSON texts of the topic, one as soon as it is there, then one each refresh, until `close`."""
        self._forget()
        feed = self._feeds.setdefault(topic, _Feed())
        feed.watchers += 1
        self._start()
        seen = 0
        try:
            while not self._closed:
                news = feed.news
                if feed.number != seen and self._is_fresh(feed.made):
                    seen = feed.number
                    yield feed.message
                else:
                    await news.wait()
        finally:
            feed.watchers -= 1

    def close(self) -> None:
        """End every `watch`; from the event loop's thread."""
        self._closed = True
        self._wake.set()
        for feed in self._feeds.values():
            feed.news.set()

    def _start(self) -> None:
        self._wake.set()
        if self._loop is None or self._loop.done():
            self._loop = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        due = 0.0
        try:
            while not self._closed and (watched := self._watched()):
                self._wake.clear()
                if time.monotonic() >= due:
                    due = time.monotonic() + self._refresh_seconds
                    await self._refresh(watched)
                else:
                    await self._refresh({t: f for t, f in watched.items() if not self._is_fresh(f.made)})
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), max(due - time.monotonic(), 0.01))
        finally:
            self._disconnect()

    async def _refresh(self, feeds: Mapping[Topic, _Feed]) -> None:
        if feeds and not self._is_fresh(self._overview.asked, share=0.9):
            await self._attempt(self._overview, self._ask_overview)
        for topic, feed in feeds.items():
            if topic.endpoint is not None and self._overview.problem is None:
                await self._attempt(feed.part, partial(self._ask_detail, topic))
            feed.message = self._message(topic, feed)
            feed.number += 1
            feed.made = time.monotonic()
            feed.news.set()
            feed.news = asyncio.Event()

    async def _attempt(self, part: _Part[T], ask: Callable[[], Any]) -> None:
        """Renew a part, or say why it could not be; nothing that Prometheus does ends the page."""
        part.asked = time.monotonic()
        try:
            async with asyncio.timeout(self._answer_seconds):
                part.data = await ask()
        except TimeoutError:
            text = f"Prometheus did not answer all within {self._answer_seconds:g} s."
            part.problem = {"kind": "away", "message": text}
        except (NoMonitoring, StackFailed) as error:
            part.problem = {"kind": "none", "message": str(error)}
        except Exception as error:
            part.problem = {"kind": "away", "message": str(error) or type(error).__name__}
        else:
            part.problem, part.at = None, time.time()
        if part.problem is not None:
            # A new node has new certificates and ports, which only a new connection reads.
            self._disconnect()

    async def _ask_overview(self) -> views.Overview:
        expected = self._facts.least_rows.keys()
        answers = await self._answers(queries.overview(expected, time.time()))
        alerts = await self._ask(lambda source: source.alerts())
        return views.overview(answers, alerts, expected, self._facts.runbooks)

    async def _ask_detail(self, topic: Topic) -> details.Detail:
        name = str(topic.endpoint)
        known = self._overview.data.endpoints if self._overview.data else ()
        row = next((each for each in known if each.name == name), None)
        if row is None:
            return details.unknown(name, topic.span)
        charts = queries.charts(name, row.namespace, queries.SPANS[topic.span], time.time())
        answers = await self._answers({**charts, **queries.drift(name)})
        least = self._facts.least_rows.get(name, self._facts.default_least_rows)
        return details.detail(name, topic.span, charts["requests"], answers, least)

    async def _answers(self, questions: Mapping[str, Question]) -> views.Answers:
        """Ask all questions, few at a time; the first failure is raised."""
        few = asyncio.Semaphore(_AT_ONCE)
        now: dict[str, list[Sample]] = {}
        over: dict[str, list[Series]] = {}

        async def ask(name: str, question: Question) -> None:
            async with few:
                if isinstance(question, Now):
                    promql = question.promql
                    now[name] = await self._ask(lambda source: source.query(promql))
                else:
                    asked = (question.promql, question.start, question.end, question.step)
                    over[name] = await self._ask(lambda source: source.query_range(*asked))

        asked = [asyncio.ensure_future(ask(name, question)) for name, question in questions.items()]
        try:
            await asyncio.gather(*asked)
        finally:
            for each in asked:
                each.cancel()
        return views.Answers(now, over)

    async def _ask(self, question: Callable[[Source], T]) -> T:
        async with self._connecting:
            if self._source is None:
                self._source = _Leased(await asyncio.wrap_future(_in_thread(self._connect)))
        leased = self._source
        return await asyncio.wrap_future(_in_thread(lambda: leased.ask(question)))

    def _disconnect(self) -> None:
        if self._source is not None:
            self._source.give_back()
            self._source = None

    def _message(self, topic: Topic, feed: _Feed) -> str:
        overview, part = self._overview, feed.part
        late = part if topic.endpoint is not None and part.problem and part.data else overview
        problem = overview.problem or (part.problem if topic.endpoint is not None else None)
        return json.dumps(
            {
                "environment": self._facts.environment,
                "at": late.at,
                "refresh": self._refresh_seconds,
                "problem": problem,
                "overview": asdict(overview.data) if overview.data else None,
                "detail": asdict(part.data) if part.data else None,
            },
            allow_nan=False,
            separators=(",", ":"),
        )

    def _is_fresh(self, made: float, share: float = 1.5) -> bool:
        return time.monotonic() - made < self._refresh_seconds * share

    def _watched(self) -> dict[Topic, _Feed]:
        return {topic: feed for topic, feed in self._feeds.items() if feed.watchers}

    def _forget(self) -> None:
        """Topics that nobody watches any more: there are as many as there are names to type."""
        gone = [
            topic
            for topic, feed in self._feeds.items()
            if not feed.watchers and not self._is_fresh(feed.made)
        ]
        for topic in gone:
            del self._feeds[topic]


def _in_thread(work: Callable[[], T]) -> Future[T]:
    """Its result from a daemon thread: one that waits for a hanging server does not hold up the exit."""
    future: Future[T] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, daemon=True).start()
    return future
