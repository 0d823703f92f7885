"""The database and Redis, as far as their addresses and sizes tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeGuard

from knowctl.checks.engine import Fault
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.pool import Budget
from knowctl.model.sizing import usual_limit
from knowctl.model.surroundings import ServerFacts

PACKAGES: Final = {
    "psycopg2": "psycopg2-binary",
    "pymysql": "'knowctl[mysql]'",
}
"""What brings a driver, by the name under which it is imported."""


def production_database(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Production data is in a database server."""
    if not facts.development and facts.database_scheme.startswith("sqlite"):
        cause = f"DATABASE_URL is SQLite in {facts.environment}: one machine, one writer at a time"
        hint = "set DATABASE_URL=postgresql://user:password@host/name"
        yield Fault(cause, hint, facts.where("DATABASE_URL"))


def replicas_share_a_database(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Several replicas share a database server."""
    replicas = facts.values["REPLICAS"]
    if replicas > 1 and facts.database_scheme.startswith("sqlite"):
        cause = f"REPLICAS is {replicas} and DATABASE_URL is SQLite: each would have its own data"
        hint = "set DATABASE_URL=postgresql://user:password@host/name, or REPLICAS=1"
        yield Fault(cause, hint, facts.where("DATABASE_URL"))


def driver_installed(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The database's driver is installed."""
    for module in facts.around.missing:
        if module in PACKAGES:
            cause = f"DATABASE_URL needs {module}, which is not installed in this environment"
            hint = f"pip install {PACKAGES[module]}"
            yield Fault(cause, hint, facts.where("DATABASE_URL"))


def database_encrypted(facts: ConfigurationFacts) -> Iterator[Fault]:
    """What goes to a database elsewhere goes by TLS."""
    server = facts.around.database
    if _is_exposed(server, facts) and not server.tls:
        mysql = facts.database_scheme.startswith(("mysql", "mariadb"))
        option = "ssl_verify_cert=true" if mysql else "sslmode=require"
        cause = f"DATABASE_URL does not demand TLS to {server.host}: it may be spoken in the clear"
        yield Fault(cause, f"add ?{option} to DATABASE_URL", facts.where("DATABASE_URL"))


def budget_fits(facts: ConfigurationFacts) -> Iterator[Fault]:
    """There are not more connections than such a database has as it comes."""
    sizes, limit = facts.sizes, usual_limit(facts.database_scheme)
    budget = Budget.of(sizes, limit)
    if limit is None or budget.fits:
        return
    product = f"{budget.generations} x {budget.workers} x {budget.per_worker} = {budget.peak}"
    cause = f"{product} connections at most, and the database has {limit} as it comes"
    share = limit // (budget.generations * budget.workers)
    name, number = ("DB_POOL_SIZE", share) if share else ("GUNICORN_WORKERS", 1)
    numbers = f"{name}={number}" + (" and DB_MAX_OVERFLOW=0" if share else "")
    hint = f"set {numbers}, or raise max_connections; knowctl config tune weighs it"
    yield Fault(cause, hint, facts.where(name))


def threads_connected(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Every thread can have a connection."""
    name, threads = facts.threads
    most = facts.values["DB_POOL_SIZE"] + facts.values["DB_MAX_OVERFLOW"]
    if usual_limit(facts.database_scheme) and most < threads:
        wait = facts.values["DB_POOL_TIMEOUT"]
        cause = f"{threads} threads share {most} connections: who waits over {wait:g} s gets 503"
        hint = f"set DB_MAX_OVERFLOW={threads - facts.values['DB_POOL_SIZE']}, or lower {name}"
        yield Fault(cause, hint, facts.where("DB_MAX_OVERFLOW"))


def pool_used(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The pool keeps no more connections than threads can use."""
    name, threads = facts.threads
    size = facts.values["DB_POOL_SIZE"]
    if size > threads + 1:
        cause = f"DB_POOL_SIZE is {size}, and {threads} threads use {threads + 1} at most"
        hint = f"set DB_POOL_SIZE={threads + 1}, or raise {name}"
        yield Fault(cause, hint, facts.where("DB_POOL_SIZE"))


def migrations_direct(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Migrations go past a pooler of transactions, where their lock would be lost."""
    pooled = facts.values["DB_POOLER"] == "pgbouncer"
    if pooled and not facts.values["DATABASE_MIGRATION_URL"]:
        cause = "DB_POOLER is pgbouncer without DATABASE_MIGRATION_URL: migrations lock by session"
        hint = "set DATABASE_MIGRATION_URL to the database's own address"
        yield Fault(f"{cause}, which a pooler does not keep", hint, facts.where("DB_POOLER"))


def redis_encrypted(facts: ConfigurationFacts) -> Iterator[Fault]:
    """What goes to a Redis elsewhere goes by TLS."""
    server = facts.around.redis
    if _is_exposed(server, facts) and not server.tls:
        cause = f"REDIS_URL does not use TLS to {server.host}: generated content and ids of users"
        hint = "write rediss:// in REDIS_URL, where Redis speaks TLS"
        yield Fault(f"{cause} cross the network in the clear", hint, facts.where("REDIS_URL"))


def redis_protected(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A Redis elsewhere asks for a password."""
    server = facts.around.redis
    if _is_exposed(server, facts) and not server.password:
        cause = f"REDIS_URL has no password for {server.host}: whoever reaches it may write there"
        hint = "set requirepass in Redis, and redis://:PASSWORD@host in REDIS_URL"
        yield Fault(cause, hint, facts.where("REDIS_URL"))


def replicas_share_redis(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Several replicas count together."""
    replicas = facts.values["REPLICAS"]
    if replicas > 1 and facts.around.redis is None:
        cause = f"REPLICAS is {replicas} and REDIS_URL is not set: each limits and caches by itself"
        yield Fault(cause, "set REDIS_URL=redis://host:6379/0", facts.where("REDIS_URL"))


def _is_exposed(server: ServerFacts | None, facts: ConfigurationFacts) -> TypeGuard[ServerFacts]:
    return not facts.development and server is not None and not server.local
