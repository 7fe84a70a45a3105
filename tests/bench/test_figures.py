"""What load generators say becomes the right figures."""

from __future__ import annotations

import json

import pytest
from serving_bench.figures import (
    BenchError,
    Figures,
    Hit,
    Overload,
    medians,
    of_hits,
    of_overload,
    of_times,
    parse_grpcload,
    parse_metrics,
    parse_vegeta,
    parse_wrk,
    quantile,
)

WRK = """Running 3s test @ http://127.0.0.1:8080/v2/models/iris/infer
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.68ms  500.00us  21.99ms   99.00%
    Req/Sec    19.18k     1.02k   21.00k    70.00%
  Latency Distribution
     50%  850.00us
     75%    1.70ms
     90%    1.80ms
     99%    2.10ms
  57234 requests in 3.00s, 20.00MB read
Requests/sec:  19078.05
Transfer/sec:      6.67MB
"""


def test_wrk_tells_rate_and_quantiles_in_milliseconds() -> None:
    assert parse_wrk(WRK) == Figures(rate=19078.05, p50=0.85, p99=2.1)


def test_wrk_pads_seconds_with_a_space() -> None:
    slow = WRK.replace("850.00us", "1.11s ").replace("2.10ms", "1.43s ")
    assert parse_wrk(slow) == Figures(rate=19078.05, p50=1110.0, p99=1430.0)


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 2\n"])
def test_wrk_with_failed_requests_is_no_measurement(line: str) -> None:
    with pytest.raises(BenchError, match="requests failed"):
        parse_wrk(WRK + line)


def test_wrk_without_quantiles_is_no_measurement() -> None:
    with pytest.raises(BenchError, match="nothing usable"):
        parse_wrk("Requests/sec: 12.00\n")


def test_grpcload_tells_calls_and_quantiles() -> None:
    said = {"calls": 300, "seconds": 3.0, "p50_ms": 1.5, "p99_ms": 4.0, "failure": ""}
    assert parse_grpcload(json.dumps(said)) == Figures(rate=100.0, p50=1.5, p99=4.0)


def test_a_failed_grpc_call_is_no_measurement() -> None:
    said = {"calls": 300, "seconds": 3.0, "p50_ms": 1.5, "p99_ms": 4.0, "failure": "rpc error: Unimplemented"}
    with pytest.raises(BenchError, match="Unimplemented"):
        parse_grpcload(json.dumps(said))


def test_vegeta_lines_become_hits() -> None:
    lines = [
        "1764000000000000000,200,1500000,76,180,,,attack,0,POST,http://127.0.0.1:1/infer,Q29udGVudA==",
        '1764000000005000000,0,10000000000,76,0,"timeout, no answer",,attack,1,POST,http://127.0.0.1:1/infer,',
    ]
    assert parse_vegeta(lines) == [Hit(200, 1.5), Hit(0, 10000.0)]


def test_an_attack_with_only_right_answers_has_figures() -> None:
    hits = [Hit(200, float(number)) for number in range(1, 101)]
    assert of_hits(hits, seconds=2.0) == Figures(rate=50.0, p50=50.0, p99=99.0)


@pytest.mark.parametrize("hits", [[], [Hit(200, 1.0), Hit(503, 1.0)]])
def test_an_attack_with_other_answers_is_no_measurement(hits: list[Hit]) -> None:
    with pytest.raises(BenchError, match="requests were answered"):
        of_hits(hits, seconds=1.0)


def test_an_overload_is_told_apart_by_what_was_answered() -> None:
    hits = (
        [Hit(200, 90.0)] * 10 + [Hit(503, 1.0)] * 6 + [Hit(429, 3.0)] * 2 + [Hit(504, 1000.0)] + [Hit(0, 9.0)]
    )
    assert of_overload(hits, seconds=2.0) == Overload(
        asked_rate=10.0, goodput=5.0, accepted_p99=90.0, refused=4.0, refused_p99=3.0, late=0.5, lost=0.5
    )


def test_times_of_one_request_after_another_give_a_rate() -> None:
    assert of_times([10.0, 30.0]) == Figures(rate=50.0, p50=10.0, p99=30.0)


def test_a_quantile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(200, 0, -1)]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 100.0, 198.0, 200.0]
    assert quantile([], 0.99) == 0.0


def test_each_figure_has_its_own_median() -> None:
    rounds = [Figures(1.0, 30.0, 5.0), Figures(2.0, 10.0, 6.0), Figures(3.0, 20.0, 4.0)]
    assert medians(rounds) == Figures(2.0, 20.0, 5.0)


def test_metrics_are_found_by_name_and_labels() -> None:
    text = '# TYPE memory gauge\nmemory{process="worker-0"} 81000000\nready 1\n'
    assert parse_metrics(text) == {'memory{process="worker-0"}': 81e6, "ready": 1.0}
