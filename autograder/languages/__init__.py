"""Languages other than English: a catalogue for the machinery's own words, and one file an exercise and language.

Both are data: `languages/zh.yaml` maps each English sentence of ours to the same in Chinese, `exercises/zh/NAME.yaml`
says again what `exercises/NAME.yaml` says to students. A new language is those files and one line in TAGS.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from autograder.model import Submission
from autograder.phrase import ENGLISH, Language

TAGS: Mapping[str, str] = MappingProxyType({"en": "en", "zh": "zh-Hans"})  # as --language knows it → BCP 47
AUTO = "auto"
CHOICES = (*TAGS, AUTO)
FOLDER = Path(__file__).parent

_COMMENT = re.compile(r"#[^\n]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
LEAST_SHARE = 0.1  # of all letters of the prose; one sign says about as much as three letters do


@cache
def words(code: str) -> Mapping[str, str]:
    """English → this language, of the machinery's own words. Raises SpecError."""
    if code == ENGLISH.code:
        return MappingProxyType({})
    from autograder import strict_yaml
    from autograder.shapes import At, Table, Text

    called = f"autograder/languages/{code}.yaml"
    return MappingProxyType(Table(Text()).read(At(called), strict_yaml.read(FOLDER / f"{code}.yaml", called)))


def asked_in(assignment: Path | None) -> str:
    """The language that an assignment's file asks for, also if it is broken elsewhere; English if there is none."""
    try:
        return asked_for(assignment.read_text(encoding="utf-8", errors="replace") if assignment else "")
    except OSError:
        return ENGLISH.code


def asked_for(assignment: str) -> str:
    """As `asked_in`, of the file's text."""
    found = re.search(r"^language:\s*[\"']?(\w+)", assignment, re.MULTILINE)
    return found[1] if found else ENGLISH.code


def every(text: str) -> tuple[str, ...]:
    """A text of the machinery's in all languages."""
    return (text, *(words(code).get(text, text) for code in TAGS if code != ENGLISH.code))


def aloud(text: str, code: str) -> str:
    """A text of the machinery's for somebody whose own language is not known yet: with `auto`, in all of them."""
    return " ".join(every(text)) if code == AUTO else words(code).get(text, text) if code in TAGS else text


def language(code: str, exercises: Mapping[str, str]) -> Language:
    """One of TAGS, with the texts of some exercises (see `translations.texts`)."""
    return ENGLISH if code == ENGLISH.code else Language(code, TAGS[code], {**words(code), **exercises})


def written_in(submission: Submission) -> str:
    """The language of a submission's own prose, its markdown and its comments; English unless enough is Chinese."""
    prose = "\n".join(_prose(submission))
    han, letters = len(_HAN.findall(prose)), len(_LETTER.findall(prose))
    is_chinese = han > 0 and han >= LEAST_SHARE * letters and len(_KANA_OR_HANGUL.findall(prose)) < han
    return "zh" if is_chinese else ENGLISH.code


def _prose(submission: Submission) -> Iterable[str]:
    for unit in (unit for file in submission.files for unit in file.units):
        yield from [unit.text] if unit.kind == "markdown" else _COMMENT.findall(unit.text)
