"""What the downloads of an LMS look like, one module a layout: entries → whose they are, or nothing.

A layout is recognised when every entry that could be a submission is named as it names them. A folder with one other
submission in it is plain, so that no chance likeness renames a class; the doubt is told, and `--layout` decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from types import MappingProxyType

from autograder.intake.entries import Entry, left_behind
from autograder.intake.layout import PLAIN, Layout
from autograder.intake.layout import layout as plain
from autograder.intake.layouts.blackboard import BLACKBOARD
from autograder.intake.layouts.brightspace import BRIGHTSPACE
from autograder.intake.layouts.canvas import CANVAS
from autograder.intake.layouts.claim import Claimed, Kind, students
from autograder.intake.layouts.classroom import CLASSROOM
from autograder.intake.layouts.gradescope import GRADESCOPE
from autograder.intake.layouts.moodle import MOODLE
from autograder.intake.layouts.nbgrader import NBGRADER

# The surest first: a list of its own, words that no student writes, and at last numbers alone.
_KINDS = (GRADESCOPE, MOODLE, BLACKBOARD, BRIGHTSPACE, NBGRADER, CLASSROOM, CANVAS)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
NAMES = (PLAIN, *KINDS)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The entries as one kind of layout would have them."""

    kind: Kind
    claimed: tuple[Claimed, ...]

    @property
    def theirs(self) -> int:
        return sum(claim is not None for _, claim in self.claimed)

    @property
    def others(self) -> list[Entry]:
        """Submissions that are not named as this layout names them."""
        return [entry for entry, claim in self.claimed if claim is None and not entry.refused]

    @property
    def fits(self) -> bool:
        return self.theirs > 0 and not self.others


def recognised(entries: Sequence[Entry], top: PurePath) -> Layout:
    """The students in what an LMS packed, or in a plain folder."""
    readings = [_read(kind, entries) for kind in KINDS.values()]
    fitting = [reading for reading in readings if reading.fits]
    if not fitting:
        return replace(plain(entries, top), doubt=_nearly(readings))
    first = fitting[0]
    return replace(students(first.kind, first.claimed, top), doubt=_doubt(first, fitting[1:], entries))


def as_told(name: str, entries: Sequence[Entry], top: PurePath) -> Layout | None:
    """The students in the layout of this name; None where nothing is named as it names them."""
    if name == PLAIN:
        return plain(entries, top)
    reading = _read(KINDS[name], entries)
    return students(reading.kind, reading.claimed, top) if reading.theirs else None


def _read(kind: Kind, entries: Sequence[Entry]) -> _Reading:
    """What a system or an editor left behind is nobody's, whatever its name."""
    nobody = [entry for entry in entries if left_behind(entry)]
    rest = [entry for entry in entries if not left_behind(entry)]
    return _Reading(kind, (*kind.claims(rest), *((entry, None) for entry in nobody)))


def _doubt(first: _Reading, others: Sequence[_Reading], entries: Sequence[Entry]) -> str:
    assumed = first.kind.doubt(entries)
    also = " and ".join(reading.kind.title for reading in others)
    if not (assumed or also):
        return ""
    could = f"it could be {also} as well" if also else ""
    said = "; ".join(filter(None, (f"assumed {assumed}" if assumed else "", could)))
    otherwise = " or ".join(f"--layout {name}" for name in (*(reading.kind.name for reading in others), PLAIN))
    return f"{said}; say {otherwise} if it is not"


def _nearly(readings: Sequence[_Reading]) -> str:
    return "; ".join(_near(reading) for reading in readings if reading.theirs > len(reading.others) > 0)


def _near(reading: _Reading) -> str:
    other = ", ".join(_names(reading.others))
    title, name = reading.kind.title, reading.kind.name
    return f"most is named as {title} names it, and this is not: {other}; say --layout {name} to take the rest so"


def _names(entries: Sequence[Entry]) -> Iterator[str]:
    yield from (entry.place.name for entry in entries[:3])
    if len(entries) > 3:
        yield f"and {len(entries) - 3} more"
