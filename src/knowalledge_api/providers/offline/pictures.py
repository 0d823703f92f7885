"""What a picture is about, as far as one can tell without looking at it."""

from __future__ import annotations

from typing import Final

from knowalledge_api.providers.tasks import NamePicture

PICTURE_TOPICS: Final = (
    *("Photosynthesis", "The Water Cycle", "Human Anatomy", "Plate Tectonics", "Ancient Rome"),
    *("The Solar System", "Geometry of Triangles", "Electric Circuits", "World Map Reading"),
    *("Cell Structure", "Simple Machines", "Food Chains", "Renaissance Painting"),
    *("Periodic Table", "Weather and Climate", "Music Notation"),
)
"""What pictures in schoolbooks are about; one is taken by the digest of the file."""


def name_picture(task: NamePicture) -> str:
    """The words of the file's name, else a topic that only the file's bytes decide."""
    if task.picture.words:
        return " ".join(task.picture.words)
    return PICTURE_TOPICS[int(task.picture.digest[:8], 16) % len(PICTURE_TOPICS)]
