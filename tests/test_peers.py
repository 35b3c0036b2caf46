"""The comparison with other graders: one exercise in the forms that they demand; they need not be there."""

import argparse

import nbformat
import pytest

from autograder import intake
from benchmarks import peers, sine

STUDENTS = [("ada", name) for name in sine.ANSWERS]


@pytest.mark.parametrize(
    "notebook", [sine.nbgrader_source(), *(sine.for_nbgrader(s, sine.ANSWERS[a]) for s, a in STUDENTS)]
)
def test_what_nbgrader_gets_is_valid_and_has_the_points(notebook):
    nbformat.validate(notebook)
    marked = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len({mark.grade_id for mark in marked}) == len(marked)
    assert [mark.grade_id for mark in marked if mark.solution and not mark.locked] == ["answer"]
    assert {mark.grade_id: mark.points for mark in marked if mark.grade and mark.locked} == sine.POINTS


@pytest.mark.parametrize(("student", "name"), STUDENTS)
def test_every_grader_gets_the_same_code(student, name):
    def code(notebook):
        return [
            c.source
            for c in notebook.cells
            if c.cell_type == "code" and not c.metadata.get("nbgrader", {}).get("grade")
        ]

    answer = sine.ANSWERS[name]
    assert code(sine.plain(student, answer)) == code(sine.for_nbgrader(student, answer))


@pytest.mark.parametrize("name", sine.TESTS)
def test_otter_gets_a_python_file(name):
    compile(sine.otter_test(name), name, "exec")


def test_any_number_of_students_has_right_and_wrong_answers():
    assert {sine.ANSWERS[name].right for name in sine.students(2).values()} == {True, False}
    assert len(sine.students(25)) == 25


def test_our_marks_are_what_the_answers_deserve(grader, tmp_path):
    peers.hand_in(tmp_path, sine.ANSWERS)
    submissions, _ = intake.find([tmp_path])
    scores = {
        report.submission.student: answer.score
        for report in grader.grade(submissions)
        for answer in report.answers
        if answer.exercise.name == sine.NAME
    }
    assert {name: scores[name] == peers.FULL for name in sine.ANSWERS} == {n: a.right for n, a in sine.ANSWERS.items()}


@pytest.mark.parametrize("given", [True, False])
def test_a_peer_that_is_not_there_is_left_out_with_a_sentence(given, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(peers.found([peers.NBGRADER, peers.OTTER], str(tmp_path) if given else None)) == []
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == [
        "nbgrader is missing and left out",
        "otter-grader is missing and left out",
    ]
    assert "there is no nbgrader in" in said[0]


def test_a_folder_that_is_no_environment_is_refused(tmp_path):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a virtual environment"):
        peers.environment(str(tmp_path))
