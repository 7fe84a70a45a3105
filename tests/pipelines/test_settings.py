from __future__ import annotations

import pytest

from mlops_pipelines.errors import SettingsError
from mlops_pipelines.gates import Gates
from mlops_pipelines.settings import Retrain, bucket_settings, run_settings

RUN = {
    "MLOPS_MODEL": "mortgage",
    "MLOPS_ENDPOINT": "mortgage",
    "MLOPS_CODE_REVISION": "sha256:abc",
    "MLOPS_STORE_URL": "http://store:7070",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "a-secret-key",
    "MLFLOW_TRACKING_URI": "http://mlflow:5000",
    "MLFLOW_TRACKING_USERNAME": "admin",
    "MLFLOW_TRACKING_PASSWORD": "a-password",
}
BUCKETS = {
    "AWS_ACCESS_KEY_ID": "root",
    "AWS_SECRET_ACCESS_KEY": "root-secret-key",
    "MLOPS_STORE_URL": "http://store:7070",
    "MLOPS_STORE_READ_ONLY_KEY_ID": "reader",
    "MLOPS_STORE_READ_WRITE_KEY_ID": "writer",
}


def test_what_is_not_given_has_the_documented_default() -> None:
    settings = run_settings({**RUN, "PATH": "/bin"})
    assert (settings.store.bucket, settings.data_bucket, settings.gates) == ("models", "data", Gates())
    assert settings.data_store().bucket == "data"


def test_a_retraining_says_its_number_and_the_alert_or_neither() -> None:
    cause = {"MLOPS_RETRAIN_ID": "123456789012", "MLOPS_RETRAIN_ALERT": "MlopsInputDrift"}
    assert run_settings({**RUN, **cause}).retrain == Retrain(id="123456789012", alert="MlopsInputDrift")
    assert run_settings(RUN).retrain is None
    with pytest.raises(SettingsError, match="MLOPS_RETRAIN_ALERT is not set"):
        run_settings({**RUN, "MLOPS_RETRAIN_ID": "1"})


def test_gates_are_changed_one_by_one() -> None:
    settings = run_settings({**RUN, "MLOPS_GATES": '{"minimum_roc_auc": 0.9}'})
    assert settings.gates == Gates(minimum_roc_auc=0.9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({name: ""}, f"{name} is not set")
            for name in RUN
            if name.startswith(("MLOPS_M", "MLOPS_E", "MLOPS_C", "MLF"))
        ),
        ({"MLOPS_MODLE": "x"}, "MLOPS_MODLE is not a setting; the settings are MLOPS_CODE_REVISION"),
        ({"MLOPS_MODEL": "Mort_gage"}, "MLOPS_MODEL is 'Mort_gage'; give 1 to 63 of a-z"),
        ({"MLFLOW_TRACKING_URI": "mlflow:5000"}, "MLFLOW_TRACKING_URI is 'mlflow:5000'; give"),
        ({"MLOPS_GATES": '{"minimum_auc": 1}'}, "MLOPS_GATES is wrong at minimum_auc: Extra inputs"),
        ({"MLOPS_GATES": '{"minimum_roc_auc": 2}'}, "MLOPS_GATES is wrong at minimum_roc_auc: Input should"),
        ({"MLOPS_GATES": "0.9"}, "MLOPS_GATES is wrong at the whole: "),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        run_settings({**RUN, **changes})
    assert str(caught.value).startswith(message)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["MLOPS_STORE_READ_ONLY_KEY_ID", "MLOPS_STORE_READ_WRITE_KEY_ID"])
def test_buckets_need_the_names_of_both_users(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        bucket_settings({**BUCKETS, name: ""})


def test_no_secret_is_shown_by_the_settings() -> None:
    shown = repr(run_settings(RUN))
    assert "a-password" not in shown
    assert "a-secret-key" not in shown
