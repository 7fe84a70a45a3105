"""An update needs what the first preview does not: each part is asked for by its key."""

from __future__ import annotations

from typing import Any

import pytest

from aws_environments import AUTHORITIES, IMAGES, SECRETS, recorded
from mlops_stacks.errors import SettingsError

MADE: dict[str, Any] = {
    "mlops:images": IMAGES,
    "mlops:secrets": SECRETS,
    "mlops:aws": {"database": {"authoritiesFile": AUTHORITIES}},
}


@pytest.mark.parametrize(
    ("absent", "told"),
    [
        ("mlops:images", "mlops:images: nothing was given; `mlops up` writes it."),
        ("mlops:secrets", "mlops:secrets: nothing was given; `mlops up` writes it."),
        (
            "mlops:aws",
            "mlops:aws.database.authoritiesFile: MLflow must know the database's certificate; fetch "
            "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem and name the file",
        ),
    ],
)
def test_an_update_says_what_it_lacks(absent: str, told: str) -> None:
    given = {key: value for key, value in MADE.items() if key != absent}
    with pytest.raises(SettingsError) as refused:
        recorded("dev", given, preview=False, generated=False)
    assert str(refused.value).startswith(told)


def test_with_all_of_it_an_update_goes_through() -> None:
    done = recorded("dev", MADE, preview=False, generated=False)
    server = next(each for each in done.resources if each.name == "mlops-mortgage-endpoint-server")
    image = server.inputs["spec"]["template"]["spec"]["containers"][0]["image"]
    assert str(image).endswith(f"/mlops-dev/serving@{IMAGES['serving']}")
