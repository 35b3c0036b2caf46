"""A claim: what the name of an entry says about whose it is, and claims → students."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from autograder.intake.entries import Entry
from autograder.intake.layout import Layout, Part, Student, plain_student
from autograder.intake.names import clean_name, natural_key
from autograder.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose an entry is."""

    key: str  # one a student; names may be equal
    name: str
    called: PurePath = field(default_factory=PurePath)  # what the entry is called among the student's files
    ids: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    attempt: str = ""  # sorts by time; of several attempts the latest counts
    handed_in: str = ""  # as in Submission


Claimed = tuple[Entry, Claim | None]
Claims = Callable[[Sequence[Entry]], Iterable[Claimed]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One LMS's way to pack what students handed in."""

    name: str  # as in --layout
    title: str
    example: str
    claims: Claims
    doubt: Callable[[Sequence[Entry]], str] = lambda entries: ""  # when names alone tell, and could be chance


def each(read: Callable[[str], Claim | None]) -> Claims:
    """Claims that the name of an entry makes by itself."""
    return lambda entries: ((entry, read(entry.place.name)) for entry in entries)


def students(kind: Kind, claimed: Iterable[Claimed], top: PurePath) -> Layout:
    """A student a key. What nobody claims is a student by itself, as in a plain folder, or refused."""
    claimed = sorted(claimed, key=lambda pair: natural_key(pair[0].place.relative_to(top)))
    by_key = defaultdict[str, list[tuple[Entry, Claim]]](list)
    for entry, claim in claimed:
        if claim:
            by_key[claim.key].append((entry, claim))
    theirs = [_student(key, pairs, top) for key, pairs in by_key.items()]
    others = [entry for entry, claim in claimed if not claim]
    theirs += [plain_student(entry) for entry in others if not entry.refused]
    theirs.sort(key=lambda student: natural_key(student.place.relative_to(top)))
    return Layout(tuple(theirs), tuple(entry for entry in others if entry.refused), kind.title)


def _student(key: str, pairs: Sequence[tuple[Entry, Claim]], top: PurePath) -> Student:
    latest = max(claim.attempt for _, claim in pairs)
    counting = [(entry, claim) for entry, claim in pairs if claim.attempt == latest]
    earlier = sorted({claim.attempt for _, claim in pairs} - {latest})
    ids = {name: value for _, claim in counting for name, value in claim.ids.items()}
    remarks = dict.fromkeys(remark for _, claim in counting for remark in claim.remarks)
    parts = (*_named_once(counting), *(_passed_over(entry, claim, latest) for entry, claim in _not_in(pairs, latest)))
    return Student(
        name=clean_name(next((claim.name for _, claim in counting if claim.name), key)),
        place=top / key,
        parts=parts,
        ids={name: clean_name(value) for name, value in ids.items()},
        remarks=(*remarks, *_attempts(earlier, latest)),
        handed_in=clean_name(max(claim.handed_in for _, claim in counting)),
    )


def _not_in(pairs: Iterable[tuple[Entry, Claim]], latest: str) -> Iterator[tuple[Entry, Claim]]:
    return ((entry, claim) for entry, claim in pairs if claim.attempt != latest)


def _passed_over(entry: Entry, claim: Claim, latest: str) -> Part:
    why = entry.refused or f"an earlier attempt ({claim.attempt}); the one of {latest} counts"
    return Part(replace(entry, refused=why), claim.called)


def _attempts(earlier: Sequence[str], latest: str) -> Iterator[str]:
    if earlier:
        total = len(earlier) + 1
        template = "{total} attempts were handed in; the latest ({latest}) counts, not {earlier}"
        yield Phrase(template, total=total, latest=latest, earlier=", ".join(earlier))


def _named_once(pairs: Sequence[tuple[Entry, Claim]]) -> Iterator[Part]:
    """Two files of one name are both kept, the second under its whole name."""
    taken: set[PurePath] = set()
    for entry, claim in pairs:
        called = PurePath(entry.place.name) if claim.called in taken and claim.called.parts else claim.called
        taken.add(called)
        yield Part(entry, called)
