"""Why the database could not be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError

from knowalledge_api.database.failures import LONGEST_CAUSE, MASK, explain, explained
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError
from tests.support.configuration import PASSWORD

URL_ = make_url(f"postgresql+psycopg2://u:{PASSWORD}@h/x?sslkey=key-canary")


def operational(*arguments: object) -> OperationalError:
    return OperationalError("SELECT 1", None, Exception(*arguments))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Connection refused\n\tIs the server running?", DatabaseFault.REFUSED),
        ("no answer from the server in 2 s", DatabaseFault.SILENT),
        ("connection timed out", DatabaseFault.SILENT),
        ("Query was interrupted (max_statement_time exceeded)", DatabaseFault.TIMEOUT),
        ("canceling statement due to statement timeout", DatabaseFault.TIMEOUT),
        ('FATAL:  password authentication failed for user "u"', DatabaseFault.AUTHENTICATION),
        ('FATAL:  role "u" does not exist', DatabaseFault.AUTHENTICATION),
        ('FATAL:  database "x" does not exist', DatabaseFault.NO_DATABASE),
        ('could not translate host name "h" to address', DatabaseFault.UNKNOWN_HOST),
        ("FATAL:  sorry, too many clients already", DatabaseFault.TOO_MANY),
        ("server closed the connection unexpectedly", DatabaseFault.LOST),
        ("FATAL:  the database system is starting up", DatabaseFault.LOST),
        ('relation "topics" does not exist', DatabaseFault.SCHEMA),
        ("database is locked", DatabaseFault.LOCKED),
        ("database or disk is full", DatabaseFault.FULL),
        ('could not extend file "base/5/1": No space left on device', DatabaseFault.FULL),
        ("The table 'topics' is full", DatabaseFault.FULL),
        ("something that nobody has seen", DatabaseFault.OTHER),
    ],
)
def test_each_kind_of_fault_is_known_by_its_text(text: str, fault: DatabaseFault) -> None:
    error = explain(operational(text), URL_)
    assert error.fault is fault
    assert error.hint
    assert str(error) == f'server at "h", port 5432: {text.splitlines()[0]}'


def test_pymysql_names_its_fault_behind_a_number() -> None:
    error = operational(1045, "Access denied for user 'u'@'h' (using password: YES)")
    found = explain(error, make_url("mysql+pymysql://u@h:7/x"))
    assert found.fault is DatabaseFault.AUTHENTICATION
    assert str(found).startswith('server at "h", port 7: Access denied')


def test_an_error_without_words_has_the_name_of_its_kind() -> None:
    socket = make_url("postgresql://u@/x?host=/run")
    assert str(explain(operational(), socket)) == "Exception"


@given(st.text(min_size=4), st.text(max_size=400))
def test_no_secret_of_the_url_is_in_a_cause(password: str, around: str) -> None:
    secret = f"canary{password}"
    url = URL.create("postgresql+psycopg2", "u", secret, "h", None, "x", {"sslkey": (secret,)})
    cause = str(explain(operational(f"{around}{secret}{around}"), url))
    assert "canary" not in cause.replace(around, "") or "canary" in around
    assert "\n" not in cause
    assert len(cause) <= LONGEST_CAUSE + 40


def test_a_quoted_spelling_of_the_password_is_masked_too() -> None:
    url = make_url("postgresql://u:p%40ss%20word@h/x")
    cause = str(explain(operational("bad p%40ss%20word and p@ss word and p%40ss+word"), url))
    assert cause == f'server at "h", port 5432: bad {MASK} and {MASK} and {MASK}'


def test_a_full_pool_is_a_fault_of_its_own() -> None:
    assert explain(NoFreeConnectionError(), URL_).fault is DatabaseFault.POOL


@pytest.mark.parametrize(
    ("module", "hint"),
    [("pymysql", "pip install 'knowctl[mysql]'"), ("psycopg2", "pip install psycopg2-binary")],
)
def test_a_driver_that_is_not_installed_says_how_to_get_it(module: str, hint: str) -> None:
    with pytest.raises(DatabaseUnavailableError) as caught, explained(URL_):
        raise ModuleNotFoundError(name=module)
    assert (caught.value.fault, caught.value.hint) == (DatabaseFault.NO_DRIVER, hint)


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ModuleNotFoundError), explained(URL_):
        raise ModuleNotFoundError(name="another")
    with pytest.raises(ProgrammingError), explained(URL_):
        raise ProgrammingError("SELEC", None, Exception("syntax error"))
    with pytest.raises(KeyError), explained(URL_):
        raise KeyError


def test_a_missing_table_is_an_outage_with_a_hint() -> None:
    with pytest.raises(DatabaseUnavailableError) as caught, explained(URL_):
        raise ProgrammingError("SELECT 1", None, Exception('relation "topics" does not exist'))
    assert caught.value.hint == "run 'knowctl db init'"


def test_an_option_that_libpq_refuses_is_an_outage_that_does_not_show_it() -> None:
    url = make_url("postgresql://u:pw@h/x?canary=canary")
    refused = ProgrammingError(None, None, Exception('invalid dsn: invalid option "canary"'))
    with pytest.raises(DatabaseUnavailableError) as caught, explained(url):
        raise refused
    assert "invalid dsn" in str(caught.value)
    assert "canary" not in str(caught.value)
