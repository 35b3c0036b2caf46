"""Words of a student's: where they stand, and which of them are only the exercise's own text."""

import functools
import re
from dataclasses import dataclass, replace

import numpy as np

WRITTEN = ("markdown", "comment", "string", "dead")  # kinds of words that a person wrote, as opposed to output


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a student's, and where they stand."""

    where: str
    text: str
    kind: str = "markdown"  # or a Text's kind
    line: int = 0  # of the cell or script, if it is known


def distance(place: str, other: str) -> float:
    """How far "ada.ipynb, cell 7" is from "ada.ipynb, cell 5"; what comes before counts as a little farther."""
    (file, number), (other_file, other_number) = _numbered(place), _numbered(other)
    if file != other_file:
        return np.inf
    return number - other_number if number >= other_number else (other_number - number) * 1.5 + 0.5


@functools.lru_cache(maxsize=4096)  # there are few places, and many questions
def _numbered(place: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*), (?:cell|line) (\d+)", place, re.DOTALL)
    return (match[1], int(match[2])) if match else (place, 0)


@functools.lru_cache(maxsize=4096)  # every case and every exercise asks the same of the same passages
def without(statement: tuple[str, ...], passage: Passage, short: bool = False) -> Passage:
    """The passage without sentences that only repeat an exercise's text, in whatever edition.

    Headings and what is a few words long say nothing by themselves; with `short` they stay.
    """
    known = [_words(sentence) for sentence in statement]
    lines = [line for line in passage.text.split("\n") if short or not re.match(r"\s*#+ ", line)]
    pieces = re.split(_SENTENCE_ENDS, "\n".join(lines))
    left, stays = "", False
    for sentence, gap in zip(pieces[::2], [*pieces[1::2], ""], strict=True):  # a sentence and the gap after it
        if words := _words(sentence):  # "512." goes with what it follows
            stays = not _repeats(words, known, short)
        left += sentence + gap if stays else ""
    return replace(passage, text=left.strip())


_SENTENCE_ENDS = r"((?<=[.?!])\s+|(?<=[。？！])\s*|\n\s*(?=[-*\d\n])|(?=Trying to backward))"


def _repeats(words: list[str], known: list[list[str]], short: bool = False) -> bool:
    """Nothing at all, a few words of the exercise's, or mostly runs of words that stand in it."""
    if short and 0 < len(words) < 6:
        return False
    if len(words) < 3:
        return not words or any(set(words) <= set(sentence) for sentence in known)
    runs = _runs(words)
    return any(len(runs & _runs(sentence)) >= 0.6 * len(runs) for sentence in known)


def _words(text: str) -> list[str]:
    """Words, or single Chinese characters, without numbers, punctuation and marks."""
    return re.findall(r"[\u2e80-\uffff]|\w+", re.sub(r"[`$*_\\\d]|\uff0c|\u3002|\uff1f|\u3001", "", text.lower()))


def _runs(words: list[str]) -> set[str]:
    """Three words in a row; of Chinese characters two."""
    size = 2 if any(word > "\u2e80" for word in words) else 3
    return {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}


def says_something(text: str) -> bool:
    """More than a heading: a few words, a few Chinese characters, or code."""
    return (
        len(re.findall(r"\w+", text)) >= 5
        or sum(character > "\u2e80" for character in text) >= 8
        or ".backward(" in text
    )
