from __future__ import annotations

import math
import random
import threading
import time

from mlops_cli.monitoring.log_lines import Line
from mlops_cli.monitoring.log_merge import Merge


def line(at: int, source: str = "a") -> Line:
    return Line(at, source, str(at))


def taken(merge: Merge, seconds: float = 5) -> list[int]:
    """The times of all lines, until the sources have ended."""
    found = []
    while not merge.finished:
        one = merge.take(seconds)
        assert one is not None
        found.append(one.time)
    return found


def test_sources_that_end_are_merged_exactly() -> None:
    merge, sources = Merge(math.inf, most=3), [str(each) for each in range(5)]
    number = random.Random(7)  # noqa: S311 - not a secret
    times = {source: sorted(number.randrange(10_000) for _ in range(200)) for source in sources}

    def put(source: str) -> None:
        for at in times[source]:
            merge.put(source, line(at, source))
        merge.end(source)

    for source in sources:
        merge.open(source)
    threads = [threading.Thread(target=put, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    assert taken(merge) == sorted(at for each in times.values() for at in each)
    for thread in threads:
        thread.join()


def test_a_line_waits_for_a_source_that_may_have_an_earlier_one() -> None:
    merge = Merge(window=60)
    for source in ("a", "b"):
        merge.open(source)
    merge.put("a", line(2))
    assert merge.take(0.05) is None
    merge.put("b", line(1, "b"))
    assert merge.take(0) == line(1, "b")
    assert merge.take(0.05) is None
    merge.end("b")
    assert merge.take(0) == line(2)


def test_a_source_that_is_still_is_waited_for_no_longer_than_the_window() -> None:
    merge = Merge(window=0.2)
    for source in ("a", "b"):
        merge.open(source)
    began = time.monotonic()
    merge.put("a", line(2))
    assert merge.take(10) == line(2)
    assert 0.2 <= time.monotonic() - began < 5


def test_what_comes_within_the_window_is_put_in_order() -> None:
    merge = Merge(window=1)
    for source in ("a", "b"):
        merge.open(source)
    merge.put("a", line(2))
    threading.Timer(0.1, merge.put, ["b", line(1, "b")]).start()
    assert [merge.take(5), merge.take(5)] == [line(1, "b"), line(2)]


def test_a_source_ahead_of_the_others_is_made_to_wait() -> None:
    merge, put = Merge(math.inf, most=3), []
    for source in ("a", "b"):
        merge.open(source)

    def run() -> None:
        for at in range(10):
            if merge.put("a", line(at)):
                put.append(at)

    thread = threading.Thread(target=run)
    thread.start()
    assert merge.take(0.2) is None
    assert put == [0, 1, 2]
    merge.close()
    thread.join(5)
    assert not thread.is_alive()
    assert put == [0, 1, 2]


def test_a_source_that_comes_again_goes_on_after_what_it_left() -> None:
    merge = Merge(window=0)
    merge.open("a")
    merge.put("a", line(1))
    merge.end("a")
    merge.open("a")
    merge.put("a", line(2))
    assert merge.open_sources() == {"a"}
    assert [merge.take(1), merge.take(1)] == [line(1), line(2)]
    merge.end("a")
    assert merge.finished
    assert merge.take(1) is None


def test_nothing_is_kept_of_sources_that_have_ended() -> None:
    merge = Merge(window=0)
    for number in range(100):
        merge.open(str(number))
        merge.put(str(number), line(number))
        merge.end(str(number))
        assert merge.take(1) == line(number)
    assert (merge._waiting, merge._empty_since, merge._ended) == ({}, {}, set())
