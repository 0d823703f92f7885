"""Reads the certificate of the settings as a server and its clients would."""

from __future__ import annotations

import ssl
import time
from typing import Final

from knowalledge_api.tls import CertificateError, server_context
from knowctl.model.surroundings import Certificate

DAY: Final = 86400
_NOT_YET: Final = 9
_EXPIRED: Final = 10
"""Verification results. Source: OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED."""


def read(certfile: str, keyfile: str) -> Certificate:
    """What a server with this certificate and key would have."""
    try:
        context = server_context(certfile, keyfile)
    except CertificateError as error:
        cause = error.__cause__
        mismatch = isinstance(cause, ssl.SSLError) and cause.reason == "KEY_VALUES_MISMATCH"
        return Certificate(str(error), mismatch)
    except (OSError, ValueError) as error:
        return Certificate(f"SSL_CERTFILE {certfile} can't be used: {type(error).__name__}")
    try:
        begins, ends = _shaken(context, certfile)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in {_NOT_YET, _EXPIRED}:
            expired = error.verify_code == _EXPIRED
            return Certificate(not_yet=not expired, days_left=0.0 if expired else None)
        return Certificate()
    except (ssl.SSLError, OSError, KeyError):
        return Certificate()
    return Certificate(days_left=(ends - time.time()) / DAY, days=(ends - begins) / DAY)


def _shaken(context: ssl.SSLContext, certfile: str) -> tuple[float, float]:
    """When the certificate begins and ends, in Unix time.

    A handshake in memory verifies it. The chain itself is what is trusted: whoever signed it is the
    clients' affair.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certfile)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there)
    answering = context.wrap_bio(there, back, server_side=True)
    for end in (asking, answering, asking):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    found = asking.getpeercert() or {}
    begins, ends = (str(found[each]) for each in ("notBefore", "notAfter"))
    return ssl.cert_time_to_seconds(begins), ssl.cert_time_to_seconds(ends)
