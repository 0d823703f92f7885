"""Flask without what this application never uses: hosts in rules, cookies, coroutines, hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request_tearing_down
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.routing import MapAdapter


class NoSession(dict[str, Any], SessionMixin):
    """A session that nobody opened: credentials come in headers."""


class NoSessions(SessionInterface):
    """Opens the same nothing for each request, and keeps none."""

    nothing = NoSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002 -- Flask's
        """Nothing."""
        return self.nothing

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002 -- Flask's
        """That there is nothing to be kept."""
        return True


class Application(Flask):
    """Finds the view of a request by its path and method alone, and calls it as it is.

    What Host may say has been judged before (routes/hosts.py); Flask would look at it twice more,
    which takes a twentieth of a small request. To see for each request that its view is no
    coroutine, and that nobody registered what is to be called around it, takes another twentieth:
    that stands in routes/edge.py and routes/door.py here. `after_this_request` has no effect.
    """

    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The view itself."""
        return func

    def preprocess_request(self, *given: Any) -> Any:
        """Call what is registered, if anything."""
        if self.before_request_funcs or self.url_value_preprocessors:
            return super().preprocess_request(*given)
        return None

    def process_response(self, *given: Any) -> Response:
        """Call what is registered, if anything."""
        if self.after_request_funcs:
            return super().process_response(*given)
        response: Response = given[-1]  # from Flask 3.2 on a context comes before it
        return response

    def do_teardown_request(self, *given: Any) -> None:
        """Call what is registered, if anything."""
        if self.teardown_request_funcs or request_tearing_down.receivers:
            super().do_teardown_request(*given)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What matches the request; outside of one nothing asks for addresses."""
        if request is None:
            return None
        environ = request.environ
        return MapAdapter(
            self.url_map,
            server_name=environ.get("HTTP_HOST") or environ["SERVER_NAME"],
            script_name=f"{_text(environ.get('SCRIPT_NAME', '')).rstrip('/')}/",
            subdomain="",
            url_scheme=environ["wsgi.url_scheme"],
            path_info=_text(environ.get("PATH_INFO", "")),
            default_method=environ["REQUEST_METHOD"],
            query_args=environ.get("QUERY_STRING", ""),
        )


def _text(encoded: str) -> str:
    """What WSGI holds as Latin-1, as the UTF-8 that it is."""
    return encoded if encoded.isascii() else encoded.encode("latin-1").decode(errors="replace")
