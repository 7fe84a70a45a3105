"""What a server says of itself before anybody has asked it anything: dashboards count on it."""

from __future__ import annotations

from dashboard_series import FROM_THE_START
from mlops_serving.metrics.catalog import SPECS
from serving_folder import folder_environ


def test_these_series_are_there_from_the_start(serve, iris, tmp_path):
    server = serve(folder_environ(tmp_path / "store", iris)).wait_ready()
    lines = [line for line in server.metrics().splitlines() if not line.startswith("#")]
    found = {line.partition(" ")[0].partition("{")[0] for line in lines}
    names = {spec.name for spec in SPECS if {spec.name, f"{spec.name}_bucket"} & found}
    assert names == FROM_THE_START
