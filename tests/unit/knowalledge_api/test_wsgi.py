"""The application of this process's settings."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    import pytest


def test_it_is_what_a_server_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module("knowalledge_api.wsgi")
    assert isinstance(module.application, Flask)
