"""How a subtopic is explained: a lesson in finding one's own way into it.

Nothing is known of the subject, so nothing is claimed of it: the text says what to ask, how to
take the subject apart, how to follow an example, and how to check what one has understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from knowalledge_api.providers.offline.chance import picked, shuffled
from knowalledge_api.providers.offline.phrasebook import PHRASEBOOK
from knowalledge_api.providers.offline.phrases import Phrases, Voice
from knowalledge_api.providers.tasks import Explain, Explanation

LONGEST_SEARCH: Final = 100
"""As many characters may be searched for."""
OVERLONG: Final = 1.05
"""So many times the words asked for are not too many, where a sentence would else be left out."""


def explain(task: Explain) -> Explanation:
    """A lesson of about as many words as the task asks for, in the voice of its level."""
    phrases = PHRASEBOOK[task.language]
    voice = phrases.voices.get(task.level, phrases.other)
    application = picked(phrases.applications, task.topic, task.subtopic)
    return Explanation(
        explanation=_lesson(task, phrases, voice),
        real_world_application=application.format(name=phrases.name(task.subtopic)),
        youtube_search_query=_search(voice, phrases.words(task.topic, task.subtopic)),
    )


def _lesson(task: Explain, phrases: Phrases, voice: Voice) -> str:
    """The opening, as many sentences as there is room for, and the closing."""
    subject = phrases.subject(task.topic, task.subtopic)
    opening, style = voice.opening.format(subject=subject), _style(task, phrases)
    sections = ((voice.comparison,), *_sections(task, phrases))
    room = task.words * OVERLONG - sum(map(phrases.length, (opening, *style, voice.closing)))
    lengths = [tuple(map(phrases.length, section)) for section in sections]
    counts = _counts(lengths, _order(task, len(sections)), room)
    comparison, *begun = (section[:count] for section, count in zip(sections, counts, strict=True))
    paragraphs = ((opening, *comparison, *style), *filter(None, begun), (voice.closing,))
    return "\n\n".join(map(phrases.join, paragraphs))


def _style(task: Explain, phrases: Phrases) -> tuple[str, ...]:
    """A sentence for a style that has one; what else a user may have typed is not repeated."""
    sentence = phrases.styles.get(task.style.strip().casefold())
    return () if sentence is None else (sentence,)


def _sections(task: Explain, phrases: Phrases) -> Iterator[tuple[str, ...]]:
    name = phrases.name(task.subtopic)
    for section in phrases.sections:
        yield tuple(sentence.format(name=name) for sentence in section)


def _order(task: Explain, count: int) -> tuple[int, ...]:
    """What has room first: two sections, which the subtopic decides, before the comparison."""
    first, second, *others = shuffled(range(1, count), task.topic, task.subtopic)
    return (first, second, 0, *others)


def _counts(lengths: Sequence[tuple[float, ...]], order: Iterable[int], room: float) -> list[int]:
    """How many sentences of each section there is room for.

    Every section gets two before any gets more; `order` says which come first.
    """
    counts = [0] * len(lengths)
    deepest = max(map(len, lengths))
    for start, section, offset in product(range(0, deepest, 2), order, range(2)):
        depth = start + offset
        if counts[section] == depth < len(lengths[section]) and lengths[section][depth] <= room:
            counts[section] += 1
            room -= lengths[section][depth]
    return counts


def _search(voice: Voice, words: str) -> str:
    room = LONGEST_SEARCH - len(voice.search.format(words=""))
    return voice.search.format(words=_cut(words, room))


def _cut(text: str, room: int) -> str:
    """The words of the text that fit into the room; of a single long one, what fits."""
    if len(text) <= room:
        return text
    whole, _, _ = text[: room + 1].rpartition(" ")
    return whole.rstrip() or text[:room]
