"""Redaction: a secret in a text that others wrote."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from knowctl.render.redaction import MASK, SHORTEST, redacted

SECRETS = st.text(st.characters(exclude_characters="*"), min_size=SHORTEST)


@given(SECRETS)
def test_a_secret_is_masked_however_it_is_spelt(secret: str) -> None:
    whole = secret.encode(errors="replace").decode()
    spelt = (secret, repr(secret)[1:-1], quote(whole, safe=""), quote_plus(whole))
    for each in spelt:
        assert redacted(f"<{each}>", [secret]) == f"<{MASK}>"


def test_a_secret_within_another_leaves_nothing_of_the_longer_one() -> None:
    assert redacted("it is abcdefgh", ["abcd", "abcdefgh"]) == f"it is {MASK}"


def test_what_is_too_short_to_be_a_secret_stays() -> None:
    assert redacted("a bad day", ["a", ""]) == "a bad day"
