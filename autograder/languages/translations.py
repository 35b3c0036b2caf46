"""exercises/zh/NAME.yaml → English text → Chinese text, checked against exercises/NAME.yaml, which it translates.

A translation says what an exercise says to students and nothing else: every title and feedback text, none besides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder import strict_yaml
from autograder.languages import AUTO, TAGS, language, written_in
from autograder.model import Exercise, Submission
from autograder.phrase import ENGLISH, Language
from autograder.shapes import At, Key, Record, Shape, SpecError, Text

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"


def load(code: str, exercises: Iterable[Exercise], folder: Path = EXERCISES) -> Language:
    """A language with the texts of these exercises, whose YAML is in `folder`. Raises SpecError."""
    if code == ENGLISH.code:
        return ENGLISH
    return language(code, {en: said for exercise in exercises for en, said in texts(code, exercise.name, folder)})


def chooser(code: str, exercises: Sequence[Exercise], folder: Path = EXERCISES) -> Callable[[Submission], Language]:
    """Submission → the language that its student reads: always `code`, or by its own prose. Raises SpecError."""
    known = {one: load(one, exercises, folder) for one in (TAGS if code == AUTO else [code])}
    return lambda submission: known[written_in(submission) if code == AUTO else code]


def texts(code: str, name: str, folder: Path = EXERCISES) -> Iterator[tuple[str, str]]:
    """(English, this language) of all that an exercise says to students. Raises SpecError."""
    path = folder / code / f"{name}.yaml"
    called = f"{folder.name}/{code}/{path.name}"
    if not path.is_file():
        raise SpecError(f"{called}: not found; write it, or leave this language away")
    english = said(strict_yaml.read(folder / f"{name}.yaml"))
    yield from _pairs(_alike(english).read(At(called), strict_yaml.read(path, called)), english)


def said(exercise: Mapping[str, Any]) -> dict[str, Any]:
    """Of an exercise as it stands in its YAML, what students read."""
    criteria = {name: _titles(criterion) for name, criterion in exercise["criteria"].items()}
    return {**_titles(exercise), "criteria": criteria}


def _titles(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in ("title", "feedback") if data.get(key)}


def _alike(english: Any) -> Shape:
    """The same keys, all of them, all the way down."""
    if isinstance(english, str):
        return Text()
    return Record({key: Key(_alike(text), "", required=True) for key, text in english.items()})


def _pairs(translated: Any, english: Any) -> Iterator[tuple[str, str]]:
    if isinstance(english, str):
        yield english, translated
        return
    for key, text in english.items():
        yield from _pairs(translated[key], text)
