"""The server's certificate: read once, or refused with the cause."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from knowalledge_api.tls import CertificateError, server_context
from tests.support.certificates import Pair, make_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("tls"))


def refusal(certfile: Path, keyfile: Path | None) -> str:
    with pytest.raises(CertificateError) as raised:
        server_context(str(certfile), str(keyfile) if keyfile else None)
    return str(raised.value)


def test_a_certificate_and_its_key_make_a_context_of_today(pair: Pair) -> None:
    context = server_context(str(pair.certfile), str(pair.keyfile))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.protocol is ssl.PROTOCOL_TLS_SERVER


def test_one_file_may_hold_both(pair: Pair, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text(pair.certfile.read_text() + pair.keyfile.read_text())
    server_context(str(both), None)


def test_a_file_that_is_not_there_is_named(pair: Pair, tmp_path: Path) -> None:
    assert refusal(tmp_path / "none", None) == f"{tmp_path}/none: No such file or directory"
    assert refusal(pair.certfile, tmp_path / "no").startswith(f"{tmp_path}/no: ")


def test_a_key_of_another_certificate_is_refused(pair: Pair, tmp_path: Path) -> None:
    other = make_pair(tmp_path, "other")
    assert refusal(pair.certfile, other.keyfile) == (
        f"SSL_CERTFILE {pair.certfile} and SSL_KEYFILE {other.keyfile} can't be used: "
        "the key is not that of the certificate"
    )


def test_what_is_no_certificate_is_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_text("garbage")
    assert refusal(garbage, None) == f"SSL_CERTFILE {garbage} can't be used: it holds no PEM"


def test_an_encrypted_key_is_refused_instead_of_asked_about(pair: Pair, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    command = ["openssl", "ec", "-aes256", "-passout", "pass:secret"]
    command += ["-in", str(pair.keyfile), "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    assert "is encrypted" in refusal(pair.certfile, locked)
