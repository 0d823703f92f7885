"""The application of this process's settings, for any WSGI server to import."""

from __future__ import annotations

from knowalledge_api.app import create_app

application = create_app()
