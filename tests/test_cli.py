"""The command line: what it accepts, what it writes where, and what it tells the shell.

Submissions are not run here: `pretend` puts stand-ins in the place of intake, spec, the sandbox and the run.
"""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

import autograder
from autograder import __version__, cli, grading, options
from autograder.assignment import plan
from autograder.intake import Intake, Recognised
from autograder.model import (
    Answer,
    Criterion,
    Exercise,
    Outcome,
    Report,
    Run,
    Skipped,
    Status,
    Submission,
    Verdict,
)
from autograder.shapes import SpecError

ROOT = Path(__file__).resolve().parents[1]
CRITERION = Criterion("matrix", "Entry (i, j)", 6)
EXERCISES = {name: Exercise(name, name, (CRITERION,)) for name in ("jacobian", "control_flow")}


class SandboxError(Exception):
    pass


class IntakeError(Exception):
    pass


class Grader:
    """Gives every submission the same status, without running it."""

    torch = "2.6.0"
    warnings = ()

    def __init__(self, exercises, rung, *, seed, jobs, seconds, memory, warmth, sandbox):
        self.exercises, self.seed, self.jobs, self.seconds = exercises, seed, jobs, seconds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def grade(self, submissions):
        return map(self.report, submissions)

    def report(self, submission):
        outcome = Outcome.GRADER_ERROR if submission.student == "broken" else Outcome.FINISHED
        return Report(submission, outcome, tuple(map(self.answer, self.exercises)))

    def answer(self, exercise):
        status = Status.GRADER_ERROR if self.seed == 666 else Status.FAILED
        return Answer(exercise, True, (Verdict(CRITERION, status, "shape", where="cell [bold]3[/]"),))


def find(paths):
    for path in paths:
        if not path.exists():
            raise IntakeError(f"{path}: there is no such file or folder")
    found = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return (
        tuple(Submission(file.stem, file.name) for file in found if file.suffix == ".py"),
        tuple(Skipped(file.name, "no notebook or script") for file in found if file.suffix != ".py"),
    )


def look(paths, layout="", remember=None):
    return Intake(*find(paths), (Recognised("plain", 2),))


def stand_ins(grader=Grader):
    return {
        "intake": SimpleNamespace(look=look, IntakeError=IntakeError),
        "spec": SimpleNamespace(load_all=lambda checked: EXERCISES, check=lambda exercise: None, SpecError=SpecError),
        "sandbox": SimpleNamespace(SandboxError=SandboxError, Sandbox=lambda jobs, rung: nullcontext()),
        "run": SimpleNamespace(Grader=grader),
    }


def pretend_main(arguments):
    """For a process of its own: the command line with stand-ins."""
    for name, stand_in in stand_ins().items():
        setattr(autograder, name, stand_in)
    return cli.main(arguments)


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """Stand-ins in place, and the working directory is a fresh one with a class of two."""

    def put(grader=Grader, **others):
        for name, stand_in in (stand_ins(grader) | others).items():
            monkeypatch.setattr(autograder, name, stand_in, raising=False)

    put()
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path, "ada.py", "grace.py", "notes.md")
    return put


def hand_in(folder, *names):
    (folder / "week3").mkdir()
    for name in names:
        (folder / "week3" / name).write_text("")


def shell(*arguments, cwd=None, program=(str(ROOT / "grade.py"),), **more):
    command = [sys.executable, *program, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False, **more)


PRETEND = (
    "-c",
    f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]; "
    "import test_cli; sys.exit(test_cli.pretend_main(sys.argv[1:]))",
)


# -- usage, in a process of its own


def test_help_teaches(tmp_path):
    done = shell("--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("PATH", "--seed", "examples:", "where results go:", "exit codes:", "results.json"):
        assert word in done.stdout


def test_help_imports_nothing_heavy():
    done = shell("--help", program=("-X", "importtime", str(ROOT / "grade.py")))
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert imported.isdisjoint({"torch", "numpy", "rich", "yaml", "nbformat", "IPython"})


def test_version():
    assert shell("--version").stdout == f"grade.py {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "PATH"),
        (["x", "--jobs", "0"], "from 1 to"),
        (["x", "--jobs", "two"], "got 'two'"),
        (["x", "--seed", "-1"], "--seed"),
        (["x", "--seed", str(2**31)], "2147483647"),
        (["x", "--timeout", "0"], "above 0"),
        (["x", "--timeout", "nan"], "above 0"),
        (["x", "--timeout", "inf"], "above 0"),
        (["x", "--to", "grades.csv"], "FORMAT=FILE"),
        (["x", "--to", "cvs=grades.csv"], "did you mean 'csv'?"),
        (["x", "--to", "xlsx=grades.csv"], "`grade.py formats` lists"),
        (["x", "--format", "yaml"], "--format"),
        (["x", "--exercises", "jacobian"], "did you mean '--exercise'?"),
        (["x", "--ouput", "r2"], "unrecognized arguments: --ouput r2; did you mean '--output'?"),
        (["x", "--ouput=r2"], "did you mean '--output'?"),
        (["history", "ada", "--ouput", "r2"], "did you mean '--output'?"),
        (["try", "ada.py", "--exercize", "jacobian"], "did you mean '--exercise'?"),
        (["check", "--mutant"], "did you mean '--mutants'?"),
        (["overide", "ada", "jacobian", "9", "--why", "x"], "overide: there is no such file or folder; did you mean"),
        (["overide", "ada"], "did you mean the command 'override'?"),
        (["chek"], "did you mean the command 'check'?"),
        ([""], "empty path"),
    ],
)
def test_wrong_usage_is_a_sentence(arguments, told, tmp_path):
    done = shell(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == "" and list(tmp_path.iterdir()) == []


def test_a_folder_that_is_called_nearly_as_a_command_is_graded(pretend, tmp_path, capsys):
    (tmp_path / "week3").rename(tmp_path / "views")
    assert cli.main(["views"]) == 0
    (tmp_path / "views").rename(tmp_path / "week3")
    assert cli.main(["no_such_folder"]) == 2
    assert "did you mean" not in capsys.readouterr().err


def test_unknown_path_is_a_sentence(tmp_path):
    done = shell("no_such_folder", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no_such_folder" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--output", "marks"],
        ["--output", "."],
        ["--output", "../week3/marks"],
        ["--output", "../out", "--to", "csv=marks.csv"],
    ],
)
def test_results_among_the_submissions_are_refused(options, tmp_path):
    hand_in(tmp_path, "ada.py")
    done = shell(".", *options, cwd=tmp_path / "week3")
    assert done.returncode == 2
    assert "nothing under a PATH is ever changed" in done.stderr
    assert [file.name for file in tmp_path.rglob("*")] == ["week3", "ada.py"]


# -- for an LMS

SHEET = "Username,Last Name,First Name,HW Points Grade <Numeric MaxPoints:6>,End-of-Line Indicator\n"


@pytest.fixture
def template(tmp_path):
    file = tmp_path / "sheet.csv"
    file.write_text(f"{SHEET}#a,,ada,,#\n#g,,Grace,5,#\n#x,,nobody,,#\n", encoding="utf-8")
    return file


def test_a_sheet_is_filled_in_and_everybody_is_accounted_for(pretend, template, tmp_path, capsys):
    assert cli.main(["week3", "--template", str(template), "--to", "brightspace=filled.csv"]) == 0
    assert (tmp_path / "filled.csv").read_text() == f"{SHEET}#a,,ada,0,#\n#g,,Grace,0,#\n#x,,nobody,,#\n"
    told = capsys.readouterr().err
    assert "brightspace: 2 written, 0 unchanged, 0 not matched" in told
    assert "5 in the sheet is replaced by 0" in told
    assert "1 in the sheet have no submission here, and keep what they have: nobody" in told


def test_a_dry_run_writes_nothing_for_the_lms(pretend, template, tmp_path, capsys):
    options = ["--template", str(template), "--to", "brightspace=filled.csv", "--dry-run", "--quiet"]
    assert cli.main(["week3", *options]) == 0
    assert not (tmp_path / "filled.csv").exists()
    assert "2 would be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--to", "moodle=x.csv"], "name that sheet"),
        (["--to", "moodle=x.csv", "--to", "canvas=y.csv", "--template", "sheet.csv"], "say one, then the other"),
        (["--to", "moodle=x.csv", "--template", "none.csv"], "none.csv cannot be read"),
        (["--to", "moodle=x.csv", "--template", "week3/ada.py"], "is no table"),
        (["--to", "brightspace=sheet.csv", "--template", "sheet.csv"], "would write over the template"),
        (
            ["--to", "moodle=x.csv", "--template", "sheet.csv"],
            "--to moodle: sheet.csv has no column that is known for id",
        ),
        (["--to", "canvas=x.csv", "--template", "sheet.csv"], "--to canvas: sheet.csv is no gradebook of Canvas's"),
        (["--to", "canvas=x.csv", "--template", "canvas.csv"], "name the one assignment to fill in"),
        (["--to", "canvas=x.csv", "--template", "canvas.csv", "--column", "grade=HW3"], "are: HW1 (4711); HW2 (4712)"),
        (["--to", "gradescope=x.json"], "for one submission, and there are 2"),
        (["--column", "grade"], "expected WHAT=HEADER"),
        (["--layout", "modle"], "--layout"),
        (["--roster", "none.csv"], "--roster: none.csv"),
    ],
)
def test_what_an_lms_could_not_take_is_said_before_grading(pretend, template, tmp_path, capsys, options, told):
    (tmp_path / "canvas.csv").write_text("Student,ID,SIS User ID,Section,HW1 (4711),HW2 (4712)\nAda,1,2,A,,\n")
    assert cli.main(["week3", *options]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_a_refused_sheet_costs_only_itself(pretend, template, tmp_path, capsys):
    template.write_text(
        f"{SHEET}#a,,ada\n", encoding="utf-8"
    )  # no cell for a grade, which is looked for when there is one
    options = ["--template", str(template), "--to", "brightspace=x.csv", "--to", "nbgrader=n.csv"]
    assert cli.main(["week3", *options]) == 1
    assert "x.csv was not written" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()
    assert (tmp_path / "n.csv").exists() and (tmp_path / "results/results.json").exists()


def test_a_file_that_would_hold_nobody_is_not_written(pretend, tmp_path, capsys):
    """One sentence a file, with how many and what to do, also when all else is quiet."""
    (tmp_path / "old.csv").write_text("kept")
    words = ["week3", "--quiet", "--to", "moodle-gradebook=old.csv", "--to", "moodle-feedback=mf.zip"]
    assert cli.main(words) == 1
    assert capsys.readouterr().err.splitlines() == [
        "grade.py: --to moodle-gradebook=old.csv was not written: nobody could be put into it, none of 2: "
        "no ID number, Email address or Username is known; give --roster",
        "grade.py: --to moodle-feedback=mf.zip was not written: nobody could be put into it, none of 2: "
        "no number of Moodle's is known, which a feedback file needs; grade the zip of Download all submissions",
    ]
    assert (tmp_path / "old.csv").read_text() == "kept" and not (tmp_path / "mf.zip").exists()


def test_many_who_are_left_out_for_one_reason_are_one_line(pretend, tmp_path, capsys):
    """And a dry run lists them all."""
    names = [f"s{number:02}" for number in range(11)]
    for name in names:
        (tmp_path / "week3" / f"{name}.py").write_text("")
    (tmp_path / "roster.csv").write_text("name,student number\nada,1\ngrace,2\n")
    words = ["week3", "--quiet", "--roster", "roster.csv", "--to", "moodle-gradebook=m.csv"]
    assert cli.main(words) == 0
    left = [line for line in capsys.readouterr().err.splitlines() if "not written" in line]
    why = "no ID number is known; give --roster"
    some = ", ".join(names[:5])
    assert left == [f"  moodle-gradebook: not written: {some} and 6 more (--dry-run lists them): {why}"]
    assert cli.main([*words, "--dry-run"]) == 0
    left = [line for line in capsys.readouterr().err.splitlines() if "not written" in line]
    assert left == [f"  moodle-gradebook: not written: {name}: {why}" for name in names]


def test_formats_are_listed(capsys):
    assert cli.main(["formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} >= {"json", "moodle", "canvas-feedback", "gradescope"}
    assert all(len(line) < 100 for line in lines)


def test_the_layouts_of_the_command_line_are_those_of_intake():
    from autograder.intake.layouts import NAMES

    assert set(options.LAYOUTS) == set(NAMES)


# -- files


def test_writes_both_files_and_leaves_nothing_else(pretend, tmp_path, capsys):
    assert cli.main(["week3", "--seed", "5"]) == 0
    found = sorted(file.name for file in (tmp_path / "results").iterdir())
    assert found == ["gradebook.csv", "grades.sqlite3", "report", "results.json"]
    written = json.loads((tmp_path / "results/results.json").read_text("utf-8"))
    assert [one["student"] for one in written["reports"]] == ["ada", "grace"]
    assert (written["run"]["seed"], written["run"]["torch"]) == (5, "2.6.0")
    assert written["skipped"] == [{"path": "notes.md", "why": "no notebook or script"}]
    assert (tmp_path / "results/gradebook.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,path,")
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "ada    jacobian      0 / 6"
    assert "(seed 5)" in told.out
    assert "results/results.json" in told.err


def test_a_seed_is_drawn_and_recorded(pretend, tmp_path, capsys):
    cli.main(["week3"])
    seed = json.loads((tmp_path / "results/results.json").read_text("utf-8"))["run"]["seed"]
    assert 0 <= seed < 2**31 and f"(seed {seed})" in capsys.readouterr().out


def test_to_may_be_repeated(pretend, tmp_path):
    assert cli.main(["week3", "--to", "csv=a/b/grades.csv", "--to", "text=grades.txt"]) == 0
    assert (tmp_path / "a/b/grades.csv").exists()
    assert (tmp_path / "grades.txt").read_text("utf-8").startswith("ada ")


def test_a_link_to_a_file_is_kept(pretend, tmp_path):
    (tmp_path / "link.csv").symlink_to("real.csv")
    cli.main(["week3", "--to", "csv=link.csv"])
    assert (tmp_path / "link.csv").is_symlink() and (tmp_path / "real.csv").stat().st_size


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--output", "taken/results"], "--output taken/results: cannot write into"),
        (["--output", "/proc/results"], "cannot write into /proc/results"),
        (["--to", "csv=/dev/null"], "no regular file"),
        (["--to", "json=week4"], "no regular file"),
        (["--to", "csv=results/gradebook.csv"], "written already"),
        (["--to", "csv=week3/ada.py"], "nothing under a PATH is ever changed"),
    ],
)
def test_what_cannot_be_written_is_told_before_grading(pretend, tmp_path, capsys, options, told):
    (tmp_path / "taken").write_text("a file, not a folder")
    (tmp_path / "week4").mkdir()
    pretend(grader=None)
    assert cli.main(["week3", *options]) == 2
    assert told in capsys.readouterr().err


def test_the_file_that_is_graded_is_not_written_over(pretend, capsys):
    assert cli.main(["week3/ada.py", "--to", "text=week3/ada.py"]) == 2


def test_a_disk_that_fills_up_keeps_older_results(pretend, tmp_path, capsys, full_disk):
    cli.main(["week3", "--seed", "1"])
    before = (tmp_path / "results/results.json").read_bytes()
    full_disk("gradebook")
    assert cli.main(["week3", "--seed", "2"]) == 1
    assert (tmp_path / "results/results.json").read_bytes() == before
    assert len(list((tmp_path / "results").iterdir())) == 4
    told = capsys.readouterr()
    assert "No space left" in told.err and "(seed 2)" in told.out


# -- what is graded, and exit codes


def test_exercises_can_be_chosen(pretend, capsys):
    cli.main(["week3", "--exercise", "jacobian"])
    out = capsys.readouterr().out
    assert "jacobian" in out and "control_flow" not in out


def test_unknown_exercise_is_met_with_a_guess(pretend, capsys):
    assert cli.main(["week3", "--exercise", "jacobain"]) == 2
    assert "unknown exercise 'jacobain'; did you mean 'jacobian'?" in capsys.readouterr().err


def test_a_second_exercise_after_one_option_is_met_with_a_guess(pretend, capsys):
    assert cli.main(["week3", "--exercise", "jacobian", "control_flow"]) == 2
    told = capsys.readouterr().err
    assert "control_flow: there is no such file" in told
    assert "If an exercise was meant: --exercise control_flow." in told


def test_options_may_stand_between_paths(pretend, capsys):
    assert cli.main(["week3/ada.py", "--seed", "3", "week3/grace.py"]) == 0
    assert "2 graded" in capsys.readouterr().out


def test_options_reach_the_grader(pretend):
    seen = []

    class Watching(Grader):
        def __enter__(self):
            seen.append((self.seed, self.jobs, self.seconds))
            return self

    pretend(Watching)
    cli.main(["week3", "--seed", "3", "--jobs", "2", "--timeout", "1.5"])
    cli.main(["week3", "--seed", "0"])
    assert seen == [(3, 2, 1.5), (0, options.processors(), None)]


def test_a_folder_without_submissions_is_wrong_usage(pretend, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/notes.md").write_text("")
    assert cli.main(["empty"]) == 2
    assert "no submissions in empty\n  notes.md: no notebook or script" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_a_wrong_spec_is_wrong_usage(pretend, capsys):
    def load_all(checked):
        raise SpecError("jacobian.yaml: unknown key 'pionts'; did you mean 'points'?")

    pretend(spec=SimpleNamespace(load_all=load_all, SpecError=SpecError))
    assert cli.main(["week3"]) == 2
    assert "did you mean 'points'?" in capsys.readouterr().err


def test_a_grader_that_failed_on_a_submission_is_exit_1(pretend, tmp_path, capsys):
    (tmp_path / "week3/broken.py").write_text("")
    assert cli.main(["week3"]) == 1
    assert "the grader failed in 1 of 3 submissions, no points were taken" in capsys.readouterr().err


def test_a_grader_that_failed_on_a_criterion_is_exit_1(pretend, capsys):
    assert cli.main(["week3", "--seed", "666"]) == 1


def test_a_sandbox_that_does_not_start_is_exit_1(pretend, tmp_path, capsys):
    class Broken(Grader):
        def __enter__(self):
            raise SandboxError("torch is not installed")

    pretend(Broken)
    assert cli.main(["week3"]) == 1
    assert "torch is not installed" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "results").iterdir()] == ["grades.sqlite3"]


def test_a_missing_package_is_a_sentence(pretend, capsys):
    def load_all(checked):
        raise ModuleNotFoundError("No module named 'yaml'", name="yaml")

    pretend(spec=SimpleNamespace(load_all=load_all, SpecError=SpecError))
    assert cli.main(["week3"]) == 1
    assert "the package yaml is missing" in capsys.readouterr().err


def test_interrupted_writes_nothing(pretend, tmp_path, capsys):
    class Interrupted(Grader):
        def grade(self, submissions):
            yield self.report(submissions[0])
            raise KeyboardInterrupt

    cli.main(["week3", "--seed", "1"])
    before = (tmp_path / "results/results.json").read_bytes()
    capsys.readouterr()
    pretend(Interrupted)
    assert cli.main(["week3", "--seed", "2", "--quiet"]) == 130
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "grade.py: interrupted after 1 of 2 submissions; no results were written, "
        "and the same command goes on from here\n",
    )
    assert (tmp_path / "results/results.json").read_bytes() == before


# -- stdout and stderr


def test_format_json_on_stdout_is_the_file(pretend, tmp_path, capsys):
    cli.main(["week3", "--format", "json"])
    assert capsys.readouterr().out == (tmp_path / "results/results.json").read_text("utf-8")


def test_quiet_says_nothing(pretend, tmp_path, capsys):
    assert cli.main(["week3", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "results/results.json").exists()


def test_quiet_still_tells_what_the_instructor_has_to_do(pretend, capsys):
    assert cli.main(["week3", "--quiet", "--seed", "666"]) == 1
    assert "the grader failed in 2 of 2 submissions" in capsys.readouterr().err


def test_quiet_still_prints_what_format_asks_for(pretend, capsys):
    cli.main(["week3", "--quiet", "--format", "csv"])
    told = capsys.readouterr()
    assert told.out.startswith("student,path,") and told.err == ""


def test_piped_output_is_plain(tmp_path):
    hand_in(tmp_path, "ada.py")
    done = shell("week3", cwd=tmp_path, program=PRETEND, env=os.environ | {"FORCE_COLOR": "1", "COLUMNS": "20"})
    assert "\x1b" not in done.stdout + done.stderr
    assert max(map(len, done.stdout.splitlines())) > 100
    assert "(cell [bold]3[/])" in done.stdout


def test_a_locale_without_our_signs_is_no_trouble(tmp_path):
    hand_in(tmp_path, "ada.py", "王.py")
    plain = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = shell("week3", cwd=tmp_path, program=PRETEND, env=plain)
    assert done.returncode == 0 and r"\u2717 matrix" in done.stdout
    done = shell("week3", "--format", "json", cwd=tmp_path, program=PRETEND, env=plain)
    assert [one["student"] for one in json.loads(done.stdout)["reports"]] == ["ada", "王"]


def test_a_reader_that_leaves_is_no_trouble(tmp_path):
    hand_in(tmp_path, "ada.py")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, *PRETEND, "week3"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr and "Broken" not in done.stderr
    assert (tmp_path / "results/results.json").exists()


@pytest.mark.parametrize(("more", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_asks_for_none(tmp_path, more, colours):
    hand_in(tmp_path, "ada.py")
    ours = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    shown = on_terminal(tmp_path, ours | {"TERM": "xterm-256color", "COLUMNS": "60"} | more)
    assert ("\x1b[31m" in shown) is colours
    assert "cell [bold]3[/]" in " ".join(shown.split())
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("    ✗ matrix: "))
    assert re.match(r"    \S", lines[start + 1]), "a line that is wrapped is set in again"
    assert max(len(line) for line in lines[start:] if not line.startswith("written: ")) <= 60


@pytest.mark.parametrize(("columns", "header"), [(100, "attempted"), (40, "tried")])
def test_a_terminal_ends_with_the_class_in_tables(tmp_path, columns, header):
    """Counts an exercise, the most frequent mistakes, and the summary last; short headers where it is narrow."""
    hand_in(tmp_path, "ada.py", "grace.py")
    plain = os.environ | {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(columns)}
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_terminal(tmp_path, plain))
    assert re.search(rf"exercise\s+{header}\s", shown)
    assert re.search(r"control_flow\s+2\s+0\s+2\s+0", shown)
    assert re.search(r"times\s+most frequent mistakes\s+2\s+jacobian: The result", shown)
    assert shown.index("most frequent") < shown.index("2 graded")
    assert max(map(len, shown.split("written: ")[0].splitlines())) <= max(columns, 60)


def test_verbose_lists_what_passed(tmp_path):
    """A line a criterion, in a pipe as well."""
    passed = Verdict(CRITERION, Status.PASSED, where="cell 3")
    one = Report(Submission("ada", "ada.py"), Outcome.FINISHED, (Answer(EXERCISES["jacobian"], True, (passed,)),))
    graded = grading.Graded(
        Run(1, *["2026-03-01T10:00:00+00:00"] * 2, "0", "2"), (one,), (), plan.again("", "", EXERCISES)
    )
    assert "    ✓ matrix (cell 3)\n" in graded.rendered("text", verbose=True)
    assert "matrix" not in graded.rendered("text")


def on_terminal(folder, environment):
    """What a terminal shows on which both stdout and stderr appear."""
    ours, theirs = pty.openpty()
    command = [sys.executable, *PRETEND, "week3"]
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux tells the end of a terminal by an error
        pass
    os.close(ours)
    assert child.wait(60) == 0
    return shown.decode("utf-8")
