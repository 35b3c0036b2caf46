"""A new exercise that works at once: its YAML, its grader, and a class of two samples, one right and one wrong.

It asks for the gradient of the mean of (x + n)², with an n that comes from the name, so that two new exercises do not
take each other's samples for attempts. An author changes one thing at a time from there, and checks after each.
"""

import keyword
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path

from autograder.report import wording
from autograder.report.files import Refused

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent / "templates"
LONGEST = 40  # characters of a name
FILES = {
    "exercises/{name}.yaml": "exercise.txt",
    "graders/{name}.py": "grader.txt",
    "submissions/{name}.yaml": "samples.txt",
    "submissions/{name}/right.py": "right.txt",
    "submissions/{name}/wrong.py": "wrong.txt",
}


def make(name: str, root: Path = ROOT) -> Iterator[str]:
    """Write the files of a new exercise; lines that say what was written and what to do next. Raises Refused."""
    _refuse(name, root)
    contents = {root / path.format(name=name): _filled(template, name) for path, template in FILES.items()}
    for path, text in contents.items():
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:  # never over what is there
            file.write(text)
        yield f"wrote {path.relative_to(root)}"
    yield textwrap.dedent(
        f"""
        It is an exercise that works. Make it yours, one step at a time, and look after each:

          python grade.py check {name}
          python grade.py check --mutants {name}

        1. exercises/{name}.yaml: the title, sentences of the text, points, what students read
        2. submissions/{name}/: answers as people write them, right and wrong; what must come out is
           in submissions/{name}.yaml
        3. graders/{name}.py: one function a criterion
        4. docs/trust.md: a row a criterion; README.md: a row for the exercise

        docs/writing-an-exercise.md goes through all of it."""
    )


def _refuse(name: str, root: Path) -> None:
    """Raises Refused for a name that cannot be one, or is taken."""
    if not (name.isidentifier() and name.isascii() and name == name.lower()) or name.startswith("_"):
        fit = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower()).strip("_")
        hint = f", such as {fit}" if fit.isidentifier() and not keyword.iskeyword(fit) else ""
        raise Refused(f"new: {wording.clean(name)!r} is no name for a module; use letters, digits and _{hint}")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise Refused(f"new: {name!r} is a word of Python's own; choose another name")
    if len(name) > LONGEST:
        raise Refused(f"new: the name is longer than {LONGEST} characters, which no table has room for")
    for path in (*FILES, "submissions/{name}"):
        if (root / path.format(name=name)).exists():
            raise Refused(
                f"new: {path.format(name=name)} is there already, and nothing is overwritten; choose another name"
            )


def _filled(template: str, name: str) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return text.replace("NAME", name).replace("SHIFT", str(_shift(name)))


def _shift(name: str) -> int:
    """A number that belongs to the name."""
    return 3 + zlib.crc32(name.encode()) % 90
