"""Every setting, declared once: where values come from, how they are read, what they mean."""

from knowalledge_api.settings.kinds import Kind, Secret
from knowalledge_api.settings.load import Loaded, SettingsError, load, require
from knowalledge_api.settings.sources import Origin, Problem, ProblemKind, Raw
from knowalledge_api.settings.table import TABLE, Environment, Provider, Server, Setting, Settings

__all__ = [
    "TABLE",
    "Environment",
    "Kind",
    "Loaded",
    "Origin",
    "Problem",
    "ProblemKind",
    "Provider",
    "Raw",
    "Secret",
    "Server",
    "Setting",
    "Settings",
    "SettingsError",
    "load",
    "require",
]
