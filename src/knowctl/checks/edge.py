"""Who reaches the server, and how: addresses, origins, hosts, limits and TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.checks.engine import Fault
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.results import Where
from knowctl.model.surroundings import Certificate, ListedOrigin

SOON: Final = 30
"""Days of a long certificate in which somebody may still notice and renew it."""
LAST_PART: Final = 0.25
"""Of a certificate's life: what renews itself does so with a third left. Source: Let's Encrypt's
integration guide (letsencrypt.org/docs/integration-guide)."""
FEW: Final = 3
"""Days that are told in hours."""
LARGEST: Final = {4: 8, 6: 32}
"""Bits of a network, by version of the protocol, below which it is a good part of the internet."""


def development_is_local(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A development server is reached from this machine alone."""
    if facts.development and not facts.loopback:
        cause = f"APP_ENV is development and HOST is {facts.values['HOST']}"
        yield Fault(cause, "set HOST=127.0.0.1, or APP_ENV=production", facts.where("HOST"))


def undebugged(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Outside development nothing shows its inside."""
    if facts.around.flask_debug and not facts.development:
        cause = f"FLASK_DEBUG is set in {facts.environment}: Flask answers with tracebacks"
        yield Fault(cause, "unset FLASK_DEBUG", Where(variable="FLASK_DEBUG"))


def discreet(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Production logs what operators need, not what developers do."""
    if facts.production and facts.values["LOG_LEVEL"] == "debug":
        cause = "LOG_LEVEL is debug: libraries log what they ask and are answered, at a cost"
        yield Fault(cause, "set LOG_LEVEL=info", facts.where("LOG_LEVEL"))


def reachable(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A production server can be reached from other machines."""
    if facts.environment == "production" and facts.loopback:
        cause = f"HOST is {facts.values['HOST']}: only this machine can reach the server"
        hint = "set HOST=0.0.0.0, or keep it behind a proxy on this machine"
        yield Fault(cause, hint, facts.where("HOST"))


def origins(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Outside development only listed origins may call."""
    if not facts.development and "*" in facts.values["CORS_ORIGINS"]:
        cause = f"CORS_ORIGINS is * in {facts.environment}: any web page may call the API"
        hint = "set CORS_ORIGINS to the front end's address, such as https://learn.example.org"
        yield Fault(cause, hint, facts.where("CORS_ORIGINS"))


def origins_by_https(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No page that anybody on the way could change may call."""
    for each in _origins(facts):
        if each.exposed and not facts.development:
            cause = f"CORS_ORIGINS lists {each.text}: whoever is on its way can change that page"
            yield _origin(facts, cause, f"list https{each.text.removeprefix('http')} instead")


def origins_whole(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Every origin is one that a browser can have."""
    for each in _origins(facts):
        if each.plain is None:
            cause = f"CORS_ORIGINS lists {each.text!r}, which no browser sends"
            yield _origin(facts, cause, "write scheme and host, such as https://learn.example.org")


def origins_plain(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Origins are written as browsers send them."""
    for each in _origins(facts):
        if each.plain is not None and each.text != each.plain:
            cause = f"CORS_ORIGINS lists {each.text}, and browsers send {each.plain}"
            yield _origin(facts, cause, f"write {each.plain}")


def hosts_listed(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Production answers to its own names alone."""
    if facts.production and not facts.values["TRUSTED_HOSTS"]:
        cause = "TRUSTED_HOSTS is not set: the server answers to any Host that a client makes up"
        hint = "set TRUSTED_HOSTS to the names that clients use, such as api.example.org"
        yield Fault(cause, hint, facts.where("TRUSTED_HOSTS"))


def limited(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Production limits requests."""
    if facts.production and not facts.values["RATE_LIMIT_ENABLED"]:
        cause = "RATE_LIMIT_ENABLED is false: keys may be guessed without end, and AI calls spent"
        yield Fault(cause, "set RATE_LIMIT_ENABLED=true", facts.where("RATE_LIMIT_ENABLED"))


def trusted_few(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Networks with a larger limit are few, and not the internet."""
    name = "RATE_LIMIT_TRUSTED_CIDRS"
    for network in facts.values[name]:
        if network.prefixlen < LARGEST[network.version]:
            cause = f"{name} lists {network}: ten times the limit for a good part of the internet"
            yield Fault(cause, f"name the school's own network in {name}", facts.where(name))


def https_ends_somewhere(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Forced HTTPS has a certificate or a trusted proxy behind it."""
    values = facts.values
    if values["FORCE_HTTPS"] and not values["SSL_CERTFILE"] and not values["TRUSTED_PROXY_HOPS"]:
        cause = "FORCE_HTTPS is true, with neither SSL_CERTFILE nor TRUSTED_PROXY_HOPS"
        hint = "set SSL_CERTFILE and SSL_KEYFILE, or TRUSTED_PROXY_HOPS=1 behind a TLS proxy"
        yield Fault(f"{cause}: clients would be redirected for ever", hint, _https(facts))


def https_is_forced(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Keys and tokens cross no network in the clear."""
    if facts.environment == "production" and not facts.values["FORCE_HTTPS"]:
        cause = "FORCE_HTTPS is false in production: keys and tokens may cross in the clear"
        hint = "before the world sees it, serve with TLS and set FORCE_HTTPS=true"
        yield Fault(cause, hint, _https(facts))


def certificate_pair(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A certificate comes with its key."""
    names = ("SSL_CERTFILE", "SSL_KEYFILE")
    missing = [name for name in names if not facts.values[name]]
    if len(missing) == 1:
        given = next(name for name in names if name not in missing)
        yield Fault(f"{given} is set, {missing[0]} is not", f"set {missing[0]}", facts.where(given))


def certificate_usable(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The certificate and its key can be read and used."""
    found = _certificate(facts)
    if found.unusable and not found.mismatch:
        hint = "name PEM files that this user can read, the key without a password"
        yield Fault(found.unusable, hint, facts.where("SSL_CERTFILE"))


def key_fits(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The key is the certificate's own."""
    if _certificate(facts).mismatch:
        hint = "name the key with which this certificate was requested in SSL_KEYFILE"
        yield Fault(_certificate(facts).unusable, hint, facts.where("SSL_KEYFILE"))


def certificate_valid(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The certificate is valid now."""
    found = _certificate(facts)
    if found.not_yet or found.days_left == 0:
        cause = "is not valid yet" if found.not_yet else "has expired"
        hint = "see the clock" if found.not_yet else "renew it"
        hint = f"{hint}, then: knowctl reload"
        place = f"SSL_CERTFILE {facts.values['SSL_CERTFILE']}"
        yield Fault(f"{place} {cause}", hint, facts.where("SSL_CERTFILE"))


def certificate_lasts(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The certificate need not be renewed soon."""
    left, days = _certificate(facts).days_left, _certificate(facts).days
    if left and days and left < min(SOON, days * LAST_PART):
        unit, number = ("hours", left * 24) if left < FEW else ("days", left)
        cause = f"SSL_CERTFILE {facts.values['SSL_CERTFILE']} ends in {number:.0f} {unit}"
        yield Fault(cause, "renew it, then: knowctl reload", facts.where("SSL_CERTFILE"))


def _origins(facts: ConfigurationFacts) -> Iterator[ListedOrigin]:
    return (each for each in facts.around.origins if each.text != "*")


def _origin(facts: ConfigurationFacts, cause: str, hint: str) -> Fault:
    return Fault(cause, f"{hint}, in CORS_ORIGINS", facts.where("CORS_ORIGINS"))


def _certificate(facts: ConfigurationFacts) -> Certificate:
    return facts.around.certificate or Certificate()


def _https(facts: ConfigurationFacts) -> Where:
    return facts.where("FORCE_HTTPS")
