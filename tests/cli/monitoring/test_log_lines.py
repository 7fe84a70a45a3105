from __future__ import annotations

import json
import logging

import pytest

from mlops_cli.monitoring.log_lines import Line, as_json, for_people, is_about, split, stamped
from mlops_serving.logs import JsonLines

STAMP = "2026-11-28T11:20:01.123456789Z"
TIME = 1795864801_123456789


def served(**fields: object) -> str:
    """A line as the server writes it."""
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "the model failed on a request", (), None)
    record.fields = fields
    return JsonLines().format(record)


def shown(text: str) -> str:
    return for_people(Line(TIME, "7-a", text)).plain[len("11:20:01.123 ") :]


@pytest.mark.parametrize(
    ("raw", "time", "text"),
    [
        (f"{STAMP} text with  spaces ", TIME, "text with  spaces "),
        ("2026-11-28T12:20:01.1+01:00 x", 1795864801_100000000, "x"),
        ("2026-11-28T11:20:01Z ", 1795864801_000000000, ""),
        ("no time", 5, "no time"),
    ],
)
def test_the_kubelets_time_is_taken_off_to_the_nanosecond(raw: str, time: int, text: str) -> None:
    assert stamped(raw, "pod", before=5) == Line(time, "pod", text)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_lines_are_split_wherever_the_stream_is_cut(size: int) -> None:
    stream = "eins\n\nzwöi\nlast".encode()
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert list(split(chunks)) == ["eins", "", "zwöi", "last"]


def test_a_line_that_never_ends_is_cut_and_the_next_is_whole() -> None:
    chunks = [b"x" * 7 for _ in range(10_000)] + [b"\nnext\n\xff\n"]
    assert list(split(chunks, longest=10)) == ["x" * 10, "next", "\N{REPLACEMENT CHARACTER}"]


def test_a_line_of_the_server_is_told_to_people() -> None:
    text = served(status=500, model="mortgage", request_id="a b", tags=["x"])
    assert shown(text) == (
        '7-a  error   the model failed on a request status=500 model=mortgage request_id="a b" tags=["x"]'
    )


def test_a_traceback_follows_on_lines_of_its_own() -> None:
    text = json.dumps({"level": "error", "message": "m", "traceback": "Traceback:\n  at x\x1b[31m"})
    expected = "7-a  error   m\n    Traceback:\n      at x\N{REPLACEMENT CHARACTER}[31m"
    assert shown(text) == expected


@pytest.mark.parametrize("text", ["plain [bold]text[/bold]", "{not json", "[1]", '"{"', "{}x"])
def test_what_is_no_object_of_json_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == f"7-a  {text}"


def test_no_line_moves_the_cursor() -> None:
    for text in ("a\x1b[2Jb\rc\x07", json.dumps({"message": "a\x1b[2J\nb", "\x1bk": "\x1b"})):
        assert all(each.isprintable() for each in shown(text))


def test_as_json_a_line_of_the_server_is_untouched_and_any_other_wrapped() -> None:
    text = served(request_id="1")
    assert as_json(Line(TIME, "pod", text)) == text
    assert json.loads(as_json(Line(TIME, "pod", 'not "json"'))) == {
        "time": "2026-11-28T11:20:01.123+00:00",
        "pod": "pod",
        "message": 'not "json"',
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (served(request_id="abc"), True),
        (served(trace_id="abc"), True),
        (served(request_id="abcd"), False),
        (served(status="abc"), False),
        ("abc", False),
    ],
)
def test_a_line_is_about_a_request_by_its_own_id_or_its_traces(text: str, expected: bool) -> None:
    assert is_about(Line(0, "p", text), "abc") is expected


def test_a_request_id_is_compared_as_far_as_the_server_writes_it() -> None:
    assert is_about(Line(0, "p", served(request_id="i" * 128)), "i" * 300)
