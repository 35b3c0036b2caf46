"""`grade.py new` and `grade.py check`: arguments in, exit code out."""

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from autograder import ladder, options
from autograder.console import Failed, complain
from autograder.report.files import Refused

if TYPE_CHECKING:  # they import what takes time
    from autograder.kit.samples import Sample
    from autograder.model import Exercise
    from autograder.run import Grader

SEED = 20260821  # of the hidden inputs, unless another is asked for: what passed once passes again
MUTANT_SECONDS = 6.0  # for one run of a mutant, of which some never end

CHECK = """\
Try out all that is claimed of exercises, with the real sandbox and the real graders.

Every exercise is loaded and every sample under submissions/ is run. Told is: what does not come
out as submissions/*.yaml states; what each case of an exercise tells, and in how many samples it
decides; feedback that no sample earns; criteria that no case decides."""

CHECK_MORE = """\
with --mutants: one place of each right sample is changed at a time (a zero_ left out, a mean for
a sum, a row too few, another sign or number), and the wrong program is graded. It is

  refused    it lost points, as it should
  survived   the same question, other numbers, full points: a hole in the grader, until somebody
             shows that it is none, and says so in graders/accepted_mutants.yaml (accepted)
  other x    the same function at other points or with other weights, and right there
  other f    another function, and right for that one; of exercises that state their function,
             look at these (--verbose)
  same       nothing that is judged is another number

examples:
  grade.py check                              all exercises: about a minute
  grade.py check jacobian hessian             two of them
  grade.py check --mutants jacobian           wrong programs made of its right samples
  grade.py check --mutants --at-most 10       a few of each sample, evenly drawn
  grade.py check --schema > exercises/schema.json    what editors complete and check by

exit codes: 0 all is well; 1 something is not, and is listed; 2 wrong usage, or a mistake in an
exercise's YAML"""

NEW = """\
Make an exercise that works at once: exercises/NAME.yaml, graders/NAME.py, and two samples,
one right and one wrong, with what must come out for them. Nothing is overwritten."""


T = TypeVar("T")


def run(name: str, argv: Sequence[str]) -> int:
    """Run a command; its exit code. Raises Refused for wrong usage."""
    arguments = _PARSERS[name]().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except Failed as failed:
        complain(f"grade.py {name}: {failed}")
        return 1


def _new_parser() -> argparse.ArgumentParser:
    parser = _parser("new", "grade.py new NAME", NEW, "example: grade.py new gradient_of_mean")
    parser.add_argument("name", metavar="NAME", help="of the module: small letters, digits and _")
    parser.set_defaults(command=_new)
    return parser


def _check_parser() -> argparse.ArgumentParser:
    parser = _parser("check", "grade.py check [NAME...] [options]", CHECK, CHECK_MORE)
    parser.add_argument("names", nargs="*", metavar="NAME", help="an exercise (default: all)")
    parser.add_argument("--mutants", action="store_true", help="grade wrong programs made of the right samples")
    most = "of each sample and exercise, so many mutants, evenly drawn (default: all)"
    parser.add_argument("--at-most", type=options.count, default=0, metavar="N", help=most)
    excused = "with --mutants, list those that were excused as well: other x, other f"
    parser.add_argument("--verbose", action="store_true", help=excused)
    parser.add_argument("--seed", type=options.seed, default=SEED, metavar="N", help="for the hidden inputs")
    jobs = options.processors()
    parser.add_argument("--jobs", type=options.count, default=jobs, metavar="N", help=f"at once (default: {jobs})")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of an exercise's YAML, and end")
    parser.set_defaults(command=_check)
    return parser


def _parser(name: str, usage: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return options.Parser(
        prog=f"grade.py {name}",
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


_PARSERS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {"new": _new_parser, "check": _check_parser}
NAMES = tuple(_PARSERS)


def _new(arguments: argparse.Namespace) -> int:
    from autograder.kit import new

    for line in new.make(arguments.name):
        print(line)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    for option, given in (("--at-most", arguments.at_most), ("--verbose", arguments.verbose)):
        if given and not arguments.mutants:
            raise Refused(f"check: {option} goes with --mutants")
    if arguments.schema:
        from autograder import form

        sys.stdout.write(form.schema())
        return 0
    exercises = _exercises()
    wanted = _wanted(arguments.names, exercises)
    samples = _samples(exercises)
    return (_mutants if arguments.mutants else _samples_checked)(arguments, exercises, wanted, samples)


def _samples_checked(
    arguments: argparse.Namespace,
    exercises: Mapping[str, "Exercise"],
    wanted: Sequence["Exercise"],
    samples: Sequence["Sample"],
) -> int:
    from autograder.kit import check, shown
    from autograder.report.screen import watched

    with _grader(exercises, arguments) as grader:
        coming = grader.map(lambda sample: check.try_out(grader, sample, wanted), samples)
        tried = list(watched(coming, len(samples), "samples"))
    found = [check.shown(exercise, tried) for exercise in wanted]
    names = [exercise.name for exercise in wanted]
    faults = [line for one in tried for line in check.differences(one, names)]
    faults += [line for one in found for line in one.faults]
    shown.samples(found, faults, len(samples))
    return 1 if faults else 0


def _mutants(
    arguments: argparse.Namespace,
    exercises: Mapping[str, "Exercise"],
    wanted: Sequence["Exercise"],
    samples: Sequence["Sample"],
) -> int:
    from autograder.kit import accepted, shown, trials
    from autograder.kit.samples import words
    from autograder.report.screen import watched

    known = _read(lambda: accepted.load(exercises, samples))
    pairs = [(e, sample) for e in wanted for sample in samples if sample.is_right(e.name)]
    with _grader(exercises, arguments, MUTANT_SECONDS) as grader:
        reduced = grader.map(lambda pair: trials.original(grader, *pair), pairs)
        originals = list(watched(reduced, len(pairs), "reducing samples"))
        for (exercise, sample), one in zip(pairs, originals, strict=True):
            if words(one.judged.answer) != sample.expected[exercise.name]:
                raise Failed(
                    f"{sample.path} does not come out as stated; see to `grade.py check {exercise.name}` first"
                )
        drawn = [(one, mutant) for one in originals for mutant in trials.drawn(one, arguments.at_most)]
        coming = grader.map(lambda pair: trials.trial(grader, *pair), drawn)
        tried = list(watched(coming, len(drawn), "mutants"))
    complete = not arguments.at_most
    return 1 if shown.mutants(wanted, tried, known, complete=complete, verbose=arguments.verbose) else 0


def _exercises() -> Mapping[str, "Exercise"]:
    from autograder import spec

    exercises, troubles = {}, []
    for path in spec.paths():
        try:
            exercises[path.stem] = spec.load(path)
        except spec.SpecError as error:
            troubles.append(str(error))
    if troubles:
        raise Refused("check: " + "\n  ".join(troubles))
    return exercises


def _wanted(names: Sequence[str], exercises: Mapping[str, "Exercise"]) -> list["Exercise"]:
    from autograder.assignment import plan
    from autograder.shapes import SpecError

    try:
        return list(plan.chosen(exercises, names, "check"))
    except SpecError as error:
        raise Refused(str(error)) from None


def _samples(exercises: Mapping[str, "Exercise"]) -> Sequence["Sample"]:
    from autograder.kit import samples

    return _read(lambda: samples.load_all(exercises))


def _read(load: Callable[[], T]) -> T:
    from autograder.shapes import SpecError

    try:
        return load()
    except SpecError as error:
        raise Failed(str(error)) from None


@contextmanager
def _grader(
    exercises: Mapping[str, "Exercise"], arguments: argparse.Namespace, seconds: float | None = None
) -> Iterator["Grader"]:
    from autograder.run import Grader
    from autograder.sandbox import SandboxError

    try:
        rung = ladder.find()
        with Grader(
            tuple(exercises.values()), rung, seed=arguments.seed, jobs=arguments.jobs, seconds=seconds
        ) as grader:
            yield grader
    except (ladder.Refused, SandboxError) as error:
        raise Failed(f"nothing could be run: {error}") from None
    except Exception as error:
        if said := _raised_in_a_grader(error):
            raise Failed(said) from None
        raise


def _raised_in_a_grader(error: Exception) -> str:
    """Whose grader raised where none may: in `attempted`, which is asked of every sample. Nothing if it was not one."""
    from autograder.fingerprint import ROOT

    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == ROOT / "graders"]
    if not frames:
        return ""
    asked, last = frames[0], frames[-1]
    what = f"the grader raises an exception in '{asked.name}': {type(error).__name__}: {error}"
    return f"{Path(asked.filename).stem}: {what} (graders/{Path(last.filename).name}, line {last.lineno})"
