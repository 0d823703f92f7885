"""The composition root: settings, probes and voice of one run, each made when first asked."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from knowctl.render.voice import Voice, VoiceOptions
from knowctl.services.clock import Clock

if TYPE_CHECKING:
    from knowctl.model.pool import Sizes
    from knowctl.probes.ai import AiProbe
    from knowctl.probes.cache import CacheProbe
    from knowctl.probes.database import DatabaseProbe
    from knowctl.probes.diagnosis import DiagnosisProbe
    from knowctl.probes.env_file import EnvFileProbe
    from knowctl.probes.explanations import ExplanationsProbe
    from knowctl.probes.live import LiveProbe
    from knowctl.probes.machine import MachineProbe
    from knowctl.probes.operating_system import OperatingSystemProbe
    from knowctl.probes.redis_server import RedisProbe
    from knowctl.probes.remote import RemoteProbe
    from knowctl.probes.routes import RoutesProbe
    from knowctl.probes.server import ServerProbe
    from knowctl.probes.settings import SettingsProbe
    from knowctl.probes.virtual_environment import VirtualEnvironmentProbe
    from knowctl.services.accounts import Ports as AccountPorts
    from knowctl.services.bundle import Ports as BundlePorts
    from knowctl.services.doctor import Ports as DoctorPorts
    from knowctl.services.environment import Ports as EnvironmentPorts
    from knowctl.services.health import Parts as HealthParts
    from knowctl.services.live import Limits
    from knowctl.services.live_check import Ports as LiveCheckPorts
    from knowctl.services.migrations import Ports as MigrationPorts
    from knowctl.services.schema_check import Ports as SchemaCheckPorts
    from knowctl.services.serving import Ports

CLOCK = Clock(time.monotonic, time.sleep)


class Common(NamedTuple):
    """The options that every command accepts, wherever they stand."""

    env_file: Path | None = None
    environment: str | None = None
    voice: VoiceOptions = VoiceOptions()


@dataclass(frozen=True)
class Context:
    """What a command works with; `overrides` are settings that its options gave."""

    common: Common
    environ: Mapping[str, str]
    overrides: Mapping[str, str]

    def overriding(self, **settings: object) -> Context:
        """The same with settings from the command line; None leaves a setting alone."""
        given = {name: str(value) for name, value in settings.items() if value is not None}
        return replace(self, overrides={**self.overrides, **given})

    @cached_property
    def voice(self) -> Voice:
        """How this run speaks."""
        return Voice(self.common.voice)

    @cached_property
    def settings(self) -> SettingsProbe:
        """The configuration."""
        from knowctl.probes.settings import SettingsProbe

        return SettingsProbe(self.environ, self.common.env_file, self.overrides)

    def env_file(self) -> EnvFileProbe:
        """The .env file to write."""
        from knowctl.probes.env_file import EnvFileProbe

        return EnvFileProbe(self.common.env_file or Path(".env"))

    def database(self) -> DatabaseProbe:
        """The configured database, its connections kept from one question to the next."""
        return self._database

    @cached_property
    def _database(self) -> DatabaseProbe:
        from knowctl.probes.database import DatabaseProbe

        return DatabaseProbe(self.settings.settings())

    def parts(self) -> HealthParts:
        """What `health` asks where it does not ask a server."""
        from knowctl.services.health import Parts

        own = partial(self.live, self.settings.values()["instance"])
        return Parts(self.database, self.redis, self.host, self.ai, own)

    def redis(self) -> RedisProbe:
        """The Redis that the settings name, to be asked about itself."""
        from knowctl.probes.redis_server import RedisProbe

        return RedisProbe(self.settings.settings())

    def ai(self) -> AiProbe:
        """The AI that the settings name."""
        from knowctl.probes.ai import AiProbe

        return AiProbe(self.settings.settings())

    def cache(self) -> CacheProbe:
        """The Redis that the settings name."""
        from knowctl.probes.cache import CacheProbe

        return CacheProbe(self.settings.settings())

    def diagnosis(self) -> DiagnosisProbe:
        """The server of the configured database, to be asked about itself."""
        from knowctl.probes.diagnosis import DiagnosisProbe

        return DiagnosisProbe(self.settings.settings())

    def accounts(self) -> AccountPorts:
        """What the commands about users and keys work with."""
        from knowctl.probes.accounts import AccountsProbe
        from knowctl.services.accounts import Ports

        return Ports(AccountsProbe(self.settings.settings()), self.voice)

    def routes(self) -> RoutesProbe:
        """The application's routes; making it brings Flask."""
        from knowctl.probes.routes import RoutesProbe

        return RoutesProbe(self.settings.settings())

    def migrations(self) -> MigrationPorts:
        """What the commands that migrate work with."""
        from knowctl.probes.migrations import MigrationsProbe
        from knowctl.services.migrations import Ports

        return Ports(self.database(), MigrationsProbe(self.settings.settings()), self.voice)

    def schema_check(self) -> SchemaCheckPorts:
        """What `db check` works with."""
        from knowctl.probes.linter import Linter
        from knowctl.probes.migrations import MigrationsProbe
        from knowctl.services.schema_check import Ports

        migrations = MigrationsProbe(self.settings.settings())
        return Ports(self.database(), migrations, Linter(), CLOCK, self.voice)

    def live_check(self) -> LiveCheckPorts:
        """What `config check --live` asks; KnowctlError where the settings can't be used."""
        from knowctl.services.live_check import Ports

        host = self.host()
        return Ports(
            schema=self.schema_check(),
            server=self.diagnosis(),
            redis=self.redis(),
            ai=self.ai(),
            machine=host,
            sizes=host.sizes,
            instance=self.settings.settings().instance,
        )

    def host(self) -> OperatingSystemProbe:
        """The machine as what the server of the settings is to run on, usable or not."""
        from knowctl.probes import run_directory
        from knowctl.probes.operating_system import OperatingSystemProbe

        values, sizes = self.settings.values(), self.sizes()
        server = values["server"].here.value
        if server == "waitress":
            sizes = replace(sizes, workers=1, threads=values["waitress_threads"])
        place = run_directory.location(values, self.environ)
        return OperatingSystemProbe(values, place, sizes, server, self.settings.places())

    def environment(self) -> EnvironmentPorts:
        """What `env check` looks at."""
        from knowctl.probes.distributions import DistributionsProbe
        from knowctl.probes.environment import EnvironmentProbe, checkout_of
        from knowctl.services.environment import Ports

        root = checkout_of()
        installed = DistributionsProbe(root)
        probe = EnvironmentProbe(self.environ, self.settings.values(), installed, root)
        return Ports(probe, self.host())

    def workshop(self, path: Path, extras: Sequence[str]) -> VirtualEnvironmentProbe:
        """Where an environment is made at that path, whose steps are said."""
        from knowctl.probes.environment import checkout_of
        from knowctl.probes.virtual_environment import VirtualEnvironmentProbe

        probe = VirtualEnvironmentProbe(checkout_of(), path, tuple(extras))
        return probe.saying(lambda step: self.voice.begin("environment", step))

    def doctor(self) -> DoctorPorts:
        """What `doctor` looks at: all that is checked anywhere."""
        from knowctl.services.doctor import Ports

        return Ports(
            self.settings, self.environment(), self.schema_check, self.live_check, self.routes
        )

    def bundle(self, path: Path) -> BundlePorts:
        """What goes into an archive at that path."""
        from knowctl.bundling import sources
        from knowctl.services import live

        return sources(path, self.settings, lambda: live.status(self.live()), self.voice)

    def server(self, url: str | None) -> ServerProbe:
        """The server at a URL, or the one that the settings describe."""
        from knowctl.probes.server import find_server

        values = self.settings.values()
        if not (url or values["knowctl_url"]):
            self.settings.settings()  # whoever asks HOST and PORT must be able to trust them
        return find_server(values, url)

    def live(self, instance: str | None = None) -> LiveProbe:
        """The running server of that instance, of the settings, or the only one there is."""
        from knowctl.probes.live import find_live

        named = () if instance else ("INSTANCE", "KNOWCTL_RUN_DIR", "PORT")
        values = self.settings.trusted(*named) if named else self.settings.values()
        return find_live(values, self.environ, instance, self.voice.warn)

    def remote(self, url: str | None) -> RemoteProbe | None:
        """The server at a URL or at KNOWCTL_URL, None where none is named."""
        from knowctl.probes.remote import RemoteProbe, token_of

        values = self.settings.usable("KNOWCTL_CA_CERT", *(() if url else ("KNOWCTL_URL",)))
        if not (url or values["knowctl_url"]):
            return None
        return RemoteProbe(self.server(url), token_of(values))

    def sizes(self) -> Sizes:
        """What the settings say of connections."""
        from knowctl.probes.remote import sizes_of

        return sizes_of(self.settings.values())

    def machine(self) -> MachineProbe:
        """The machine that this runs on."""
        from knowctl.probes.machine import MachineProbe

        return MachineProbe()

    def explanations(self) -> ExplanationsProbe:
        """What is written of checks and settings."""
        from knowctl.probes.explanations import ExplanationsProbe

        return ExplanationsProbe(self.settings)

    def limits(self, wanted: float | None) -> Limits:
        """How long a stop may take."""
        from knowctl.services.live import Limits

        values = self.settings.values()
        return Limits(wanted, values["drain_seconds"] + values["gunicorn_graceful_timeout"] + 5)

    @property
    def supervised(self) -> bool:
        """Whether this platform lets a supervisor hand its socket to others."""
        return os.name == "posix"

    def become_supervisor(self) -> NoReturn:
        """Replace this process by the supervisor, which has the same words prepared."""
        from knowctl.supervisor.launch import become_supervisor

        become_supervisor(sys.argv[1:])

    def serving(self, hand_over: str | None = None, *, dev: bool = False) -> Ports:
        """What `serve` works with."""
        from knowctl.services.serving import Ports
        from knowctl.supervisor import launch

        env_file = self.common.env_file
        environ = launch.child_environment(self.overrides, str(env_file) if env_file else None)
        for name in launch.ignored(self.environ):
            self.voice.warn("environment", f"{name} is ignored: the settings decide")
        runner = launch.runner(hand_over, self.environ, environ, dev=dev)
        return Ports(self.settings, self.database, runner, CLOCK, self.voice)


def make_context(common: Common) -> Context:
    """The context of this process."""
    named = os.environ.get("KNOWCTL_ENV_FILE")
    if named and common.env_file is None:
        common = common._replace(env_file=Path(named))
    overrides = {"APP_ENV": common.environment} if common.environment else {}
    return Context(common, os.environ, overrides)
