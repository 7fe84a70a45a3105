from __future__ import annotations

import datetime
import socket
import threading

import pulumi_kubernetes as kubernetes
import pytest

import aws_answers
import aws_programs
from aws_scan import SUPPRESSIONS, Finding, Suppression, installed, scan_all, suppressions, unresolved
from mlops_stacks.recording import Document

TODAY = datetime.date(2026, 12, 1)
OPEN = Finding("CKV_AWS_24", "aws_security_group", "urn::open", "an open port")
CONFIGURED = """
- {check: CKV_AWS_24, type: aws_security_group, why: the office needs it, expires: 2026-12-01}
"""


class Listener:
    """A proxy that notes who asks for it and answers nobody."""

    def __init__(self) -> None:
        self.asked = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.asked += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[Finding]], int]:
    """Findings in three small programs, and how often the scanner asked for the network."""
    documents = {
        "private": aws_answers.recorded(aws_programs.private_bucket),
        "open": aws_answers.recorded(aws_programs.open_ground),
        "pods": pods(),
    }
    folder = tmp_path_factory.mktemp("scan")
    # The environment is made before the network is watched.
    installed()
    listener = Listener()
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), listener.address)
    found = scan_all(documents, folder, {**proxies, "NO_PROXY": "", "no_proxy": ""})
    listener.close()
    return found, listener.asked


def pods() -> Document:
    def program() -> None:
        container = {"name": "shop", "image": "shop:latest", "security_context": {"privileged": True}}
        kubernetes.core.v1.Pod(
            "shop",
            metadata={"name": "shop", "namespace": "shops"},
            spec={"containers": [container]},
        )

    return aws_answers.recorded(program)


def checks(findings: list[Finding], name: str) -> set[str]:
    return {each.check for each in findings if each.resource.endswith(f"::{name}")}


def test_a_bucket_with_all_its_settings_has_no_finding_but_those_of_choice(
    scanned: tuple[dict[str, list[Finding]], int],
) -> None:
    # Event notifications and a copy in another region are the owner's affair.
    assert {each.check for each in scanned[0]["private"]} == {"CKV2_AWS_62", "CKV_AWS_144"}


def test_seeded_faults_are_found_and_named_by_their_urns(
    scanned: tuple[dict[str, list[Finding]], int],
) -> None:
    found = scanned[0]["open"]
    # No public access block, no versions, no lifecycle, no key of one's own, no records of access.
    wanted = {"CKV2_AWS_6", "CKV_AWS_21", "CKV2_AWS_61", "CKV_AWS_145", "CKV_AWS_18"}
    bucket = {each.check for each in found if each.type == "aws_s3_bucket"}
    assert bucket >= wanted
    assert {each.check for each in found if each.type == "aws_security_group"} >= {"CKV_AWS_24"}
    assert checks(found, "plain") >= {"CKV_AWS_16", "CKV_AWS_293", "CKV_AWS_157"}
    assert checks(found, "public") >= {"CKV_AWS_37", "CKV_AWS_38", "CKV_AWS_39", "CKV_AWS_58"}
    assert {each.resource.split("::")[0] for each in found} == {"urn:pulumi:test"}


def test_objects_of_kubernetes_are_scanned_as_manifests(
    scanned: tuple[dict[str, list[Finding]], int],
) -> None:
    found = scanned[0]["pods"]
    assert {each.resource for each in found} == {"urn:pulumi:test::mlops::kubernetes:core/v1:Pod::shop"}
    assert checks(found, "shop") >= {"CKV_K8S_14", "CKV_K8S_16", "CKV_K8S_43"}


def test_a_scan_opens_no_connection(scanned: tuple[dict[str, list[Finding]], int]) -> None:
    assert scanned[1] == 0


def test_a_finding_that_is_not_suppressed_is_unresolved() -> None:
    assert unresolved([OPEN], [], TODAY) == ["CKV_AWS_24 aws_security_group open: an open port"]


def test_a_suppression_holds_to_its_last_day_for_its_type_alone() -> None:
    (allowed,) = suppressions(CONFIGURED)
    assert unresolved([OPEN], [allowed], TODAY) == []
    other = Finding("CKV_AWS_24", "aws_default_security_group", "urn::other", "an open port")
    assert unresolved([OPEN, other], [allowed], TODAY) == [str(other)]


def test_a_suppression_may_be_for_resources_of_some_names_alone() -> None:
    (named,) = suppressions(CONFIGURED.replace("why:", "resource: '*-office', why:"))
    office = Finding("CKV_AWS_24", "aws_security_group", "urn::mlops-office", "an open port")
    assert unresolved([OPEN, office], [named], TODAY) == [str(OPEN)]
    assert unresolved([OPEN], [named], TODAY) == [
        str(OPEN),
        "suppression of CKV_AWS_24 on aws_security_group *-office is of no use: take it away",
    ]


def test_a_suppression_past_its_day_fails_with_the_finding_that_it_hid() -> None:
    assert unresolved([OPEN], suppressions(CONFIGURED), TODAY + datetime.timedelta(days=1)) == [
        str(OPEN),
        "suppression of CKV_AWS_24 on aws_security_group ended on 2026-12-01: mend it or decide anew",
    ]


def test_a_suppression_of_nothing_fails() -> None:
    assert unresolved([], suppressions(CONFIGURED), TODAY) == [
        "suppression of CKV_AWS_24 on aws_security_group is of no use: take it away"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{check: A, type: b, why: c}]", "suppression 1: its keys are to be check, expires, type, why"),
        ("[{check: A, type: b, why: c, expires: soon}]", "suppression 1: expires is to be a day"),
        ("[{check: A, type: b, why: '', expires: 2027-01-01}]", "suppression 1: why is to be one line"),
        (CONFIGURED + CONFIGURED, r"suppressed twice: \['CKV_AWS_24 on aws_security_group'\]"),
    ],
)
def test_a_suppression_that_says_too_little_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        suppressions(text)


def test_the_projects_suppressions_can_be_read() -> None:
    assert all(isinstance(each, Suppression) for each in suppressions(SUPPRESSIONS.read_text()))
