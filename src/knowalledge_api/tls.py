"""The certificate that the server shows, read once: a later change of its files breaks nothing."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final, NoReturn

REASONS: Final = {
    "KEY_VALUES_MISMATCH": "the key is not that of the certificate",
    "NO_START_LINE": "it holds no PEM",
}


class CertificateError(Exception):
    """The certificate or its key can't be used."""


def server_context(certfile: str, keyfile: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later with this certificate chain and key; CertificateError says what is wrong.

    Without a `keyfile` the key is in `certfile`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    named = f"SSL_CERTFILE {certfile}" + (f" and SSL_KEYFILE {keyfile}" if keyfile else "")
    try:
        for path in filter(None, (certfile, keyfile)):
            Path(path).open("rb").close()  # whose error names the file, where OpenSSL's does not
        context.load_cert_chain(certfile, keyfile, password=_refuse)
    except ssl.SSLError as error:
        reason = REASONS.get(error.reason or "", error.reason or "it holds no PEM")
        raise CertificateError(f"{named} can't be used: {reason}") from error
    except OSError as error:
        raise CertificateError(f"{error.filename}: {error.strerror}") from error
    return context


def _refuse() -> NoReturn:
    """OpenSSL would ask on the terminal, and wait."""
    raise CertificateError("the key of SSL_CERTFILE is encrypted: store it without a password")
