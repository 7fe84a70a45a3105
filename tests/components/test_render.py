from __future__ import annotations

import configparser

import pytest

from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.render import mlflow_auth


def test_mlflow_reads_back_what_was_written_percent_signs_too() -> None:
    text = mlflow_auth(
        "postgresql+psycopg2://mlflow:a%40b%25@database:5432/mlflow", "admin", "100% $ecret; # {x}"
    )
    parser = configparser.ConfigParser()
    parser.read_string(text)
    assert dict(parser["mlflow"]) == {
        "default_permission": "READ",
        "database_uri": "postgresql+psycopg2://mlflow:a%40b%25@database:5432/mlflow",
        "admin_username": "admin",
        "admin_password": "100% $ecret; # {x}",
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        "grant_default_workspace_access": "false",
    }


@pytest.mark.parametrize("password", [" leading", "trailing ", "two\nadmin_username = root"])
def test_a_password_that_an_ini_file_cannot_carry_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(InvalidValue, match="admin_password cannot be written") as caught:
        mlflow_auth("postgresql+psycopg2://x", "admin", password)
    assert password not in str(caught.value)
