from __future__ import annotations

import pytest

from mlops_serving.errors import SettingsError
from mlops_serving.gate.load import Load
from mlops_serving.gate.settings import GateSettings, read_gate_settings


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_wanted_is_the_average_of_fifteen_seconds_and_never_nothing_with_a_request() -> None:
    clock = Clock()
    load = Load(clock)
    assert load.wanted() == 0.0
    with load.request(), load.request():
        assert load.wanted() == 0.001
        clock.now += 7.5
        assert load.wanted() == 1.0
        clock.now += 60
        assert load.wanted() == pytest.approx(2.0, abs=2 / 15)
    clock.now += 14
    assert 0 < load.wanted() < 0.4
    clock.now += 2
    assert load.wanted() == 0.0


def test_those_that_wait_are_wanted_at_once() -> None:
    clock = Clock()
    load = Load(clock)
    with load.request(), load.wait():
        assert (load.wanted(), load.waiting, load.held) == (1.0, 1, 1)
        clock.now += 3
        assert load.oldest_wait == 3
    assert (load.waiting, load.oldest_wait) == (0, 0.0)


def test_settings_are_read_strictly() -> None:
    settings = read_gate_settings({"MLOPS_GATE_TARGET": "http://iris-pods.models.svc:8080", "HOME": "/"})
    assert settings == GateSettings(target="http://iris-pods.models.svc:8080")
    assert settings.target_place == ("iris-pods.models.svc", 8080)
    with pytest.raises(SettingsError, match=r"^MLOPS_GATE_TARGET is not set; it is needed$"):
        read_gate_settings({})
    with pytest.raises(
        SettingsError, match=r"^MLOPS_GATE_PORTS is no setting of the gate; the settings are "
    ):
        read_gate_settings({"MLOPS_GATE_TARGET": "http://x:1", "MLOPS_GATE_PORTS": "1"})
    with pytest.raises(SettingsError, match=r"^MLOPS_GATE_PORT is '0': "):
        read_gate_settings({"MLOPS_GATE_TARGET": "http://x:1", "MLOPS_GATE_PORT": "0"})
    with pytest.raises(
        SettingsError, match=r"^MLOPS_GATE_ADMIN_PORT is '8080': Value error, the port of req"
    ):
        read_gate_settings({"MLOPS_GATE_TARGET": "http://x:1", "MLOPS_GATE_ADMIN_PORT": "8080"})
