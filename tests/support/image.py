"""An image without a container engine: a Dockerfile's steps on layers over this machine, and run.

The base image is this machine: its root file system lies below the layers, its Python takes the
place of the base image's own, and what is the tests' own is hidden. Everything else is real: the
steps run in a root of their own, what they write becomes a layer, and a container is process 1
of its own with the user, the environment and the file systems that it is given.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.dockerfile import Instruction, Stage, context, environment_of, stages
from tests.support.processes import PIP, Running
from tests.support.rooms import ROOT
from tests.support.servers import children_of, unavailable
from tests.support.waiting import wait_for

MEMORY: Final = Path("/dev/shm")
"""Where layers are kept: one file system below another can't be laid over it."""
TOOLS: Final = ("unshare", "nsenter", "setpriv", "chroot", "mount")
PATH: Final = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
HIDDEN: Final = tuple(
    dict.fromkeys((pwd.getpwuid(os.getuid()).pw_dir, str(Path.home()), str(ROOT)))
)
"""What no image has: the home of who tests, whatever HOME says, and the checkout."""
BASE: Final = sys.base_prefix
PYTHON: Final = () if BASE == "/usr" else (f"/usr/local={BASE}", f"{BASE}={BASE}")
"""This machine's Python where the base image has its own, and where its libraries look for it."""
MOUNTS: Final = """
root=$1 layers=$2; shift 2
mount -t overlay -o "$layers" overlay "$root"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom; do
    touch "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/shm"; mount -t tmpfs -o size=64m,mode=1777 shm "$root/dev/shm"
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do
    place=$root${1%%=*}
    case $1 in *=/*) ;; *) mount -t tmpfs -o mode=1777 tmpfs "$place" ;; esac
    case $1 in *=/*) mkdir -p "$place"; mount --bind "${1##*=}" "$place" ;; esac
    case $1 in *==/*) ;; *=/*) mount -o remount,bind,ro "$place" ;; esac
    shift
done
shift
exec chroot "$root" "$@"
"""
"""Puts a root file system together, with more mounts: PATH for a tmpfs, PATH=SOURCE for a part of
this machine, PATH==SOURCE where that may be written."""


@dataclass(slots=True)
class Image:
    """What a stage wrote, and what a container of it is given."""

    directory: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    workdir: str = "/"
    user: str = "0:0"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()

    @property
    def layer(self) -> Path:
        """All that it has over its base."""
        return self.directory / "layer"


@dataclass(frozen=True, slots=True)
class Shipped:
    """How a platform runs the image: its words (none: the image's own), settings, and mounts."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    tmpfs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Container:
    """A running container: process 1 of its own, as the machine around it sees it."""

    image: Image
    running: Running
    init: int
    written: Path
    """What it wrote to its root file system, outside of every mount."""

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command within it, to its end."""
        inside = ["nsenter", f"--target={self.init}", "--mount", "--pid", "--root"]
        return subprocess.run(
            [*inside, *_as_its_user(self.image), *command],
            env=_environ_of(self.init),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def stop(self, seconds: float) -> int:
        """`docker stop`: its exit code."""
        os.kill(self.init, signal.SIGTERM)
        return self.running.process.wait(seconds)


@contextlib.contextmanager
def build(checkout: Path) -> Iterator[Image]:
    """`docker build`: the image of a checkout's Dockerfile, removed with the block."""
    _require_tools()
    with tempfile.TemporaryDirectory(prefix="ka-", dir=MEMORY) as directory:
        yield _image(checkout, Path(directory))


@contextlib.contextmanager
def run(image: Image, given: Shipped, port: int, *, read_only: bool = False) -> Iterator[Container]:
    """`docker run`, on this machine's own network; it is ended with the block."""
    written, log = _scratch(image.directory / f"container-{port}"), image.directory / f"{port}.log"
    layers = f"lowerdir={image.layer}:/"
    if not read_only:
        layers += f",upperdir={written},workdir={_scratch(written.with_suffix('.work'))}"
    words = [*_as_its_user(image), *image.entrypoint, *(given.command or image.command)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_in_root(image, layers, given.tmpfs, "--pid", "--fork"), *words],
            env={**image.environ, **given.environ, "PORT": str(port), "HOME": "/"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(process, port, log)
    try:
        wait_for("a process 1", lambda: bool(children_of(process.pid)) or _ended(process), 10)
        init = next(iter(children_of(process.pid)), 0)
        yield Container(image, running, init, written)
    finally:
        for pid in children_of(process.pid):  # with it ends all that it started
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(20)


def _image(checkout: Path, directory: Path) -> Image:
    found: dict[str, Image] = {}
    for number, stage in enumerate(stages((checkout / "Dockerfile").read_text())):
        name = stage.name or str(number)
        found[name] = _built(stage, Image(directory / name), checkout, found)
    return found[name]


def _built(stage: Stage, image: Image, checkout: Path, others: Mapping[str, Image]) -> Image:
    _scratch(image.layer)
    for each in stage.instructions:
        _follow(each, image, checkout, others)
    return image


def _follow(each: Instruction, image: Image, checkout: Path, others: Mapping[str, Image]) -> None:
    match each.name:
        case "ENV":
            image.environ |= environment_of(each, image.environ)
        case "WORKDIR":
            image.workdir = each.text
            (image.layer / each.text.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = each.text
        case "COPY":
            source = others[each.flags["from"]].layer if "from" in each.flags else checkout
            _copy(each, image, source, whole="from" in each.flags)
        case "RUN":
            _perform(each, image)
        case "ENTRYPOINT":
            image.entrypoint = tuple(each.words)
        case "CMD":
            image.command = tuple(each.words)
        case "HEALTHCHECK":
            options, _, command = each.text.partition("CMD ")
            assert not options, options
            image.health = tuple(Instruction("CMD", {}, command).words)
        case "LABEL" | "EXPOSE":
            pass  # for people and registries alone
        case _:
            raise AssertionError(f"what {each.name} does to an image is not known here")


def _copy(each: Instruction, image: Image, source: Path, *, whole: bool) -> None:
    """Copy out of the context, or out of another image as a whole."""
    *wanted, target = each.words
    place = image.layer / (Path(image.workdir) / target).as_posix().lstrip("/")
    if whole:
        (only,) = wanted
        shutil.copytree(source / only.lstrip("/"), place, symlinks=True)
        return
    for name in wanted:
        files = [path for path in context(source) if Path(name) in (path, *path.parents)]
        assert files, f"COPY {name}: the context has no such file"
        for file in files:
            inside = file.name if str(file) == name else file.relative_to(name)
            (place / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / file, place / inside)


def _perform(each: Instruction, image: Image) -> None:
    """RUN, with the way to the package index that this machine has."""
    layers = f"lowerdir=/,upperdir={image.layer},workdir={_scratch(image.directory / 'work')}"
    mounts = []
    if "mount" in each.flags:
        target = each.flags["mount"].removeprefix("type=cache,target=")
        mounts = [f"{target}=={_pip_cache()}"]
    done = subprocess.run(
        [*_in_root(image, layers, mounts), *_as_its_user(image), "/bin/sh", "-c", each.text],
        env={**{name: os.environ[name] for name in PIP}, **image.environ, "HOME": "/root"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"RUN {each.text}\n{done.stdout}{done.stderr}"


def _in_root(image: Image, layers: str, mounts: Sequence[str], *options: str) -> list[str]:
    """The words before a command that is to run in a root of these layers."""
    root = _scratch(image.directory / "root")
    script = [shutil.which("sh") or "sh", "-euc", MOUNTS, "sh", str(root), layers]
    unshare = shutil.which("unshare") or "unshare"
    return [unshare, "--mount", *options, *script, *HIDDEN, *PYTHON, *mounts, "--"]


def _as_its_user(image: Image) -> list[str]:
    """The words before a command that is to run as an engine runs it: without any capability."""
    uid, _, gid = image.user.partition(":")
    who = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    if uid != "0":
        who += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    return ["setpriv", *who, "env", f"--chdir={image.workdir}"]


def _scratch(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _pip_cache() -> Path:
    return _scratch(Path(os.environ.get("PIP_CACHE_DIR", Path.home() / ".cache" / "pip")))


def _environ_of(pid: int) -> dict[str, str]:
    """What process 1 was given, which every command within is given too."""
    pairs = (Path("/proc") / str(pid) / "environ").read_text().rstrip("\0").split("\0")
    return dict(pair.split("=", 1) for pair in pairs)


def _ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def _require_tools() -> None:
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        unavailable(f"no image can be made: {', '.join(missing)} not on PATH")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        unavailable("no image can be made: this user may not put layers together (root may)")
