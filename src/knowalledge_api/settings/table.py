"""Every setting of the product, declared once: name, default, kind, meaning."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from knowalledge_api.settings import kinds
from knowalledge_api.settings.kinds import (
    FLAG,
    HOST,
    RATES,
    WEB_ADDRESS,
    Kind,
    Secret,
    SecretUrl,
    choice,
    integer,
    items,
    seconds,
    text,
)

T = TypeVar("T")


class Environment(StrEnum):
    """Where the service runs; it decides what is safe."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Server(StrEnum):
    """The HTTP server: auto is gunicorn on POSIX and waitress on Windows."""

    AUTO = "auto"
    GUNICORN = "gunicorn"
    WAITRESS = "waitress"

    @property
    def here(self) -> Server:
        """What it comes to on this platform."""
        if self is not Server.AUTO:
            return self
        return Server.WAITRESS if os.name == "nt" else Server.GUNICORN


class Pooler(StrEnum):
    """What stands between the application and its database."""

    NONE = "none"
    PGBOUNCER = "pgbouncer"


class LogLevel(StrEnum):
    """The least severe record that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """JSON for machines, console for people."""

    JSON = "json"
    CONSOLE = "console"


class Registration(StrEnum):
    """Whether strangers may register."""

    OPEN = "open"
    CLOSED = "closed"


class Provider(StrEnum):
    """Who writes the content: auto is Gemini where there is a key."""

    AUTO = "auto"
    GEMINI = "gemini"
    OFFLINE = "offline"


class Output(StrEnum):
    """How a command speaks."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class Basis(NamedTuple):
    """What a default may depend on: the settings declared above it, and the machine."""

    values: Mapping[str, Any]
    cpus: int

    @property
    def development(self) -> bool:
        """Whether the service runs on a developer's machine."""
        return self.values["app_env"] is Environment.DEVELOPMENT


class Derived(NamedTuple, Generic[T]):
    """A default that is computed, and the words that describe it."""

    compute: Callable[[Basis], T]
    words: str


class Setting(NamedTuple):
    """One row of the table. `section` heads the rows that begin with it."""

    name: str
    attribute: str
    kind: Kind[Any]
    default: Any
    help: str
    secret: bool
    required_outside_development: bool
    section: str

    @property
    def default_text(self) -> str:
        """The default as text, empty where the setting is unset."""
        if isinstance(self.default, Derived):
            return self.default.words
        if isinstance(self.default, bool):
            return str(self.default).lower()
        if isinstance(self.default, tuple):
            return ",".join(map(str, self.default))
        if isinstance(self.default, Secret):
            return self.default.reveal()
        return "" if self.default is None else f"{self.default}"


def setting(  # noqa: PLR0913 -- a row of the table has as many columns
    default: T | Derived[T],
    kind: Kind[T],
    help: str,  # noqa: A002 -- the field's own name everywhere
    *,
    secret: bool = False,
    required_outside_development: bool = False,
    begins: str = "",
) -> T:
    """Declare a setting; the attribute's name in capitals is the setting's name."""
    declared = {
        "default": default,
        "kind": kind,
        "help": help,
        "secret": secret,
        "required_outside_development": required_outside_development,
        "section": begins,
    }
    return cast("T", field(metadata=declared))


def by_environment(development: T, otherwise: T, words: str) -> Derived[T]:
    """A default that differs between development and everywhere else."""
    return Derived(lambda basis: development if basis.development else otherwise, words)


def _half_the_threads(basis: Basis) -> int:
    return max(1, int(basis.values["gunicorn_threads"]) // 2)


DATABASE_URL: Final = kinds.url(kinds.DATABASE_SCHEMES)
FRONT_ENDS: Final = tuple(f"http://localhost:{port}" for port in (5173, 5174, 3000))


# fmt: off
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings; times in seconds, sizes in bytes."""

    app_env: Environment = setting(Environment.DEVELOPMENT, choice(Environment), "development, staging or production", begins="Where it runs")
    host: str = setting(by_environment("127.0.0.1", "0.0.0.0", "127.0.0.1 in development, else 0.0.0.0"), HOST, "address to listen on; [::] for both stacks, unix:/path for a socket")  # noqa: S104 -- a server in a container listens everywhere
    port: int = setting(5000, integer(1, 65535), "port to listen on")
    instance: str = setting(Derived(lambda basis: str(basis.values["port"]), "the port"), text(40), "name of this server among several on one host")
    knowctl_run_dir: str | None = setting(None, text(80), "directory for process ids and private channels; default $XDG_RUNTIME_DIR/knowctl/<instance>, else under the temporary directory")
    server: Server = setting(Server.AUTO, choice(Server), "gunicorn or waitress; auto is gunicorn on POSIX")

    database_url: SecretUrl = setting(SecretUrl("sqlite:///./knowalledge.db"), DATABASE_URL, "database; postgresql:// or mysql:// in production", secret=True, begins="Database")
    database_migration_url: SecretUrl | None = setting(None, DATABASE_URL, "direct, privileged address for migrations; default DATABASE_URL", secret=True)
    db_pool_size: int = setting(10, integer(1, 1000), "connections a worker keeps")
    db_max_overflow: int = setting(20, integer(0, 1000), "connections a worker may add under load")
    db_pool_recycle: int = setting(3600, integer(1, 86400), "age at which a connection is replaced, seconds")
    db_pool_timeout: float = setting(1.0, seconds(0.1, 60), "wait for a free connection before 503, seconds")
    db_connect_timeout: int = setting(1, integer(1, 60), "time to connect, seconds")
    db_statement_timeout: float = setting(30.0, seconds(0.1, 3600), "time a statement may take, seconds; on a request at most 0.65 of DB_DEADLINE")
    db_deadline: float = setting(2.0, seconds(0.1, 60), "time a request may wait for the database in all, seconds; it keeps a fifth in reserve")
    db_pooler: Pooler = setting(Pooler.NONE, choice(Pooler), "pgbouncer where one stands before PostgreSQL")

    redis_url: SecretUrl | None = setting(None, kinds.url(kinds.REDIS_SCHEMES), "cache and limits shared by all workers; unset: each server's memory", secret=True, begins="Redis")
    redis_timeout: float = setting(0.25, seconds(0.01, 10), "time one question may take, seconds")
    redis_prefix: str = setting("ka:", text(40), "what our keys begin with")

    secret_key: Secret | None = setting(None, kinds.SIGNING_KEY, "signs tokens; at least 32 bytes, no comma", secret=True, required_outside_development=True, begins="Security")
    secret_key_fallbacks: Secret | None = setting(None, kinds.SIGNING_KEYS, "former keys that still verify, comma separated; each at least 32 bytes", secret=True)
    jwt_ttl: int = setting(86400, integer(60, 31536000), "life of a token, seconds")
    cors_enabled: bool = setting(True, FLAG, "answer browsers on other origins")  # noqa: FBT003 -- the default of a flag
    cors_origins: tuple[str, ...] = setting(by_environment(FRONT_ENDS, (), "http://localhost:5173, :5174 and :3000 in development, else none"), items(), "origins that may call, comma separated")
    force_https: bool = setting(Derived(lambda basis: basis.values["app_env"] is Environment.PRODUCTION, "true in production"), FLAG, "redirect plain HTTP")
    trusted_proxy_hops: int = setting(0, integer(0, 10), "proxies in front whose forwarding headers hold")
    trusted_hosts: tuple[str, ...] = setting((), items(), "Host names that are answered; unset: any in development")
    ssl_certfile: str | None = setting(None, text(), "certificate chain, PEM")
    ssl_keyfile: str | None = setting(None, text(), "its private key, PEM")
    registration: Registration = setting(Registration.OPEN, choice(Registration), "whether strangers may register (free tier only)")
    metrics_token: Secret | None = setting(None, kinds.secret(), "lets a scraper read /metrics", secret=True)

    gunicorn_workers: int = setting(Derived(lambda basis: 2 * basis.cpus + 1, "2 x CPU + 1"), integer(1, 500), "worker processes", begins="Server")
    gunicorn_threads: int = setting(24, integer(1, 500), "threads a worker: requests in flight")
    gunicorn_timeout: int = setting(120, integer(1, 3600), "age at which a request is reported stuck, seconds")
    gunicorn_graceful_timeout: int = setting(30, integer(1, 3600), "time for requests to finish at a stop, seconds")
    gunicorn_keepalive: int = setting(5, integer(0, 3600), "life of an idle connection, seconds")
    gunicorn_max_requests: int = setting(1000, integer(0, 10000000), "requests after which a worker is replaced; 0: never")
    gunicorn_max_requests_jitter: int = setting(100, integer(0, 1000000), "random part of the above")
    waitress_threads: int = setting(32, integer(1, 500), "threads of waitress")
    drain_seconds: float = setting(by_environment(0.0, 5.0, "0 in development, else 5"), seconds(0, 600), "time /ready says no before a stop, seconds")
    soak_seconds: float = setting(2.0, seconds(0, 600), "time a new generation is watched at a reload before it takes over, seconds")
    smoke_paths: tuple[str, ...] = setting(("/health",), items(), "paths that a new generation has to answer besides /ready, comma separated; 500 and above bars it")
    replicas: int = setting(1, integer(1, 1000), "servers that share the database")
    replicas_surge: int = setting(1, integer(0, 1000), "servers more during a rollout")

    max_json_bytes: int = setting(65536, integer(1024, 10485760), "largest JSON body, bytes", begins="Request limits")
    max_content_length: int = setting(10485760, integer(1024, 104857600), "largest body of any kind, bytes")
    max_image_pixels: int = setting(40000000, integer(10000, 200000000), "largest image, pixels of all its frames together")
    rate_limit_enabled: bool = setting(True, FLAG, "limit requests")  # noqa: FBT003 -- the default of a flag
    rate_limit_anonymous: str = setting("10/minute;100/hour", RATES, "limit of an address without credentials")
    rate_limit_login: str = setting("10/minute", RATES, "limit of logins an address")
    rate_limit_register: str = setting("5/hour", RATES, "limit of registrations an address")
    rate_limit_trusted_cidrs: tuple[Any, ...] = setting((), kinds.networks(), "networks with ten times the anonymous limit")

    ai_provider: Provider = setting(Provider.AUTO, choice(Provider), "gemini, offline, or auto: gemini where there is a key", begins="Content")
    google_api_key: Secret | None = setting(None, kinds.secret(), "Gemini's key; unset: the offline provider", secret=True)
    gemini_model: str = setting("gemini-3.5-flash-lite", text(100), "Gemini's model")
    gemini_base_url: str | None = setting(None, WEB_ADDRESS, "Gemini's address; default Google's")
    ai_timeout: float = setting(20.0, seconds(1, 600), "time one AI call may take, seconds")
    ai_request_budget: float = setting(60.0, seconds(1, 600), "time all AI calls of a request may take, seconds")
    ai_concurrency: int = setting(Derived(_half_the_threads, "half the threads"), integer(1, 500), "AI calls at once a worker, at most threads - 2")
    ai_daily_budget: int = setting(1500, integer(0, 100000000), "AI calls a day (UTC), all servers together")
    require_auth_for_generation: bool = setting(False, FLAG, "generate for known users only")  # noqa: FBT003 -- the default of a flag
    cache_ttl_subtopics: int = setting(7200, integer(0, 2592000), "life of cached subtopics, seconds")
    cache_ttl_quiz: int = setting(3600, integer(0, 2592000), "life of cached quizzes, seconds")

    log_level: LogLevel = setting(LogLevel.INFO, choice(LogLevel), "debug, info, warning or error", begins="Logs")
    log_format: LogFormat = setting(by_environment(LogFormat.CONSOLE, LogFormat.JSON, "json outside development, else console"), choice(LogFormat), "json or console")
    log_file: str | None = setting(None, text(), "file to log to; unset: stderr")

    knowctl_output: Output = setting(Output.TEXT, choice(Output), "how commands speak: text or json; those that check also github, sarif or junit", begins="Command line")
    knowctl_url: str | None = setting(None, WEB_ADDRESS, "server that commands ask")
    knowctl_api_key: Secret | None = setting(None, kinds.secret(), "admin key for --url", secret=True)
    knowctl_ca_cert: str | None = setting(None, text(), "certificate authority of that server, PEM")

    @property
    def threads(self) -> int:
        """Requests that one process of that server works on at once."""
        is_waitress = self.server.here is Server.WAITRESS
        return self.waitress_threads if is_waitress else self.gunicorn_threads
# fmt: on


def _table() -> tuple[Setting, ...]:
    section = ""
    rows = []
    for entry in fields(Settings):
        section = entry.metadata["section"] or section
        rows.append(
            Setting(
                name=entry.name.upper(),
                attribute=entry.name,
                **{**entry.metadata, "section": section},
            )
        )
    return tuple(rows)


TABLE: Final = _table()
