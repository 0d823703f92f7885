"""Releases as operators keep them: a directory each, and a `current` link that is switched."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.support.processes import Running, clean_environment, free_port, measured, serving

SRC: Final = Path(__file__).parents[2] / "src"
ROUTES: Final = Path(__file__).with_name("testing_routes.py")
REGISTER: Final = "import testing_routes\n\ntesting_routes.register(application, {name!r})\n"
LOOPBACK: Final = "127.0.0.1"


class Fault(StrEnum):
    """What is wrong with a release, as the end of its wsgi.py."""

    NONE = ""
    SYNTAX = "def broken(:\n"
    IMPORT = "import a_module_that_nobody_installed\n"
    RAISES = 'raise RuntimeError("this release does not start")\n'
    HANGS = "import time\n\ntime.sleep(600)\n"
    NOT_READY = "testing_routes.never_ready(application)\n"
    DIES = "testing_routes.dies_soon()\n"
    ANSWERS_500 = "testing_routes.answers_500(application)\n"


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of one site, and where its servers keep their sockets."""

    root: Path

    @property
    def path(self) -> str:
        """PYTHONPATH of a server of this site: what a fresh interpreter finds is current then."""
        return str(self.root / "current" / "src")

    @property
    def run(self) -> Path:
        """The run directory of its server."""
        return self.root / "run"

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this site is given; what it runs counts as run in src."""
        here = {"PYTHONPATH": self.path, "KNOWCTL_RUN_DIR": str(self.run)}
        return {**here, **measured()}

    def make(self, name: str, fault: Fault = Fault.NONE) -> None:
        """Copy the code of this checkout, with routes for tests and something wrong or nothing."""
        source = self.root / "releases" / name / "src"
        shutil.copytree(SRC, source)
        shutil.copy2(ROUTES, source)
        wsgi = source / "knowalledge_api" / "wsgi.py"
        with wsgi.open("a") as file:
            file.write(f"\n{REGISTER.format(name=name)}{fault}")
        wsgi.touch()

    def switch(self, name: str) -> None:
        """Make a release the current one, at once for whoever looks."""
        fresh = self.root / "current.new"
        fresh.symlink_to(Path("releases") / name)
        fresh.rename(self.root / "current")

    def release(self, name: str, fault: Fault = Fault.NONE) -> None:
        """Make a release and switch to it."""
        self.make(name, fault)
        self.switch(name)

    def breaks(self, name: str) -> Path:
        """The file that makes /testing/broken of a release answer 500."""
        return (self.root / "releases" / name / "src" / "breaks").resolve()


@contextmanager
def releases(name: str = "v1") -> Iterator[Releases]:
    """A site with one release, in a directory with a short path: sockets have at most 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="ka-", ignore_cleanup_errors=True) as directory:
        site = Releases(Path(directory))
        site.release(name)
        yield site


@dataclass(frozen=True, slots=True)
class Served:
    """A site that is served, and knowctl in the same place."""

    site: Releases
    running: Running
    environ: Mapping[str, str]

    def knowctl(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command beside the server, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "knowctl", *words],
            cwd=self.running.log.parent,
            env=clean_environment(PORT=str(self.running.port), **self.environ),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def reload(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`knowctl reload`, which has to go well."""
        done = self.knowctl("reload", *words)
        assert done.returncode == 0, f"{done.stderr}\n{self.told()}"
        return done

    def told(self) -> str:
        """What the server has said, without its records of requests."""
        lines = self.running.said().splitlines()
        return "\n".join(line for line in lines if '"knowalledge_api.access"' not in line)

    def version(self) -> str:
        """The release that answers on a new connection."""
        return str(self.running.request("GET", "/testing/version").body["release"])


@contextmanager
def served(
    site: Releases,
    settings: Mapping[str, str] | None = None,
    *,
    server: str = "gunicorn",
    size: Sequence[str] = ("--workers", "2", "--threads", "16"),
) -> Iterator[Served]:
    """`knowctl serve` from the site's current release, with a SQLite database in the site."""
    environ = {**site.environment, "SERVER": server, "LOG_FORMAT": "json", **(settings or {})}
    command = [sys.executable, "-m", "knowctl", "serve", *size, "--migrate"]
    with serving(command, cwd=site.root, port=free_port(), environ=environ) as running:
        yield Served(site, running, environ)
