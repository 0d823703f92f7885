"""Which provider the settings ask for."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

import pytest

from knowalledge_api.providers.choice import Writers, make_writers
from knowalledge_api.providers.faults import AiError
from knowalledge_api.settings import SettingsError
from tests.support.configuration import settings_of


class Account:
    def spend(self) -> None:
        raise AssertionError("nobody asks")

    def tally(self, user: int | None, input_tokens: int, output_tokens: int) -> None:
        raise AssertionError(user, input_tokens, output_tokens)


def writers(**values: str) -> Writers:
    return make_writers(settings_of(**values), Account())


@pytest.mark.parametrize(
    "values", [{}, {"AI_PROVIDER": "offline", "GOOGLE_API_KEY": "canary"}, {"AI_PROVIDER": "auto"}]
)
def test_without_a_key_or_by_wish_content_is_written_offline(values: dict[str, str]) -> None:
    found = writers(**values)
    assert (found.provider.source, found.ai, found.helpers) == ("offline", None, 0)
    with ExitStack() as taken:
        for _ in range(200):
            taken.enter_context(found.place())


def test_a_key_alone_has_gemini_write() -> None:
    found = writers(GOOGLE_API_KEY="canary", GEMINI_MODEL="gemini-9", AI_CONCURRENCY="7")
    assert found.provider.source == "gemini"
    assert found.provider.version.startswith("gemini-9/")
    assert found.ai is not None
    assert found.ai.capacity.size == 7
    assert "canary" not in repr(found)


def test_threads_are_kept_free_of_what_waits_for_the_ai() -> None:
    found = writers(GOOGLE_API_KEY="canary", GUNICORN_THREADS="24", SERVER="gunicorn")
    with ExitStack() as taken:
        for _ in range(20):
            taken.enter_context(found.place())
        with pytest.raises(AiError), found.place():
            pass


@pytest.mark.parametrize(
    ("threads", "wanted", "calls"), [("24", "30", 22), ("24", "5", 5), ("2", "2", 1), ("1", "1", 1)]
)
def test_calls_leave_two_threads_free(threads: str, wanted: str, calls: int) -> None:
    size = {"GUNICORN_THREADS": threads, "AI_CONCURRENCY": wanted, "SERVER": "gunicorn"}
    found = writers(GOOGLE_API_KEY="canary", **size)
    assert found.ai is not None
    assert found.ai.capacity.size == calls


def test_gemini_without_a_key_is_no_configuration() -> None:
    with pytest.raises(SettingsError) as caught:
        writers(AI_PROVIDER="gemini")
    [problem] = caught.value.problems
    assert (problem.name, problem.hint) == (
        "GOOGLE_API_KEY",
        "set GOOGLE_API_KEY, or AI_PROVIDER=offline",
    )


def test_a_missing_sdk_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.genai", None)
    for name in ("client", "provider"):
        monkeypatch.delitem(sys.modules, f"knowalledge_api.providers.gemini.{name}", raising=False)
    with pytest.raises(SettingsError) as caught:
        writers(GOOGLE_API_KEY="canary")
    [problem] = caught.value.problems
    assert "google.genai is not installed" in problem.cause
    assert problem.hint == "pip install 'knowctl[gemini]', or set AI_PROVIDER=offline"


def test_everything_is_imported_when_the_writers_are_made() -> None:
    script = (
        "import sys\n"
        "from knowalledge_api.services.writing import Shelves\n"
        "from tests.support.configuration import settings_of\n"
        "from tests.support.gemini import serving_gemini, KEY\n"
        "from knowalledge_api.providers.choice import make_writers\n"
        "from knowalledge_api.providers.protocol import Terms\n"
        "from knowalledge_api.providers.tasks import DivideTopic\n"
        "class Account:\n"
        "    spend = lambda self: None\n"
        "    tally = lambda self, *_: None\n"
        "with serving_gemini() as gemini:\n"
        "    values = {'GOOGLE_API_KEY': KEY, 'GEMINI_BASE_URL': gemini.url}\n"
        "    writers = make_writers(settings_of(**values), Account())\n"
        "    Shelves.of(1, 1)\n"  # as the application has them before it serves
        "    before = set(sys.modules)\n"
        "    writers.provider.write(DivideTopic(topic='CI/CD'), Terms())\n"
        "    print(sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "[]\n", done.stderr[-2000:]
