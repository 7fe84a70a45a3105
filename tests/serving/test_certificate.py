"""What is read from a certificate, against what `cryptography` reads."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from mlops_serving.certificate import not_after, read_certificate
from mlops_serving.errors import SettingsError


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(tmp_path, authority):
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    made.private_key_pem.write_to_path(tmp_path / "tls.key")
    return tmp_path / "tls.crt", tmp_path / "tls.key"


@pytest.mark.parametrize(
    "end", [datetime(2027, 3, 1, 12, 0, 5), datetime(2049, 12, 31), datetime(2071, 1, 1)]
)
@pytest.mark.parametrize("key_type", list(trustme.KeyType))
def test_the_end_is_that_which_another_library_reads(authority, end, key_type):
    made = authority.issue_cert("localhost", not_after=end.replace(tzinfo=UTC), key_type=key_type)
    pem = made.cert_chain_pems[0].bytes()
    known = x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()
    assert not_after(ssl.PEM_cert_to_DER_cert(pem.decode())) == known == end.replace(tzinfo=UTC).timestamp()


def test_a_truncated_certificate_is_malformed_wherever_it_is_cut(authority):
    der = ssl.PEM_cert_to_DER_cert(authority.issue_cert("localhost").cert_chain_pems[0].bytes().decode())
    for length in range(len(der)):
        with pytest.raises(ValueError, match="truncated"):
            not_after(der[:length])


def test_symbolic_links_are_followed_when_the_pair_is_checked(tmp_path, files):
    (tmp_path / "..data").symlink_to(tmp_path)
    read = read_certificate(tmp_path / "..data/tls.crt", tmp_path / "..data/tls.key", None)
    assert (read.cert, read.key, read.client_ca) == (*files, None)


def test_a_key_of_another_certificate_is_refused(tmp_path, files, authority):
    authority.issue_cert("localhost").private_key_pem.write_to_path(files[1])
    with pytest.raises(SettingsError, match="cannot be used: key values mismatch"):
        read_certificate(*files, None)


def test_files_that_are_missing_or_not_pem_are_refused(tmp_path, files):
    with pytest.raises(SettingsError, match=r"No such file or directory: .*gone"):
        read_certificate(tmp_path / "gone", files[1], None)
    with pytest.raises(SettingsError, match="cannot be used"):
        read_certificate(*files, files[1])
    files[0].write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    with pytest.raises(SettingsError, match="cannot be used"):
        read_certificate(*files, None)


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_a_password(files):
    key = load_pem_private_key(files[1].read_bytes(), None)
    secret = BestAvailableEncryption(b"secret")
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    with pytest.raises(SettingsError, match="cannot be used"):
        read_certificate(*files, None)
