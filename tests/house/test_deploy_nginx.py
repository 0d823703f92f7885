"""deploy/nginx in accord with the settings; tests/e2e/test_nginx.py runs it."""

from __future__ import annotations

import re

from tests.support.configuration import settings_of
from tests.support.nginx import CONFIGURATION

TEXT = CONFIGURATION.read_text()


def seconds(directive: str) -> int:
    (found,) = re.findall(rf"^ +{directive} (\d+)s;", TEXT, re.MULTILINE)
    return int(found)


def test_idle_connections_end_at_the_proxy_first() -> None:
    (asked,) = re.findall(r"GUNICORN_KEEPALIVE=(\d+)", TEXT)
    assert seconds("keepalive_timeout") < int(asked)


def test_the_largest_body_is_the_server_s() -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", TEXT)
    assert int(megabytes) * 1024 * 1024 == settings_of().max_content_length


def test_the_proxy_waits_longer_than_the_longest_ai_request() -> None:
    assert seconds("proxy_read_timeout") > settings_of().ai_request_budget


def test_it_asks_the_port_that_the_server_has() -> None:
    (port,) = re.findall(r"server 127\.0\.0\.1:(\d+)", TEXT)
    assert int(port) == settings_of().port
