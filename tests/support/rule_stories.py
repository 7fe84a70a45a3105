"""Stories of alerts: series over time, and when the alert fires and when it does not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Series = Mapping[str, str]


@dataclass(frozen=True)
class Story:
    """`fires` are series under which the alert fires at minute `at` and has ended at `resolved`.

    Under each of `quiet` it does not fire at `at`. `step` is the pause between samples, in minutes.
    """

    alert: str
    severity: str
    fires: Series
    at: int
    resolved: int
    quiet: Sequence[Series]
    step: int = 1


def name(metric: str, labels: str = "", **more: object) -> str:
    """A series' name."""
    pairs = [labels] if labels else []
    pairs += [f'{key}="{value}"' for key, value in more.items()]
    return f"{metric}{{{','.join(pairs)}}}"


def counter(*pieces: tuple[int, float]) -> str:
    """A counter that grows for so many samples by so much each."""
    values = [0.0]
    for samples, pace in pieces:
        values += [values[-1] + pace * number for number in range(1, samples + 1)]
    return gauge(*((1, value) for value in values))


def gauge(*pieces: tuple[int, float | None]) -> str:
    """A value for so many samples each; None is no sample."""
    return " ".join(
        "_" if value is None else f"{value:.15g}" for times, value in pieces for _ in range(times)
    )


def cases_of(stories: Iterable[Story]) -> list[dict[str, Any]]:
    """promtool's tests of stories."""
    return [test for story in stories for test in _cases_of(story)]


def _cases_of(story: Story) -> Iterable[dict[str, Any]]:
    firing = f'ALERTS{{alertname="{story.alert}",alertstate="firing"}}'
    seen = f"count by (alertname, severity) ({firing})"
    expected = f'{{alertname="{story.alert}",severity="{story.severity}"}}'

    def look(minute: int, fires: bool) -> dict[str, Any]:
        samples = [{"labels": expected, "value": 1}] if fires else []
        return {"expr": f"clamp_max({seen}, 1)", "eval_time": f"{minute}m", "exp_samples": samples}

    yield _case(story, f"{story.alert} fires", story.fires, [look(story.at, True)])
    yield _case(story, f"{story.alert} resolves", story.fires, [look(story.resolved, False)])
    for number, series in enumerate(story.quiet, 1):
        yield _case(story, f"{story.alert} does not fire {number}", series, [look(story.at, False)])


def _case(story: Story, title: str, series: Series, looks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": title,
        "interval": f"{story.step}m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": looks,
    }


def message_case(story: Story) -> dict[str, Any]:
    """A test that fails with the alert's labels and messages, to be read."""
    wanted = [{"alertname": story.alert, "eval_time": f"{story.at}m", "exp_alerts": []}]
    test = _case(story, story.alert, story.fires, [])
    return {key: value for key, value in test.items() if key != "promql_expr_test"} | {
        "alert_rule_test": wanted
    }


def run(
    promtool: Path,
    folder: Path,
    rules: Mapping[str, str],
    tests: Sequence[Mapping[str, Any]],
    evaluated: str = "1m",
) -> tuple[int, str]:
    """`promtool test rules`, rules being evaluated so often: its exit code and what it printed."""
    for file, text in rules.items():
        (folder / file).write_text(text)
    document = {"rule_files": list(rules), "evaluation_interval": evaluated, "tests": list(tests)}
    (folder / "tests.yaml").write_text(yaml.safe_dump(document, sort_keys=False, width=10_000))
    done = subprocess.run(
        [str(promtool), "test", "rules", "tests.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr
