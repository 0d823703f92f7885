"""Tokens are believed where they were issued here, and nowhere else."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.auth.principal import Principal
from knowalledge_api.auth.tokens import CLAIMS, LONGEST, BadTokenError, Tokens
from knowalledge_api.database.models import Role, Tier
from tests.support.people import KEY, NOON, OTHER_KEY

NOW = NOON.timestamp()
ADA = Principal(1, "ada", Role.ADMIN, Tier.PREMIUM, None, NOON, key_id=17)
TOKENS = Tokens((KEY,), 3600, lambda: NOW)
GOOD: dict[str, Any] = {
    "user_id": "ada",
    "role": "user",
    "quota_tier": "free",
    "jti": "0b3f",
    "iat": int(NOW),
    "exp": int(NOW) + 60,
}


def signed(key: bytes = KEY, algorithm: str = "HS256", **claims: Any) -> str:
    content = {name: value for name, value in {**GOOD, **claims}.items() if value is not ...}
    return jwt.encode(content, key, algorithm=algorithm)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_token_says_what_the_wire_promises() -> None:
    text = TOKENS.issue(ADA)
    claims = jwt.decode(text, KEY, algorithms=["HS256"], options={"verify_exp": False})
    assert claims.keys() == CLAIMS
    assert (claims["user_id"], claims["role"], claims["quota_tier"]) == ("ada", "admin", "premium")
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": "JWT"}


def test_a_token_knows_the_key_that_it_was_issued_for() -> None:
    facts = TOKENS.read(TOKENS.issue(ADA))
    assert (facts.user_id, facts.key_id) == ("ada", 17)
    assert facts.expires_at == int(NOW) + 3600
    assert TOKENS.read(TOKENS.issue(Principal(1, "x", *ADA_REST))).key_id is None


ADA_REST = (Role.USER, Tier.FREE, None, NOON)


def test_no_two_tokens_have_one_id() -> None:
    assert len({TOKENS.read(TOKENS.issue(ADA)).id for _ in range(100)}) == 100


@pytest.mark.parametrize("jti", ["0b3f", "12345678-1234", "k.x", "kx.y", "k17", "k-1.x", "K17.x"])
def test_an_id_that_names_no_key_binds_to_none(jti: str) -> None:
    assert TOKENS.read(signed(jti=jti)).key_id is None


def test_former_keys_verify_and_do_not_sign() -> None:
    rotated = Tokens((OTHER_KEY, KEY), 3600, lambda: NOW)
    assert rotated.read(signed(KEY)).user_id == "ada"
    with pytest.raises(BadTokenError):
        TOKENS.read(rotated.issue(ADA))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    text = jwt.encode(GOOD, "" if algorithm == "none" else KEY * 2, algorithm=algorithm)
    for keys in ((KEY,), (KEY * 2,)):
        with pytest.raises(BadTokenError):
            Tokens(keys, 60, lambda: NOW).read(text)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "RS256", "ES256", "HS257", "", None, 1])
@pytest.mark.parametrize("signature", ["", "c2ln"])
def test_whatever_the_header_claims_is_refused(name: object, signature: str) -> None:
    with pytest.raises(BadTokenError):
        TOKENS.read(f"{part({'alg': name, 'typ': 'JWT'})}.{part(GOOD)}.{signature}")


def test_a_token_that_was_tampered_with_is_refused() -> None:
    header, _, signature = TOKENS.issue(ADA).split(".")
    forged = part({**GOOD, "role": "admin"})
    with pytest.raises(BadTokenError):
        TOKENS.read(f"{header}.{forged}.{signature}")
    with pytest.raises(BadTokenError):
        TOKENS.read(signed(OTHER_KEY))


@pytest.mark.parametrize(
    "claims",
    [
        *({name: ...} for name in GOOD),
        *({name: None} for name in GOOD),
        {"admin": True},
        {"aud": "us"},
        {"nbf": 0},
        {"sub": "ada"},
        {"user_id": 1},
        {"user_id": ""},
        {"jti": "x" * 65},
        {"jti": "é"},
        {"exp": "9999999999"},
        {"exp": NOW + 60.5},
        {"iat": True},
    ],
    ids=str,
)
def test_claims_that_are_not_exactly_ours_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(BadTokenError):
        TOKENS.read(signed(**claims))


@pytest.mark.parametrize("late", [0, 1, 86400, 10**12])
def test_a_token_ends_at_its_second(late: int) -> None:
    with pytest.raises(BadTokenError):
        TOKENS.read(signed(exp=int(NOW) - late))
    assert TOKENS.read(signed(exp=int(NOW) + 1)).expires_at == int(NOW) + 1


def test_clocks_may_differ_by_a_minute_and_not_by_more() -> None:
    assert TOKENS.read(signed(iat=int(NOW) + 60)).issued_at == int(NOW) + 60
    with pytest.raises(BadTokenError):
        TOKENS.read(signed(iat=int(NOW) + 61))


def test_a_huge_token_is_refused_before_anything_is_read() -> None:
    huge = signed(role="x" * 10_000_000)
    began = time.perf_counter()
    with pytest.raises(BadTokenError):
        TOKENS.read(huge)
    assert time.perf_counter() - began < 0.05
    with pytest.raises(BadTokenError):
        TOKENS.read("a" * (LONGEST + 1))


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "...", "a.b.c", "é.é.é", "\0.\0.\0", "Bearer x", "\ud800.a.b"),
        *(f"{part(['HS256'])}.{part(GOOD)}.x", f"{part('x')}.{part(GOOD)}.x"),
        base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("=") + ".e30.x",
    ],
)
def test_what_is_no_token_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(BadTokenError):
        TOKENS.read(text)


@pytest.mark.parametrize("payload", [b"[]", b"1", b"null", b"[" * 900, b"\xff", b'{"exp":1}'])
def test_a_signed_payload_that_is_no_object_of_ours_is_refused(payload: bytes) -> None:
    text = jwt.PyJWS().encode(payload, KEY, algorithm="HS256")
    with pytest.raises(BadTokenError):
        TOKENS.read(text)


@given(st.text(max_size=300))
def test_no_text_at_all_is_more_than_refused(text: str) -> None:
    with pytest.raises(BadTokenError):
        TOKENS.read(text)
