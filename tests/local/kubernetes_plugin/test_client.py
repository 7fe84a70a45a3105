"""What the plugin makes of the API server's refusals."""

from __future__ import annotations

from typing import Any

from mlops_local.kubernetes_plugin.client import readable


def status(value: str) -> dict[str, Any]:
    cause = f"Invalid value: {value}: field is immutable"
    return {
        "message": f'Job.batch "train" is invalid: spec.template: {cause}',
        "details": {
            "name": "train",
            "kind": "Job",
            "causes": [{"field": "spec.template", "message": cause, "reason": "FieldValueInvalid"}],
        },
    }


def test_a_short_message_is_left_as_the_api_server_wrote_it() -> None:
    assert readable(status("3")) == (
        'Job.batch "train" is invalid: spec.template: Invalid value: 3: field is immutable'
    )


def test_a_message_that_quotes_a_whole_object_keeps_the_field_and_the_reason() -> None:
    text = readable(status('{"metadata": "' + "x" * 5000 + '"}'))
    assert text.startswith('Job "train" is invalid: spec.template: Invalid value: {"metadata": "xxx')
    assert text.endswith(" ...: field is immutable")
    assert len(text) < 200


def test_a_message_without_causes_is_kept_whole() -> None:
    assert readable({"message": "m" * 900}) == "m" * 900
