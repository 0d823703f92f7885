"""All checks in the order in which they run; ids are public and never reused."""

from __future__ import annotations

from typing import Final

from knowctl.checks import (
    backends,
    edge,
    environment,
    live,
    machine,
    routes,
    schema,
    secrecy,
    serving,
)
from knowctl.checks import configuration as config
from knowctl.checks.engine import Check
from knowctl.choices import Severity
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.database import SchemaFacts
from knowctl.model.environment import EnvironmentFacts
from knowctl.model.live_check import LiveFacts
from knowctl.model.machine import HostFacts
from knowctl.model.routes import RouteFacts

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
READ: Final = ("KC101", "KC103")

CONFIGURATION: Final[tuple[Check[ConfigurationFacts], ...]] = (
    Check("KC101", ERROR, "Every source of settings can be read", config.sources),
    Check("KC102", ERROR, "No secret is given twice", config.once),
    Check("KC103", ERROR, "Every value is of its kind", config.values),
    Check("KC104", ERROR, "Everything required is set", config.required, ("KC101",)),
    Check("KC105", WARNING, "Every variable that looks like ours is one", config.spelling),
    Check("KC106", WARNING, "The .env file is readable by its owner alone", secrecy.private_file),
    Check("KC107", INFO, "Every setting that is given has a value", config.empty),
    Check("KC108", WARNING, "No setting has the name that others give it", config.former),
    Check("KC109", INFO, "What the .env file says counts", config.overruled),
    Check("KC110", ERROR, "Development is served to this machine alone", edge.development_is_local, READ),
    Check("KC111", ERROR, "Only listed origins may call", edge.origins, READ),
    Check("KC112", WARNING, "Forced HTTPS ends in a certificate or a proxy", edge.https_ends_somewhere, READ),
    Check("KC113", WARNING, "Production forces HTTPS", edge.https_is_forced, READ),
    Check("KC114", ERROR, "A certificate comes with its key", edge.certificate_pair, READ),
    Check("KC115", WARNING, "No secret can be guessed", secrecy.strong, READ),
    Check("KC116", WARNING, "Files with secrets are not for everyone", secrecy.private_secret_files),
    Check("KC117", ERROR, "No secret is committed to git", secrecy.uncommitted, READ),
    Check("KC118", ERROR, "Nothing debugs outside development", edge.undebugged, READ),
    Check("KC119", WARNING, "Production logs no debugging", edge.discreet, READ),
    Check("KC120", WARNING, "Front ends outside development come by HTTPS", edge.origins_by_https, READ),
    Check("KC121", ERROR, "Every origin is one that a browser can have", edge.origins_whole, READ),
    Check("KC122", WARNING, "Origins are written as browsers send them", edge.origins_plain, READ),
    Check("KC123", ERROR, "The certificate can be used", edge.certificate_usable, ("KC114",)),
    Check("KC124", ERROR, "The key is the certificate's own", edge.key_fits, ("KC123",)),
    Check("KC125", ERROR, "The certificate is valid now", edge.certificate_valid, ("KC124",)),
    Check("KC126", WARNING, "The certificate does not end soon", edge.certificate_lasts, ("KC125",)),
    Check("KC127", WARNING, "The certificate's key is not for everyone", secrecy.private_key, ("KC114",)),
    Check("KC128", INFO, "Production answers to its own names alone", edge.hosts_listed, READ),
    Check("KC129", WARNING, "Production limits requests", edge.limited, READ),
    Check("KC130", WARNING, "Trusted networks are few", edge.trusted_few, READ),
    Check("KC131", ERROR, "No file of a stranger says where a key is sent", config.directed),
    Check("KC301", WARNING, "Data outside development is in a database server", backends.production_database, READ),
    Check("KC302", ERROR, "Replicas share a database server", backends.replicas_share_a_database, READ),
    Check("KC303", ERROR, "The database's driver is installed", backends.driver_installed, READ),
    Check("KC304", WARNING, "A database elsewhere is spoken to by TLS", backends.database_encrypted, READ),
    Check("KC305", WARNING, "The connections fit a database as it comes", backends.budget_fits, READ),
    Check("KC306", INFO, "Every thread can have a connection", backends.threads_connected, READ),
    Check("KC307", INFO, "The pool is no larger than threads can use", backends.pool_used, READ),
    Check("KC308", ERROR, "Migrations go past the pooler", backends.migrations_direct, READ),
    Check("KC401", WARNING, "A Redis elsewhere is spoken to by TLS", backends.redis_encrypted, READ),
    Check("KC402", WARNING, "A Redis elsewhere asks for a password", backends.redis_protected, READ),
    Check("KC403", WARNING, "Replicas share Redis", backends.replicas_share_redis, READ),
    Check("KC501", WARNING, "A production server can be reached from outside", edge.reachable, READ),
    Check("KC502", WARNING, "AI calls leave threads for other requests", serving.threads_left, READ),
    Check("KC503", ERROR, "The server can serve the certificate", serving.waitress_is_plain, READ),
    Check("KC504", WARNING, "Nothing changes gunicorn behind the settings", config.unfollowed),
    Check("KC505", WARNING, "A stop ends before it is killed", serving.stops_in_time, READ),
    Check("KC506", WARNING, "A stop lets AI requests finish", serving.ai_within_grace, READ),
    Check("KC507", WARNING, "The workers fit into the memory", serving.memory_fits, READ),
    Check("KC508", INFO, "The proxy closes idle connections first", serving.kept_alive, READ),
    Check("KC701", WARNING, "Strangers do not spend the AI budget", serving.paid_generation, READ),
    Check("KC702", ERROR, "Gemini has its key", serving.gemini_key, READ),
    Check("KC703", ERROR, "Google's SDK is installed where it is used", serving.gemini_installed, READ),
    Check("KC704", WARNING, "One AI call fits into its request", serving.calls_fit, READ),
    Check("KC705", ERROR, "Gemini's key goes by HTTPS", serving.key_by_https, READ),
    Check("KC706", WARNING, "A long AI request is not taken for stuck", serving.stuck_is_stuck, READ),
    Check("KC707", WARNING, "Google still has the model", serving.model_is_there, READ),
)  # fmt: skip

ENVIRONMENT: Final[tuple[Check[EnvironmentFacts], ...]] = (
    Check("KC201", ERROR, "The knowctl that runs is the one that is installed", environment.installed),
    Check("KC202", ERROR, "The interpreter is one that this release is made for", environment.interpreter, ("KC201",)),
    Check("KC203", WARNING, "What runs has a virtual environment of its own", environment.isolated),
    Check("KC204", WARNING, "The activated environment is the one that runs", environment.activated),
    Check("KC205", ERROR, "The virtual environment is where it was made", environment.unmoved),
    Check("KC206", WARNING, "A shell finds this very knowctl", environment.command),
    Check("KC210", ERROR, "Every declared package is installed", environment.complete, ("KC201",)),
    Check("KC211", ERROR, "Every declared package is of an allowed version", environment.allowed, ("KC201",)),
    Check("KC212", ERROR, "Every extra that is needed is installed", environment.extras, ("KC201",)),
    Check("KC213", WARNING, "No installed package rules out another", environment.agreeing),
    Check("KC214", WARNING, "Every installed package is whole, and there once", environment.whole),
    Check("KC215", WARNING, "What is installed is what the lock pins", environment.locked),
    Check("KC220", WARNING, "The clock says a time that can be", environment.clock),
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
    Check("KC522", WARNING, "All clocks agree", live.clocks_agree),
    Check("KC710", WARNING, "The AI takes the key and knows the model", live.ai_answers),
)  # fmt: skip
"""What needs a connection; the database's need a check of SCHEMA."""

MACHINE: Final[tuple[Check[HostFacts], ...]] = (
    Check("KC520", WARNING, "A process may have as many files open as it may need", machine.open_files),
    Check("KC521", WARNING, "There may be as many threads as a reload has", machine.threads),
    Check("KC523", WARNING, "There is disk space where a server writes", machine.space),
    Check("KC524", ERROR, "A server may write where it has to", machine.writable),
)  # fmt: skip
"""What is of the machine that a server is to run on."""
