"""For how long a route's answers are kept: declared on its view, by the setting that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from knowalledge_api.auth.policy import View
from knowalledge_api.settings import Settings

_ATTRIBUTE: Final = "__kept__"


def kept(setting: str) -> Callable[[View], View]:
    """Declare that answers are kept for as many seconds as a setting says, by its attribute."""

    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, setting)
        return view

    return declare


def kept_for(view: Callable[..., Any], settings: Settings) -> int | None:
    """Seconds for which answers are kept; None where they are made anew each time."""
    setting = getattr(view, _ATTRIBUTE, None)
    return None if setting is None else int(getattr(settings, setting))
