"""Reports of any findings, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.results import Where

WORDS = st.text(st.characters(), max_size=60) | st.sampled_from(
    (
        "",
        "100%",
        "a, b: c",
        "%0A%25",
        "one\r\n::error::two",
        "✔ \N{COLLISION SYMBOL}",
        "]]>",
        "&<'\"",
    )
)
"""Any words, surrogates and control characters among them, and those with a meaning somewhere."""
FILES = st.sampled_from(
    (
        ".env",
        "deploy/staging.env",
        "../.env",
        "/etc/know/.env",
        "a b.env",
        "é✔.env",
        "a:b",
        "50%.env",
    )
) | st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=40)
WHERES = st.builds(
    Where,
    file=st.none() | FILES,
    line=st.none() | st.integers(1, 10**6),
    variable=st.none() | WORDS,
)
FINDINGS = st.builds(
    Finding,
    id=st.from_regex(r"KC[1-7][0-9]{2}", fullmatch=True),
    severity=st.sampled_from(Severity),
    outcome=st.sampled_from(Outcome),
    title=WORDS.filter(bool),
    cause=WORDS,
    hint=WORDS,
    where=WHERES,
    docs=WORDS,
)
REPORTS = st.builds(
    Report,
    subject=WORDS,
    findings=st.lists(FINDINGS, max_size=5).map(tuple),
    fail_level=st.sampled_from(Severity),
)
