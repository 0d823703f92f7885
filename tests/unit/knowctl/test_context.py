from __future__ import annotations

from pathlib import Path

import pytest

from knowctl.context import CLOCK, Common, Context, make_context
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.probes.accounts import AccountsProbe
from knowctl.probes.environment import checkout_of
from knowctl.probes.machine import MachineProbe
from knowctl.probes.migrations import MigrationsProbe
from knowctl.render.voice import Voice
from knowctl.supervisor.hand_over import HandOver
from knowctl.supervisor.launch import Development, Handing, InProcess


def context(common: Common | None = None, **environ: str) -> Context:
    return Context(common or Common(), environ, {})


def test_nothing_is_read_before_it_is_asked_for() -> None:
    broken = context(PORT="x")
    assert isinstance(broken.voice, Voice)
    probe = broken.settings
    with pytest.raises(KnowctlError):
        probe.settings()


def test_parts_are_made_once() -> None:
    one = context()
    assert one.settings is one.settings
    assert one.voice is one.voice
    assert one.database() is one.database()
    assert one.overriding(PORT=2).database() is not one.database()


def test_options_override_settings_and_none_leaves_them_alone() -> None:
    one = context(PORT="1", HOST="localhost")
    two = one.overriding(PORT=2, HOST=None).overriding(REPLICAS=3)
    assert two.overrides == {"PORT": "2", "REPLICAS": "3"}
    settings = two.settings.settings()
    assert (settings.port, settings.host, settings.replicas) == (2, "localhost", 3)
    assert one.settings.settings().port == 1


def test_the_file_to_write_is_the_one_that_was_named() -> None:
    assert context().env_file().path == Path(".env")
    assert context(Common(Path("a.env"))).env_file().path == Path("a.env")


def test_the_database_is_the_configured_one() -> None:
    assert context(DATABASE_URL="sqlite:///a.db").database().name == "sqlite:///a.db"
    assert not Path("a.db").exists()


def test_users_and_routes_are_those_of_the_settings() -> None:
    one = context(DATABASE_URL="sqlite:///a.db")
    accounts = one.accounts()
    assert accounts.person is one.voice
    assert isinstance(accounts.accounts, AccountsProbe)
    assert accounts.accounts.settings is one.routes().settings is one.settings.settings()


def test_what_migrates_and_what_judges_work_on_the_configured_database() -> None:
    one = context(DATABASE_URL="sqlite:///a.db")
    migrating, judging = one.migrations(), one.schema_check()
    assert migrating.database is judging.database is one.database()
    assert isinstance(judging.compared, MigrationsProbe)
    assert migrating.migrations.name == "sqlite:///a.db"
    assert migrating.person is judging.talk is one.voice
    assert judging.clock is CLOCK
    assert not Path("a.db").exists()


def test_what_is_live_is_asked_of_what_the_settings_name() -> None:
    ports = context(DATABASE_URL="sqlite:///a.db", SERVER="waitress", INSTANCE="one").live_check()
    assert (ports.sizes.workers, ports.sizes.threads, ports.instance) == (1, 32, "one")
    assert not Path("a.db").exists()


def test_the_server_is_the_configured_one_or_the_one_asked_for() -> None:
    assert context(PORT="8000").server(None).url == "http://127.0.0.1:8000"
    named = context(PORT="8000").server("http://a")
    assert (named.url, named.elsewhere) == ("http://a", True)
    assert context(KNOWCTL_URL="http://b").server(None).elsewhere


def test_a_named_server_is_asked_whatever_is_wrong_with_the_settings() -> None:
    missing = Common(Path("missing.env"))
    assert context(missing, PORT="x").server("http://a").url == "http://a"
    assert context(missing, PORT="x", KNOWCTL_URL="http://b").server(None).url == "http://b"
    for broken in (context(REPLICAS="x"), context(missing), context(KNOWCTL_URL="ftp://x")):
        with pytest.raises(KnowctlError) as raised:
            broken.server(None)
        assert raised.value.failure.code is ErrorCode.CONFIGURATION


def test_serving_hands_the_server_its_environment_and_says_what_it_leaves_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = context(Common(Path("a.env")), WEB_CONCURRENCY="9", A="b").overriding(PORT=2)
    ports = one.serving("3:bind:first")
    added = {"PORT": "2", "KNOWCTL_ENV_FILE": "a.env"}
    assert ports.runner == Handing(HandOver(3, bind=True, first=True), added)
    assert ports.clock is CLOCK
    assert ports.talk is one.voice
    assert "WEB_CONCURRENCY is ignored" in capsys.readouterr().err
    assert one.serving().runner == InProcess({**one.environ, **added})
    assert one.serving(dev=True).runner == Development({**one.environ, **added})


@pytest.mark.parametrize(
    ("common", "env_file"),
    [(Common(), Path("from.env")), (Common(Path("word.env")), Path("word.env"))],
)
def test_the_command_line_names_the_file_before_the_environment_does(
    monkeypatch: pytest.MonkeyPatch, common: Common, env_file: Path
) -> None:
    monkeypatch.setenv("KNOWCTL_ENV_FILE", "from.env")
    assert make_context(common).common.env_file == env_file


def test_the_environment_option_is_a_setting_of_the_command_line() -> None:
    assert make_context(Common(environment="staging")).overrides == {"APP_ENV": "staging"}
    assert make_context(Common()).overrides == {}
    assert make_context(Common()).common.env_file is None


def test_the_running_server_is_that_of_the_settings_or_the_one_that_was_named() -> None:
    one = context(KNOWCTL_RUN_DIR="/nowhere/run", INSTANCE="a")
    for instance, place in ((None, "/nowhere/run"), ("a", "/nowhere/run"), ("b", "/b")):
        with pytest.raises(KnowctlError) as raised:
            one.live(instance)
        assert raised.value.failure.code is ErrorCode.NO_SERVER
        assert raised.value.failure.cause.endswith(place)


def test_a_server_is_not_guessed_from_settings_that_can_not_be_read() -> None:
    with pytest.raises(KnowctlError) as raised:
        context(PORT="x").live()
    assert raised.value.failure.code is ErrorCode.CONFIGURATION
    for broken, instance in ((context(REPLICAS="x"), None), (context(PORT="x"), "b")):
        with pytest.raises(KnowctlError) as raised:
            broken.live(instance)
        assert raised.value.failure.code is ErrorCode.NO_SERVER


def test_a_server_elsewhere_is_asked_where_one_is_named() -> None:
    assert context().remote(None) is None
    named = context(KNOWCTL_URL="http://b", KNOWCTL_API_KEY="key").remote(None)
    assert named is not None
    assert (named.server.url, named.token) == ("http://b", "key")
    given = context(PORT="x").remote("http://a")
    assert given is not None
    assert given.server.url == "http://a"


def test_a_file_that_everybody_may_write_to_names_no_server_for_a_key_that_it_does_not_hold() -> (
    None
):
    file = Path(".env")
    file.write_text("KNOWCTL_URL=http://b\n")
    file.chmod(0o666)
    astray = context(KNOWCTL_API_KEY="canary")
    with pytest.raises(KnowctlError) as raised:
        astray.remote(None)
    assert raised.value.failure.code is ErrorCode.CONFIGURATION
    assert "where KNOWCTL_API_KEY is sent" in raised.value.failure.cause
    given = astray.remote("http://a")
    assert given is not None
    assert (given.server.url, given.token) == ("http://a", "canary")
    named = context(Common(file), KNOWCTL_API_KEY="canary").remote(None)
    assert named is not None
    assert (named.server.url, named.token) == ("http://b", "canary")


def test_sizes_and_limits_are_those_of_the_settings() -> None:
    one = context(DB_POOL_SIZE="7", DRAIN_SECONDS="3", GUNICORN_GRACEFUL_TIMEOUT="20")
    assert one.sizes().size == 7
    assert (one.limits(None).longest, one.limits(2).longest) == (28, 2)


def test_explanations_are_of_these_settings_and_the_machine_is_this_one() -> None:
    one = context(PORT="81")
    assert one.explanations().effective("PORT").value == "81"
    assert one.machine() == MachineProbe()


def test_the_machine_is_judged_for_the_server_of_the_settings() -> None:
    host = context(SERVER="waitress", WAITRESS_THREADS="7", PORT="x").host()
    assert (host.server, host.sizes.workers, host.sizes.threads) == ("waitress", 1, 7)
    assert context(SERVER="gunicorn", GUNICORN_WORKERS="3").host().sizes.workers == 3


def test_an_environment_is_made_where_it_was_named_and_says_its_steps() -> None:
    workshop = context().workshop(Path("fresh"), ("mysql",))
    assert (workshop.path, workshop.extras) == (Path("fresh"), ("mysql",))
    assert workshop.root == checkout_of()


def test_what_a_bundle_is_made_of_is_asked_when_it_is_written() -> None:
    ports = context().bundle(Path("b.tar.gz"))
    with pytest.raises(KnowctlError, match="no server runs here"):
        ports.status()
    assert not Path("b.tar.gz").exists()
