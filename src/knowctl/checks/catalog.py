"""All checks in the order in which they run; ids are public and never reused."""

from __future__ import annotations

from typing import Final

from knowctl.checks import configuration as config
from knowctl.checks import live, machine, routes, schema
from knowctl.checks.engine import Check
from knowctl.choices import Severity
from knowctl.model import ConfigurationFacts, LiveFacts, RouteFacts, SchemaFacts

ERROR, WARNING = Severity.ERROR, Severity.WARNING
READ: Final = ("KC101", "KC103")

CONFIGURATION: Final[tuple[Check[ConfigurationFacts], ...]] = (
    Check("KC101", ERROR, "Every source of settings can be read", config.sources),
    Check("KC102", ERROR, "No secret is given twice", config.once),
    Check("KC103", ERROR, "Every value is of its kind", config.values),
    Check("KC104", ERROR, "Everything required is set", config.required, ("KC101",)),
    Check("KC105", WARNING, "Every variable that looks like ours is one", config.spelling),
    Check("KC106", WARNING, "The .env file is readable by its owner alone", config.private_file),
    Check("KC110", ERROR, "Development is served to this machine alone", config.development_is_local, READ),
    Check("KC111", ERROR, "Only listed origins may call", config.origins, READ),
    Check("KC112", WARNING, "Forced HTTPS ends in a certificate or a proxy", config.https_ends_somewhere, READ),
    Check("KC113", WARNING, "Production forces HTTPS", config.https_is_forced, READ),
    Check("KC114", ERROR, "A certificate comes with its key", config.certificate_pair, READ),
    Check("KC301", WARNING, "Data outside development is in a database server", config.production_database, READ),
    Check("KC302", ERROR, "Replicas share a database server", config.replicas_share_a_database, READ),
    Check("KC501", WARNING, "A production server can be reached from outside", config.reachable, READ),
    Check("KC502", WARNING, "AI calls leave threads for other requests", config.threads_left, READ),
    Check("KC503", ERROR, "The server can serve the certificate", config.waitress_is_plain, READ),
    Check("KC701", WARNING, "Strangers do not spend the AI budget", config.paid_generation, READ),
)  # fmt: skip

SCHEMA: Final[tuple[Check[SchemaFacts], ...]] = (
    Check("KC310", ERROR, "The database answers", schema.answers),
    Check("KC311", ERROR, "This release's migrations end in one head", schema.one_head, ("KC310",)),
    Check("KC312", ERROR, "The database and this release share one line", schema.one_line, ("KC311",)),
    Check("KC313", ERROR, "Every migration of this release is applied", schema.nothing_pending, ("KC312",)),
    Check("KC314", WARNING, "No newer release has migrated the database", schema.not_ahead, ("KC312",)),
    Check("KC315", ERROR, "The database has what the models have", schema.nothing_missing, ("KC313", "KC314")),
    Check("KC316", WARNING, "The database has nothing besides the models", schema.nothing_besides, ("KC313", "KC314")),
    Check("KC317", WARNING, "Pending migrations block nobody", schema.harmless, ("KC312",)),
)  # fmt: skip

ROUTES: Final[tuple[Check[RouteFacts], ...]] = (
    Check("KC601", ERROR, "Every route declares a policy", routes.declared),
    Check("KC602", ERROR, "No sensitive route is public", routes.guarded, ("KC601",)),
    Check("KC603", ERROR, "Operators' routes are for administrators", routes.for_operators, ("KC601",)),
    Check("KC604", WARNING, "Every public route says why", routes.reasoned, ("KC601",)),
    Check("KC605", WARNING, "No route asks its caller whose data to give", routes.self_evident, ("KC601",)),
)  # fmt: skip

LIVE: Final[tuple[Check[LiveFacts], ...]] = (
    Check("KC330", ERROR, "The database has room for all connections", live.budget, ("KC310",)),
    Check("KC331", WARNING, "The database has room for connections now", live.room_for_connections, ("KC310",)),
    Check("KC332", WARNING, "The database server is of a supported version", live.database_version, ("KC310",)),
    Check("KC333", WARNING, "The way to the database is encrypted", live.database_encryption, ("KC310",)),
    Check("KC335", ERROR, "The database takes what is written", live.database_writes, ("KC310",)),
    Check("KC410", WARNING, "Redis answers", live.redis_answers),
    Check("KC411", WARNING, "Redis is of a supported version", live.redis_version, ("KC410",)),
    Check("KC412", WARNING, "A full Redis drops what was least used", live.redis_eviction, ("KC410",)),
    Check("KC413", WARNING, "Redis has room", live.redis_memory, ("KC410",)),
    Check("KC414", WARNING, "The way to Redis is private", live.redis_privacy, ("KC410",)),
    Check("KC520", WARNING, "A process may have as many files open as it may need", machine.open_files),
    Check("KC521", WARNING, "There may be as many threads as a reload has", machine.threads),
    Check("KC522", WARNING, "All clocks agree", live.clocks_agree),
    Check("KC523", WARNING, "There is disk space where a server writes", machine.space),
    Check("KC524", ERROR, "A server may write where it has to", machine.writable),
)  # fmt: skip
"""What needs a connection, or is of this machine; the database's need a check of SCHEMA."""
