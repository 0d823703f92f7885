"""What keeps secrets: that they are hard to guess, and that few can read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from knowctl.checks.engine import Fault, NotJudged
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.findings import Outcome
from knowctl.model.results import Where
from knowctl.model.surroundings import FileFacts

EVERYONE: Final = 0o007
OTHERS: Final = 0o077
PLATFORMS: Final = ("/run/secrets/", "/var/run/secrets/")
"""Where Docker and Kubernetes put secrets, readable for whoever is in the container."""
FRESH: Final = "openssl rand -hex 32"


def strong(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Outside development no secret can be guessed."""
    if facts.development:
        return
    for each in facts.around.strengths:
        if each.bits < each.wanted:
            cause = f"{each.name} has at most {each.bits:.0f} bits, and needs {each.wanted:g}"
            hint = f"draw another: {FRESH}"
            if each.name == "SECRET_KEY":
                hint += "; the former one in SECRET_KEY_FALLBACKS keeps tokens valid meanwhile"
            yield Fault(cause, hint, facts.where(each.name))


def private_secret_files(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A file with a secret is not for everyone."""
    for file in facts.around.secret_files:
        if not file.path.startswith(PLATFORMS):
            yield from _open_to(EVERYONE, file)


def private_key(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The certificate's key is not for everyone."""
    if facts.around.key_file:
        yield from _open_to(EVERYONE, facts.around.key_file)


def private_file(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The .env file is for its owner alone."""
    if facts.env_file:
        yield from _open_to(OTHERS, facts.env_file)


def uncommitted(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Outside development no file with a secret is in git."""
    found = facts.around.committed
    if facts.development:
        return
    if found.unknown:
        hint = "ask it there: git ls-files --error-unmatch .env"
        raise NotJudged(Outcome.UNKNOWN, f"git can't be asked: {found.unknown}", hint)
    for path in found.files:
        cause = f"git tracks {path}, which holds a secret: whoever has the repository has it"
        hint = f"git rm --cached {path}, add it to .gitignore, and draw new secrets"
        yield Fault(cause, hint, Where(file=path))


def _open_to(whom: int, file: FileFacts) -> Iterator[Fault]:
    if file.mode is not None and file.mode & whom:
        cause = f"{file.path} has mode {file.mode:04o}: other users of this machine may read it"
        yield Fault(cause, f"chmod 600 {PurePath(file.path)}", Where(file=file.path))
