from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from knowalledge_api.settings import TABLE
from knowctl.checks.catalog import CONFIGURATION
from tests.support.rooms import ROOT
from tests.unit.knowctl.conftest import KEY, Run, Said

EVERY = len(CONFIGURATION)
CHECKS_PAGE = ROOT / "docs" / "checks.md"


def test_check_reports_every_finding_on_stdout(run: Run) -> None:
    said = run("config", "check")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{EVERY} checked: {EVERY} passed; -v shows each\n"
    shown = run("config", "check", "-v")
    assert shown.out.startswith("✔ KC101 ")
    assert shown.out.endswith(f"{EVERY} checked: {EVERY} passed\n")


def test_check_exits_with_one_on_an_error(run: Run) -> None:
    said = run("config", "check", "--environment", "production")
    assert (said.code, said.err) == (1, "")
    assert "✖ KC104 Everything required is set" in said.out


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_check_fails_at_the_level_that_was_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, level: str, code: int
) -> None:
    monkeypatch.setenv("DATABSE_URL", "x")
    assert run("config", "check", "--fail-level", level).code == code


def test_check_in_json_has_the_promised_shape(run: Run) -> None:
    said = run("config", "check", "-o", "json", "--select", "KC104", "--environment", "staging")
    document = json.loads(said.out)
    assert said.code == 1
    assert document["data"]["summary"] == {"pass": 0, "fail": 1, "skipped": 0, "unknown": 0}
    [finding] = document["data"]["findings"]
    assert set(finding) == {
        *("id", "severity", "outcome", "title", "cause", "hint", "where", "docs"),
    }


def test_check_takes_several_ids(run: Run) -> None:
    said = run("config", "check", "--select", "KC101", "--select", "KC102", "--ignore", "KC102")
    assert said.out.endswith("1 checked: 1 passed\n")
    assert run("config", "check", "--ignore", "KC999").code == 2


def test_a_selected_check_that_was_skipped_is_no_success(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "x")
    said = run("config", "check", "--select", "KC110")
    assert said.code == 1
    assert [line[:7] for line in said.out.splitlines() if "KC" in line[:5]] == [
        "✖ KC103",
        "- KC110",
    ]


def test_verbose_says_where_a_finding_is_explained(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABSE_URL", "x")
    assert "    docs/checks.md#kc105\n" in run("config", "check", "-v").out
    assert "docs/checks.md" not in run("config", "check").out


def test_show_masks_secrets_and_tells_origins(run: Run) -> None:
    Path(".env").write_text(f"SECRET_KEY={KEY}\nDATABASE_URL=postgresql://u:canary@h/n\n")
    said = run("config", "show", "--origin", "SECRET_KEY", "DATABASE_URL")
    assert said.code == 0
    assert said.out.splitlines()[1].split() == [
        "DATABASE_URL",
        "postgresql://u:********@h/n",
        ".env:2",
    ]
    assert KEY not in run("config", "show").out
    assert "canary" not in run("config", "show", "-o", "json").out


def test_show_refuses_a_name_that_is_no_setting(run: Run) -> None:
    said = run("config", "show", "PROT")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ there is no setting PROT\n")


def test_show_with_unusable_settings_shows_them_then_three_lines(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "x")
    said = run("config", "show", "HOST", "PORT")
    assert (said.code, said.err) == (1, "")
    assert said.out.splitlines() == [
        "SETTING  VALUE",
        "HOST     127.0.0.1",
        "PORT     5000",
        "",
        "✖ the configuration can't be used",
        "    PORT: 'x' is not a whole number from 1 to 65535",
        "    → mend or unset PORT in the environment",
    ]
    answer = run("config", "show", "HOST", "-o", "json")
    document = json.loads(answer.out)
    assert (answer.code, document["ok"]) == (1, False)
    assert document["error"]["code"] == "configuration"
    assert [each["name"] for each in document["data"]["settings"]] == ["HOST"]


def test_init_writes_a_private_file_that_passes_the_checks(run: Run) -> None:
    said = run("config", "init")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("✔ written        .env: ")
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600
    assert run("config", "check").code == 0


def test_init_refuses_a_second_time_and_force_keeps_a_backup(run: Run) -> None:
    run("config", "init")
    first = Path(".env").read_text()
    refused = run("config", "init", "--environment", "production")
    assert (refused.code, refused.out) == (4, "")
    assert len(refused.err.splitlines()) == 3
    assert Path(".env").read_text() == first

    forced = run("config", "init", "--environment", "production", "--force", "-o", "json")
    backup = json.loads(forced.out)["data"]["backup"]
    assert Path(backup).read_text() == first
    assert "\nAPP_ENV=production\n" in Path(".env").read_text()


def test_init_where_nothing_can_be_written_is_three_lines(run: Run) -> None:
    Path("file").write_text("")
    said = run("config", "init", "--env-file", "file/.env")
    assert (said.code, said.out) == (1, "")
    words = " ".join(said.err.split())  # the path may be wrapped to a line of its own
    assert words.startswith("✖ file/.env can't be written Not a directory → make /")


def test_init_never_prints_a_secret(run: Run) -> None:
    said = run("config", "init", "-v", "--debug")
    [key] = [
        line.partition("=")[2]
        for line in Path(".env").read_text().splitlines()
        if line.startswith("SECRET_KEY=")
    ]
    assert len(key) == 64
    assert key not in said.out + said.err


def test_check_annotates_the_offending_line_for_github(run: Run) -> None:
    Path(".env").write_text("\nPORT=70000\n")
    Path(".env").chmod(0o600)
    said = run("config", "check", "-o", "github")
    assert said.code == 1
    assert said.out.startswith("::error file=.env,line=2,title=KC103 Every value is of its kind::")
    assert len(said.out.splitlines()) == 1


def test_check_says_nothing_to_github_when_all_is_well(run: Run) -> None:
    assert run("config", "check", "-o", "github") == Said(0, "", "")


@pytest.mark.parametrize(("output", "beginning"), [("sarif", "{"), ("junit", "<testsuites ")])
def test_check_writes_a_document_for_machines(run: Run, output: str, beginning: str) -> None:
    said = run("config", "check", "-o", output)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(beginning)


@pytest.mark.parametrize("output", ["github", "sarif", "junit"])
def test_what_has_words_for_findings_alone_is_refused_before_any_work(
    run: Run, output: str
) -> None:
    said = run("config", "init", "-o", output)
    assert (said.code, said.out) == (2, "")
    assert f"-o {output} can't be used here" in said.err
    assert not Path(".env").exists()


def test_a_default_for_findings_leaves_other_commands_their_text(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWCTL_OUTPUT", "github")
    assert run("config", "show", "PORT").out.startswith("SETTING")
    assert run("config", "check").out == ""


@pytest.mark.parametrize("name", [row.name for row in TABLE])
def test_explain_knows_every_setting(run: Run, name: str) -> None:
    said = run("config", "explain", name.lower(), "-o", "json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["data"]["setting"]["name"] == name
    assert run("config", "explain", name).out.startswith(f"{name}\n    ")


@pytest.mark.parametrize(
    "name", re.findall(r"^## (KC\d+)$", CHECKS_PAGE.read_text("utf-8"), re.MULTILINE)
)
def test_explain_knows_every_check(run: Run, name: str) -> None:
    said = run("config", "explain", name.lower(), "-o", "json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["data"]["check"]["docs"] == f"docs/checks.md#{name.lower()}"
    text = run("config", "explain", name).out
    assert text.startswith(f"{name} ")
    assert "\nWhat to type\n" in text
    assert "`" not in text


def test_explain_never_shows_a_secret(run: Run) -> None:
    Path(".env").write_text(f"SECRET_KEY={KEY}\nDATABASE_URL=postgresql://u:canary@h/n\n")
    for words in (("SECRET_KEY",), ("DATABASE_URL",), ("DATABASE_URL", "-ojson")):
        said = run("config", "explain", *words)
        assert said.code == 0
        assert "********" in said.out
        assert KEY not in said.out + said.err
        assert "canary" not in said.out + said.err


def test_explain_refuses_a_word_that_is_neither_and_offers_the_nearest(run: Run) -> None:
    said = run("config", "explain", "DATABSE_URL")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(
        "✖ there is no check or setting 'DATABSE_URL'\n    near are DATABASE_"
    )
    assert said.err.endswith("    → knowctl config explain DATABASE_URL\n")


def test_explain_works_with_settings_that_do_not(run: Run) -> None:
    Path(".env").write_bytes(b"PORT=\xff")
    assert run("config", "explain", "KC101").code == 0
    said = run("config", "explain", "PORT")
    assert said.code == 0
    assert "! .env " in said.out


def test_tune_ends_in_the_lines_for_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/app")
    said = run("config", "tune", "--cpus", "2", "--memory", "2G")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    Path(".env").write_text("\n".join(lines[-4:]))
    assert lines[-4:-2] == ["GUNICORN_WORKERS=5", "GUNICORN_THREADS=24"]
    assert run("pool", "budget").code == 0


def test_tune_measures_the_machine_where_nothing_is_given(run: Run) -> None:
    data = json.loads(run("config", "tune", "-o", "json").out)["data"]
    assert data["machine"]["cpus"] >= 1
    assert data["budget"]["limit"] is None
    assert {each["name"] for each in data["settings"]} >= {"GUNICORN_WORKERS", "DB_POOL_SIZE"}


@pytest.mark.parametrize("words", [("--server", "waitress"), ()])
def test_tune_speaks_of_the_threads_of_waitress(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    if not words:
        monkeypatch.setenv("SERVER", "waitress")
    said = run("config", "tune", *words)
    assert "\nWAITRESS_THREADS=32\n" in said.out
    assert "GUNICORN_THREADS" not in said.out


def test_tune_fails_where_nothing_fits_and_still_says_why(run: Run) -> None:
    said = run("config", "tune", "--memory", "1M", "-o", "json")
    document = json.loads(said.out)
    assert (said.code, document["ok"]) == (1, False)
    assert document["error"]["message"] == "no configuration fits"
    assert document["data"]["memory"] == {"needed_mb": 220, "fits": False}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--memory", each) for each in ("0", "-5", "much", "0M")),
        *(("--cpus", each) for each in ("0", "-1", "two", "1.5")),
        *(("--max-connections", each) for each in ("0", "-1", "x")),
        *(("--replicas", each) for each in ("0", "1001", "x")),
        ("--server", "apache"),
    ],
)
def test_tune_refuses_what_is_no_size(run: Run, option: str, value: str) -> None:
    said = run("config", "tune", f"{option}={value}")
    assert (said.code, said.out) == (2, "")
    assert option in said.err


def test_check_live_judges_what_offline_is_refused(run: Run) -> None:
    said = run("config", "check", "--live", "--select", "KC524", "--select", "KC410")
    assert (said.code, said.err) == (0, "")
    assert "✔ KC524 " in said.out
    assert "(skipped: REDIS_URL is not set)" in said.out
    said = run("config", "check", "--select", "KC524")
    assert said.code == 2
    assert "knowctl config check --live --select KC524" in said.err
