"""Canvas's "Download Submissions": lovelaceada_LATE_1234_987_hw1.ipynb, flat.

The name is the sortable one without all but letters and digits. The numbers are the user's and the attachment's; marked
anonymously, anon_ and a code stand for the name and the user.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath

from autograder.intake.entries import Entry
from autograder.intake.layouts.claim import Claim, Kind, each
from autograder.intake.source import SCRIPT
from autograder.phrase import Phrase

_NAME = re.compile(
    r"(?:(?P<name>(?!LATE_|anon_)\w+?)_)?(?:(?P<late>LATE)_)?(?:anon_(?P<anon>[A-Za-z0-9]+)|(?P<user>\d+))_"
    r"(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<inline>text|link)\.html)",
    re.DOTALL,
)
_SENT_AGAIN = re.compile(r"-\d+(?=\.py$)", re.IGNORECASE)
_LATE = Phrase("Canvas says that it was late")
_WORDS = {
    "text": Phrase("A text entry was handed in; it is not graded here, so a person looks at it"),
    "link": Phrase("A link was handed in; it is not graded here, so a person looks at it"),
}


def _claim(file: str) -> Claim | None:
    match = _NAME.fullmatch(file)
    if not match or not (match["name"] or match["anon"]) or (match["name"] or "").lower() != (match["name"] or ""):
        return None
    inline = match["inline"]
    late = (_LATE,) if match["late"] else ()
    words = (_WORDS[inline],) if inline else ()
    who = match["user"] or f"anon_{match['anon']}"
    return Claim(
        key=f"{match['name']}_{who}" if match["name"] else who,
        name=match["name"] or who,
        called=PurePath(_called(match["file"] or f"{inline}.html")),
        ids=_ids(match, file),
        remarks=(*late, *words),
    )


def _ids(match: re.Match[str], file: str) -> dict[str, str]:
    """With the beginning that a file has to have to be taken back as feedback; Canvas reads two numbers in it."""
    who = {"canvas": match["user"]} if match["user"] else {"canvas_anonymous": match["anon"]}
    return who | ({"canvas_file": file[: match.start("file") - 1]} if match["user"] and match["attachment"] else {})


def _called(file: str) -> str:
    """A file that is sent again becomes helper-1.py, and would not be found by `import helper`."""
    return _SENT_AGAIN.sub("", file) if file.lower().endswith(SCRIPT) else file


def _doubt(entries: Sequence[Entry]) -> str:
    numbers = [match for entry in entries if (match := _NAME.fullmatch(entry.place.name))]
    plain = all(not (match["late"] or match["anon"] or match["inline"]) for match in numbers)
    short = any(len(match["user"] or "") < 3 or len(match["attachment"] or "") < 3 for match in numbers)
    return "from names with two numbers in them alone" if plain and (short or len(numbers) < 2) else ""


CANVAS = Kind("canvas", "Canvas", "lovelaceada_1234_987_hw1.ipynb", each(_claim), _doubt)
