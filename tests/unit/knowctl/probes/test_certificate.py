from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from knowctl.model.surroundings import Certificate
from knowctl.probes.certificate import read
from tests.support.certificates import Pair, make_pair


def of(pair: Pair) -> Certificate:
    return read(str(pair.certfile), str(pair.keyfile))


@pytest.mark.parametrize("days", [2, 90])
def test_a_certificate_tells_how_many_days_are_left(tmp_path: Path, days: int) -> None:
    found = of(make_pair(tmp_path, days=days))
    assert found.days_left is not None
    assert days - 0.1 < found.days_left <= days
    assert found.days == pytest.approx(days, abs=0.1)
    assert (found.unusable, found.mismatch, found.not_yet) == ("", False, False)


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("20200101000000Z", "20200201000000Z", Certificate(days_left=0.0)),
        ("20900101000000Z", "20910101000000Z", Certificate(not_yet=True)),
    ],
)
def test_a_certificate_of_another_time_is_not_valid(
    tmp_path: Path, begins: str, ends: str, expected: Certificate
) -> None:
    pair = make_pair(tmp_path)
    request, index = tmp_path / "request.pem", tmp_path / "index"
    index.touch()
    (tmp_path / "serial").write_text("01")
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca=own\n[own]\n"
        f"dir={tmp_path}\ndatabase={index}\nserial={tmp_path}/serial\nnew_certs_dir={tmp_path}\n"
        "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
    )
    key = str(pair.keyfile)
    asked = ["openssl", "req", "-new", "-key", key, "-subj", "/CN=x", "-out", str(request)]
    subprocess.run(asked, check=True, capture_output=True)
    signed = ["openssl", "ca", "-batch", "-selfsign", "-config", str(tmp_path / "ca.cnf")]
    signed += ["-keyfile", key, "-in", str(request), "-out", str(pair.certfile)]
    signed += ["-startdate", begins, "-enddate", ends, "-notext"]
    subprocess.run(signed, check=True, capture_output=True)
    assert of(pair) == expected


def test_the_key_of_another_certificate_does_not_fit(tmp_path: Path) -> None:
    one, other = make_pair(tmp_path, "one"), make_pair(tmp_path, "other")
    found = of(Pair(one.certfile, other.keyfile))
    assert found.mismatch
    assert "the key is not that of the certificate" in found.unusable


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    missing = of(Pair(tmp_path / "none.pem", pair.keyfile))
    assert missing == Certificate(f"{tmp_path}/none.pem: No such file or directory")
    pair.certfile.write_text("nonsense")
    assert "it holds no PEM" in of(pair).unusable
    assert "can't be used" in read("a\0b", "c").unusable


def test_an_encrypted_key_is_not_asked_for_its_password(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    command = ["openssl", "ec", "-in", str(pair.keyfile), "-out", str(pair.keyfile)]
    subprocess.run(
        [*command, "-aes256", "-passout", "pass:canary"], check=True, capture_output=True
    )
    assert "encrypted" in of(pair).unusable


def test_what_is_no_certificate_of_a_server_is_not_judged_by_its_days(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    command = ["openssl", "req", "-x509", "-key", str(pair.keyfile), "-out", str(pair.certfile)]
    command += ["-subj", "/CN=x", "-addext", "extendedKeyUsage=clientAuth"]
    subprocess.run(command, check=True, capture_output=True)
    assert of(pair) == Certificate()
