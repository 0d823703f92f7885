"""Reads what is installed: metadata against each other, against what is declared, and the lock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Final

from knowctl import __version__
from knowctl.model.environment import (
    Broken,
    InstalledSelf,
    Lock,
    Need,
    Packages,
    Pin,
    WantedExtra,
)

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OWN: Final = "knowctl"
PACKAGE: Final = Path(__file__).parents[1]
"""Where the code that runs lies."""
LOCK: Final = "requirements.lock"
UNREAD: Final = "packaging is not installed, which reads requirements"
_PIN: Final = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ;(?P<marker>[^\\]*))?")


@dataclass(frozen=True, slots=True)
class Record:
    """One distribution, its metadata read once: each reading parses the whole file."""

    version: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]
    python: str
    place: str
    home: Distribution


@dataclass(frozen=True, slots=True)
class Installed:
    """All that is installed, by canonical name; the first one that Python finds counts."""

    by_name: Mapping[str, Record]
    broken: tuple[Broken, ...]

    def version(self, name: str) -> str | None:
        """The version that is there."""
        found = self.by_name.get(canonical(name))
        return found.version if found else None


@dataclass(frozen=True)
class DistributionsProbe:
    """What Python finds on `path`, its own where None; `root` is the checkout, if it is one."""

    root: Path | None
    path: tuple[str, ...] | None = None

    @cached_property
    def _found(self) -> Installed:
        given = self.path is None
        return installed(distributions() if given else distributions(path=list(self.path or ())))

    @property
    def _own(self) -> Record | None:
        return self._found.by_name.get(OWN)

    def packages(self, wanted: Sequence[WantedExtra]) -> Packages:
        """All of it, with the extras that are wanted."""
        found, own = self._found, self._own
        itself = _itself(own) if own else None
        try:
            needs = tuple(_declared(own, wanted, found)) if own else ()
            conflicts = tuple(_conflicts(found))
            lock = _lock(self.root / LOCK, found) if self.root else None
        except ModuleNotFoundError:
            return Packages(itself, UNREAD, broken=found.broken)
        return Packages(itself, "", tuple(wanted), needs, conflicts, found.broken, lock)

    def extras(self) -> tuple[str, ...]:
        """The extras that this distribution has; none where it is not installed."""
        return self._own.extras if self._own else ()

    def versions(self) -> dict[str, str]:
        """Every distribution and its version."""
        return {name: each.version for name, each in sorted(self._found.by_name.items())}

    def python(self, version: str) -> tuple[str, bool | None]:
        """What this distribution asks of the interpreter, and whether that version is it."""
        wanted = self._own.python if self._own else ""
        try:
            from packaging.specifiers import SpecifierSet  # noqa: PLC0415 -- it may be missing
        except ModuleNotFoundError:
            return wanted, None
        return wanted, SpecifierSet(wanted).contains(version, prereleases=True)

    def installed_at(self) -> float | None:
        """When this distribution was installed, by the clock of then."""
        record = Path(self._own.place) if self._own else None
        return record.stat().st_mtime if record and record.exists() else None


def installed(found: Iterable[Distribution]) -> Installed:
    """Each distribution by its name, and those that are not whole."""
    by_name: dict[str, Record] = {}
    places: dict[str, list[str]] = {}
    broken: list[Broken] = []
    for each in found:
        place, metadata = _place(each), _metadata(each)
        if Path(place).name.startswith("~"):
            broken.append(Broken(f"{place} is what pip left when it was ended", paths=(place,)))
            continue
        name, version = _field(metadata, "Name"), _field(metadata, "Version")
        if metadata is None or not name or not version:
            broken.append(Broken(f"{place} names no package or no version", paths=(place,)))
            continue
        by_name.setdefault(canonical(name), _record(each, metadata, version, place))
        if place not in places.setdefault(canonical(name), []):
            places[canonical(name)].append(place)
    return Installed(by_name, (*broken, *_twice(places)))


def canonical(name: str) -> str:
    """A name as all its spellings have it. Source: the PyPA's rules of name normalization."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _twice(places: Mapping[str, Sequence[str]]) -> Iterator[Broken]:
    """Two of one name in one directory: an update was interrupted. In two, one shadows another."""
    for name, found in places.items():
        homes = [Path(each).parent for each in found]
        if len(set(homes)) < len(homes):
            yield Broken(f"{name} is there {len(found)} times: {', '.join(found)}", name=name)


def _record(each: Distribution, metadata: PackageMetadata, version: str, place: str) -> Record:
    return Record(
        version,
        tuple(metadata.get_all("Requires-Dist") or ()),
        tuple(metadata.get_all("Provides-Extra") or ()),
        _field(metadata, "Requires-Python"),
        place,
        each,
    )


def _itself(own: Record) -> InstalledSelf:
    elsewhere = _elsewhere(own)
    return InstalledSelf(own.version, __version__, str(PACKAGE), elsewhere)


def _elsewhere(own: Record) -> str:
    """Where the distribution's own files are, where that is not the code that runs.

    An editable install has no files of its own, but a path to them.
    """
    there = Path(str(own.home.locate_file(f"{OWN}/__init__.py")))
    if there.exists() and not there.samefile(PACKAGE / "__init__.py"):
        return str(there.parent)
    return ""


def _declared(own: Record, wanted: Sequence[WantedExtra], found: Installed) -> Iterator[Need]:
    """What this distribution asks for by itself, and for each extra."""
    for extra in dict.fromkeys(("", *(each.name for each in wanted))):
        for asked in _requirements(own):
            if _applies_for(asked, extra):
                yield _need(asked, OWN, extra, found)
                yield from _of_extras(asked, extra, found)


def _of_extras(asked: Requirement, extra: str, found: Installed) -> Iterator[Need]:
    """What `redis[hiredis]` asks of redis besides."""
    there = found.by_name.get(canonical(asked.name))
    if there is None:
        return
    for inner in sorted(asked.extras):
        for each in _requirements(there):
            if _applies_for(each, inner):
                yield _need(each, f"{asked.name}[{inner}]", extra, found)


def _conflicts(found: Installed) -> Iterator[Need]:
    """Needs of other distributions that do not hold, as `pip check` tells them."""
    for name, each in sorted(found.by_name.items()):
        if name == OWN:
            continue
        for asked in _requirements(each):
            if _applies_for(asked, ""):
                need = _need(asked, name, "", found)
                if not need.holds:
                    yield need


def _requirements(each: Record) -> Iterator[Requirement]:
    """What it asks for; a line that nobody can read is left out, as pip does."""
    from packaging.requirements import (  # noqa: PLC0415 -- it may be missing
        InvalidRequirement,
        Requirement,
    )

    for text in each.requires:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def _applies_for(asked: Requirement, extra: str) -> bool:
    """Whether it is asked for here: by that extra, and not without it."""
    if asked.marker is None:
        return not extra
    plain = asked.marker.evaluate({"extra": ""})
    return not plain and asked.marker.evaluate({"extra": extra}) if extra else plain


def _need(asked: Requirement, by: str, extra: str, found: Installed) -> Need:
    version = found.version(asked.name)
    fits = version is not None and asked.specifier.contains(version, prereleases=True)
    plain = str(asked).partition(";")[0].strip()
    return Need(canonical(asked.name), plain, by, version, fits, extra)


def _lock(path: Path, found: Installed) -> Lock | None:
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 -- it may be missing

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    different = []
    for number, line in enumerate(lines, 1):
        pin = _PIN.match(line)
        there = found.version(pin["name"]) if pin and _is_for_here(pin["marker"]) else None
        try:
            if pin and there is not None and Version(there) != Version(pin["version"]):
                different.append(Pin(pin["name"], pin["version"], number, there))
        except InvalidVersion:
            continue  # a version of nobody's making: whoever asks for it says more
    return Lock(_from_here(path), tuple(different))


def _from_here(path: Path) -> str:
    """A path within the working directory as it is typed there, and as annotations need it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _is_for_here(marker: str | None) -> bool:
    from packaging.markers import Marker  # noqa: PLC0415 -- it may be missing

    return not marker or not marker.strip() or Marker(marker).evaluate()


def _metadata(each: Distribution) -> PackageMetadata | None:
    """What its file says; None where it is in no encoding that it may be in, or not there."""
    try:
        return each.metadata
    except (OSError, UnicodeDecodeError):
        return None


def _field(metadata: PackageMetadata | None, name: str) -> str:
    found = metadata.get_all(name) if metadata is not None else None
    return str(found[0]) if found else ""


def _place(each: Distribution) -> str:
    return str(getattr(each, "_path", None) or each.locate_file(""))
