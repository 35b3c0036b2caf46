"""What is done with results that are there: a person's decision, the history of a student, two results compared."""

import argparse
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from autograder import bundle, changes, exports, live, options
from autograder.console import Failed
from autograder.decisions import Decision, Ruling
from autograder.report import wording
from autograder.report.files import RESULTS, Refused
from autograder.report.terminal import Line
from autograder.store import FILE, Kept, Store, StoreError

Lines = Iterator[str]
Said = Generator[str | Line, None, None]


def run(name: str, argv: Sequence[str]) -> Said:
    """The lines that a command prints. Raises Refused with a sentence, and Failed where it is our fault."""
    arguments = _PARSERS[name]().parse_args(argv)
    command: Callable[[argparse.Namespace], Iterator[str | Line]] = arguments.command
    yield from command(arguments)


def _override_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py override",
        usage="grade.py override STUDENT EXERCISE (POINTS --why WHY | --undo) [--output DIR]",
        description="Set a student's points for an exercise by hand. They count instead of the grader's, survive every "
        "regrade, and are shown as such. --undo takes the last decision back.",
    )
    parser.add_argument("student", metavar="STUDENT", help="name as in the results, or path of the submission")
    parser.add_argument("exercise", metavar="EXERCISE", help="as in the results, such as jacobian")
    points = "from 0 to what the exercise is worth"
    parser.add_argument("points", metavar="POINTS", nargs="?", type=options.points, help=points)
    why = "has to go with points: for the student and for whoever reads the results later"
    parser.add_argument("--why", default="", help=why)
    parser.add_argument("--undo", action="store_true", help="the grader's points count again")
    return _of_results(parser, _override)


def _history_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py history", description="Every grade that a student has had here, what changed, and who decided."
    )
    parser.add_argument("student", help="name as in the results, or path of the submission")
    return _of_results(parser, _history)


def _diff_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py diff", description="Whose points differ between two results of one class, and why."
    )
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, help=f"a folder with {RESULTS}, or such a file")
    parser.set_defaults(command=_diff)
    return parser


def _review_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py review",
        description="Settle in a browser what awaits a person. The desk is open to this machine only, and to browsers "
        "that come with the address that is printed; each address works once. Every decision is saved at once, and "
        "the results are up to date when the desk is left with Ctrl-C.",
    )
    parser.add_argument("results", type=Path, nargs="?", default=Path("results"), help="folder (default: results/)")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="of 127.0.0.1 (default: any that is free)")
    parser.set_defaults(command=_review)
    return parser


def _formats_parser() -> argparse.ArgumentParser:
    parser = options.Parser(prog="grade.py formats", description="What --to FORMAT=FILE can write.")
    parser.set_defaults(command=lambda arguments: exports.formats())
    return parser


def _bundle_parser() -> argparse.ArgumentParser:
    parser = options.Parser(
        prog="grade.py bundle",
        description="Make what an autograder's host wants of us: our code without tests and samples, and its scripts.",
    )
    add = parser.add_argument
    hosts = ", ".join(bundle.HOSTS)
    add("host", choices=bundle.HOSTS, metavar="HOST", help=f"{hosts} (Codio takes Gradescope's, Classroom 50 its own)")
    add("-o", "--output", type=Path, metavar="PATH", help="a new folder, or a file that ends in .zip")
    add("--exercise", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    add("--assignment", type=Path, metavar="FILE", help="points, due date, lateness and visibility")
    index = "the index of CPU builds that PyTorch's installation page names; without it the usual build is installed"
    add("--torch-index", default="", metavar="URL", help=index)
    add("--image", default="", metavar="NAME", help="of the container for PrairieLearn, as you will push it")
    parser.set_defaults(command=_bundle)
    return parser


def _of_results(
    parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], Lines]
) -> argparse.ArgumentParser:
    default = Path("results")
    parser.add_argument(
        "--output", type=Path, default=default, metavar="DIR", help="of the results (default: results/)"
    )
    parser.set_defaults(command=command)
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() and len(text) < 6 else -1
    if not 0 <= port < 65536:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return port


_PARSERS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "override": _override_parser,
    "history": _history_parser,
    "diff": _diff_parser,
    "review": _review_parser,
    "formats": _formats_parser,
    "bundle": _bundle_parser,
    "try": live.try_parser,
    "watch": live.watch_parser,
}
NAMES = tuple(_PARSERS)


# ---------------------------------------------------------------------------------- override


def _override(arguments: argparse.Namespace) -> Lines:
    with closing(_store(arguments.output)) as store:
        origin = _origin(store, arguments.student)
        kept = store.history(origin)[-1]
        most = _worth(kept, arguments.exercise)
        _refuse_half(arguments, most)
        store.override(origin, arguments.exercise, arguments.points, arguments.why.strip())
    if arguments.undo:
        yield f"{kept.student}  {arguments.exercise}: the grader's points count again"
    else:
        yield f"{kept.student}  {arguments.exercise}: {wording.points(arguments.points)} / {wording.points(most)}"
    yield "grade the folder again to have it in the results; nothing that is known is run for that"


def _refuse_half(arguments: argparse.Namespace, most: float) -> None:
    """What is no whole decision, of an exercise that is there. Raises Refused."""
    if arguments.undo == (arguments.points is not None):
        raise Refused("override: give the points, or --undo, and not both")
    if arguments.points is not None and arguments.points > most:
        raise Refused(f"override: {arguments.exercise} is worth {wording.points(most)} points at most")
    if arguments.points is not None and not arguments.why.strip():
        raise Refused('override: say why, as in --why "the axes were swapped by our template"')


def _worth(kept: Kept, exercise: str) -> float:
    answers = kept.document["answers"]
    if exercise not in answers:
        raise Refused(f"override: {kept.student} has no exercise {exercise!r}{wording.did_you_mean(exercise, answers)}")
    return float(sum(verdict["max_points"] for verdict in answers[exercise]["verdicts"].values()))


def _store(folder: Path) -> Store:
    if not (folder / FILE).is_file():
        raise Refused(f"{folder} holds no grades ({FILE} is not there); name the folder with --output")
    try:
        return Store(folder)
    except StoreError as error:
        raise Refused(str(error)) from None


def _origin(store: Store, wanted: str) -> str:
    """The submission of a student, by name or by (the end of) its path."""
    students = store.students()
    found = [origin for origin, name in students.items() if name == wanted]
    found = found or [origin for origin in students if Path(origin).match(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"{wanted!r} names {len(found)} submissions; give the path: {', '.join(found)}")
    near = wording.did_you_mean(wanted, students.values())
    raise Refused(f"no submission of {wanted!r} was graded here{near}")


# ---------------------------------------------------------------------------------- history


def _history(arguments: argparse.Namespace) -> Lines:
    with closing(_store(arguments.output)) as store:
        origin = _origin(store, arguments.student)
        kept, decisions = store.history(origin), store.decisions_on(origin)
    yield f"{kept[-1].student}  {origin}"
    earlier: Kept | None = None
    events: list[Kept | Decision] = [*kept, *decisions]
    for event in sorted(events, key=lambda one: one.at):
        if isinstance(event, Kept):
            yield f"{event.at}  {_totals(event)}"
            yield from (f"    {line}" for line in _differences(earlier, event))
            earlier = event
        else:
            yield f"{event.at}  {_decided(event.ruling)}"


def _decided(ruling: Ruling) -> str:
    _, exercise, criterion = ruling.subject
    part = f"{exercise}.{criterion}" if criterion else exercise
    if ruling.points is None:
        return f"a person took the decision on {part} back"
    return f"a person gave {wording.points(ruling.points)} for {part}{f': {ruling.why}' if ruling.why else ''}"


def _totals(kept: Kept) -> str:
    answers = kept.document["answers"].items()
    marks = ", ".join(f"{name} {wording.points(_had(answer))}" for name, answer in answers if answer["attempted"])
    return f"{kept.document['outcome']}: {marks or 'nothing attempted'}"


def _had(answer: Mapping[str, Any]) -> float:
    return float(sum(verdict["points"] for verdict in answer["verdicts"].values()))


def _differences(earlier: Kept | None, later: Kept) -> Lines:
    if earlier is None:
        return
    yield from changes.lines([*changes.between(_as_results(earlier), _as_results(later))])


def _as_results(kept: Kept) -> dict[str, Any]:
    """A report as in results.json, as far as changes look at it."""
    exercises = [
        {
            "exercise": name,
            "score": _had(answer),
            "awaiting_review": _waiting(answer),
            "criteria": [{"name": criterion, **verdict} for criterion, verdict in answer["verdicts"].items()],
        }
        for name, answer in kept.document["answers"].items()
    ]
    return {"reports": [{"path": kept.path, "student": kept.student, "exercises": exercises}]}


def _waiting(answer: Mapping[str, Any]) -> float:
    waits = (v for v in answer["verdicts"].values() if v["status"] in ("needs_review", "grader_error"))
    return float(sum(verdict["max_points"] for verdict in waits))


# ---------------------------------------------------------------------------------- diff


def _diff(arguments: argparse.Namespace) -> Lines:
    found = [*changes.between(_results(arguments.old), _results(arguments.new))]
    yield from changes.lines(found)
    people = len({change.path for change in found})
    yield (
        f"{people} {'submission has' if people == 1 else 'submissions have'} other points"
        if found
        else "no points differ"
    )


def _results(path: Path) -> dict[str, Any]:
    file = path / RESULTS if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise Refused(f"{file} is no JSON; expected the {RESULTS} that grade.py writes") from None
    if not isinstance(document, dict) or document.get("format") != 1 or not isinstance(document.get("reports"), list):
        raise Refused(f"{file} holds no results of this grader (format 1)")
    return document


# ---------------------------------------------------------------------------------- review


def _review(arguments: argparse.Namespace) -> Lines:
    folder = arguments.results
    if not (folder / FILE).is_file():
        raise Refused(f"{folder} holds no grades ({FILE} is not there); name the folder that grade.py wrote")
    try:
        from autograder import spec
        from autograder.desk import serve
    except ModuleNotFoundError as error:
        raise Failed(f"the review desk needs the package {error.name}: pip install -e '.[review]'") from None
    with closing(_store(folder)) as store:
        try:
            yield from serve.serve(store, folder, arguments.port)
        except (StoreError, spec.SpecError, serve.CannotOpen) as error:
            raise Refused(f"review: {error}") from None
        except serve.CannotWrite as error:
            raise Failed(str(error)) from None


# ---------------------------------------------------------------------------------- bundle


def _bundle(arguments: argparse.Namespace) -> Lines:
    from autograder import spec
    from autograder.assignment import plan

    try:
        exercises = plan.plan(arguments.exercise, arguments.assignment).exercises
    except spec.SpecError as error:
        raise Refused(str(error)) from None
    assignment = arguments.assignment.read_bytes() if arguments.assignment else b""
    wanted = bundle.Wanted(exercises, arguments.torch_index, arguments.image, assignment)
    host = bundle.HOSTS[arguments.host]
    output = arguments.output or Path(host.output)
    made = bundle.make(arguments.host, wanted)
    bundle.write(made, output)
    names = ", ".join(exercise.name for exercise in exercises)
    yield f"{output}: {len(made)} files, {sum(map(len, made.values())) // 1000} KB; {names}"
    yield from host.upload(wanted)
