"""How text becomes a value."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.settings import Environment, kinds
from knowalledge_api.settings.kinds import MASK, Kind, Secret

DATABASE = kinds.url(kinds.DATABASE_SCHEMES)
KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (kinds.text(), "a b", "a b"),
        (kinds.integer(-5, 5), "-5", -5),
        (kinds.seconds(0, 10), "0.25", 0.25),
        (kinds.choice(Environment), "Production", Environment.PRODUCTION),
        (kinds.items(), " a, b ,,", ("a", "b")),
        (kinds.FLAG, "YES", True),
        (kinds.FLAG, "off", False),
        (kinds.HOST, "[::]", "[::]"),
        (kinds.HOST, "unix:/run/x", "unix:/run/x"),
        (kinds.RATES, "10/minute; 5 / day", "10/minute;5 / day"),
        (kinds.WEB_ADDRESS, "https://a.example/x", "https://a.example/x"),
    ],
)
def test_text_that_fits_becomes_a_value(kind: Kind[object], raw: str, value: object) -> None:
    assert kind.read(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (kinds.text(3), "four"),
        (kinds.text(), "a\nb"),
        (kinds.integer(1, 5), "6"),
        (kinds.integer(1, 5), "1e0"),
        (kinds.integer(1, 5), "٣"),
        (kinds.seconds(0, 1), "nan"),
        (kinds.seconds(0, 1), "-1"),
        (kinds.choice(Environment), "test"),
        (kinds.networks(), "10.0.0.0/99"),
        (kinds.FLAG, "maybe"),
        (kinds.HOST, "a host"),
        (kinds.RATES, "0/minute"),
        (kinds.WEB_ADDRESS, "ftp://a"),
        (kinds.WEB_ADDRESS, "http://a:x"),
        (kinds.WEB_ADDRESS, "http://u:p@a"),
        (DATABASE, "postgresql://h:port/x"),
        (DATABASE, "postgresql://"),
        (DATABASE, "oracle://h/x"),
        (kinds.SIGNING_KEY, "short"),
        (kinds.SIGNING_KEY, "a" * 40),
        (kinds.SIGNING_KEY, "your-0123456789abcdefghijklmnopqrstuvwxyz"),
        (kinds.SIGNING_KEY, f"{KEY},"),
        (kinds.SIGNING_KEY, f"{KEY[:20]},{KEY[20:]}"),
        (kinds.SIGNING_KEYS, "abc"),
        (kinds.SIGNING_KEYS, f"{KEY},abc"),
        (kinds.SIGNING_KEYS, f"{KEY[:31]},{KEY}"),
        (kinds.SIGNING_KEYS, f"{KEY[:20]},{KEY[20:]}"),
        (kinds.SIGNING_KEYS, f"{KEY}, {'a' * 40}"),
        (kinds.SIGNING_KEYS, f"change-me{KEY}"),
    ],
)
def test_text_that_does_not_fit_is_refused(kind: Kind[object], raw: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        kind.read(raw)


def test_networks_are_of_both_families() -> None:
    assert [str(net) for net in kinds.networks().read("10.0.0.0/8, 2001:db8::/32")] == [
        "10.0.0.0/8",
        "2001:db8::/32",
    ]


def test_a_good_key_signs_and_verifies_when_it_is_a_former_one() -> None:
    assert kinds.SIGNING_KEY.read(KEY).reveal() == KEY
    for former in (KEY, f" {KEY} , ,{KEY[::-1]},", KEY[:32], ","):
        assert kinds.SIGNING_KEYS.read(former).reveal() == former


@given(st.text(min_size=1))
def test_a_secret_shows_itself_nowhere(value: str) -> None:
    canary = f"canary{value}"
    secret = Secret(canary)
    assert [str(secret), repr(secret), f"{secret}", f"{[secret]}"] == [MASK] * 3 + [f"[{MASK}]"]
    assert secret.reveal() == canary
    assert pickle.loads(pickle.dumps(secret)) == secret  # noqa: S301 -- our own bytes


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("postgresql://u:canary@h:5/x?password=canary", f"postgresql://u:{MASK}@h:5/x?{MASK}"),
        ("postgresql://h/x", "postgresql://h/x"),
        ("postgresql://u:12/ary@h/x", MASK),
        ("postgresql://u:12#ary@h/x", MASK),
    ],
)
def test_a_secret_url_shows_its_place_alone(raw: str, shown: str) -> None:
    secret = DATABASE.read(raw)
    assert (secret.shown, str(secret), secret.reveal()) == (shown, MASK, raw)


def test_any_other_secret_shows_nothing() -> None:
    assert kinds.secret().read("canary").shown == MASK
