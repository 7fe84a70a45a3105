"""Text files for pods, from templates; each is parsed again before it is used. Pure."""

import configparser
from collections.abc import Mapping

import jinja2

from pulumi_mlops.errors import InvalidValue

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("pulumi_mlops"),
    undefined=jinja2.StrictUndefined,
    autoescape=jinja2.select_autoescape(()),
    keep_trailing_newline=True,
    trim_blocks=True,
)


def mlflow_auth(database_uri: str, admin_username: str, admin_password: str) -> str:
    """MLflow's `basic_auth.ini`, as `mlflow.server.auth.config.read_auth_config` reads it.

    Raises `InvalidValue`, without showing the value, for one that an ini file cannot carry.
    """
    wanted = {
        "database_uri": database_uri,
        "admin_username": admin_username,
        "admin_password": admin_password,
    }
    for key, value in wanted.items():
        if value != value.strip() or len(value.splitlines()) != 1:
            raise InvalidValue(
                f"{key} cannot be written to an ini file: it is empty, begins or ends with a space, or has a "
                "line break; choose another"
            )
    escaped = {key: value.replace("%", "%%") for key, value in wanted.items()}
    text = _TEMPLATES.get_template("mlflow_auth.ini.j2").render(escaped)
    _must_read_back(text, wanted)
    return text


def _must_read_back(text: str, wanted: Mapping[str, str]) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    changed = [key for key, value in wanted.items() if parser["mlflow"][key] != value]
    if changed:
        raise InvalidValue(f"{changed[0]} does not survive in an ini file; choose one of plain characters")
