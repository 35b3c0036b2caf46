"""Renderers, on reports that are written here by hand."""

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.model import (
    Answer,
    Criterion,
    Exercise,
    Outcome,
    Override,
    Report,
    Run,
    Skipped,
    SourceFile,
    Status,
    Submission,
    Verdict,
)
from autograder.report import FORMATS, encoded, feedback, gradebook_csv, marks, results_json, tally, terminal, wording

RUN = Run(
    seed=7,
    started="2026-03-01T10:00:00.000+00:00",
    finished="2026-03-01T10:00:11.400+00:00",
    version="0.1.0",
    torch="2.6.0",
)
DERIVATIVE = Criterion("derivative", "A backward pass gives f′ at every x", 4)
PLOT = Criterion("plot", "f and f′ are drawn", 3)
WORDS = Criterion("explanation", "Why, in words", 2)


def answer(*verdicts, name="sin_derivative", attempted=True):
    exercise = Exercise(name, f"About {name}", tuple(verdict.criterion for verdict in verdicts))
    return Answer(exercise, attempted, verdicts)


def report(*answers, student="ada", outcome=Outcome.FINISHED, remarks=(), **submission):
    return Report(Submission(student, f"{student}.py", **submission), outcome, answers, remarks)


def passed(criterion=DERIVATIVE):
    return Verdict(criterion, Status.PASSED, where="cell 3")


def failed(criterion=DERIVATIVE, reason="over_n", feedback="Look at the mean.", **more):
    return Verdict(criterion, Status.FAILED, reason, feedback, **more)


def waiting(detail="Because the graph is freed.", reason="in_words"):
    return Verdict(WORDS, Status.NEEDS_REVIEW, reason, detail=detail, where="cell 5")


def text(*reports, skipped=()):
    return terminal.render(RUN, reports, skipped)


def rows(*reports):
    return list(csv.DictReader(io.StringIO(gradebook_csv.render(RUN, reports, ()))))


def test_json_is_written_as_json_writes_it():
    """With an indent of 1, whatever stands in it; what JSON has no word for is refused."""
    odd = {'a"b\n\u2028': [1, -0.0, 1e300, True, None, "é", [], {}, [[]], {"x": {"y": ["z"]}}], "": False}
    assert results_json._dumped(odd, 0) == json.dumps(odd, ensure_ascii=False, indent=1)
    assert results_json._dumped([odd], 3) == json.dumps([odd], ensure_ascii=False, indent=1).replace("\n", "\n   ")
    with pytest.raises(ValueError, match="not JSON compliant"):
        results_json._dumped([float("nan")], 0)


def document(*reports, skipped=()):
    return json.loads(results_json.render(RUN, reports, skipped))


# -- results.json


@pytest.mark.parametrize(
    ("reports", "skipped"), [((), ()), (2, ()), ((), (Skipped("a\n", "no"),)), (1, (Skipped("a", "no"),))]
)
def test_json_in_pieces_is_the_json_of_the_whole(reports, skipped):
    """Ten thousand reports are written one by one, to the same bytes."""
    made = [report(answer(waiting("because\n«it»")))] * reports if reports else ()
    text = results_json.render(RUN, made, skipped)
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"


def test_json_has_exactly_the_documented_keys():
    whole = document(report(answer(passed()), files=(SourceFile("ada.py", "00ff"),)), skipped=[Skipped("a", "b")])
    (one,) = whole["reports"]
    assert list(whole) == ["format", "run", "reports", "skipped"]
    assert whole["format"] == 1
    assert list(whole["run"]) == ["seed", "started", "finished", "version", "torch", "sandbox", "layout"]
    assert " ".join(one) == (
        "student path ids files outcome remarks acts score max_score awaiting_review needs_review exercises"
    )
    assert one["files"] == [{"name": "ada.py", "sha256": "00ff"}]
    (exercise,) = one["exercises"]
    assert " ".join(exercise) == "exercise title attempted score max_score awaiting_review override criteria"
    (criterion,) = exercise["criteria"]
    assert " ".join(criterion) == "name title status points max_points reason feedback detail where line override"
    assert whole["skipped"] == [{"path": "a", "why": "b"}]


def test_json_keeps_points_that_await_review_apart():
    (one,) = document(report(answer(passed(), waiting())))["reports"]
    assert (one["score"], one["max_score"], one["awaiting_review"]) == (4.0, 6.0, 2.0)
    assert one["needs_review"] is True


def test_json_has_a_sentence_for_every_lost_criterion():
    (one,) = document(report(answer(failed(feedback="", reason="shape"))))["reports"]
    assert one["exercises"][0]["criteria"][0]["feedback"] == wording.GENERAL["shape"]


def test_json_says_which_file_was_unreadable():
    files = (SourceFile("a.ipynb", "00", trouble="the notebook ends in the middle"),)
    (one,) = document(report(files=files, remarks=("later", "later")))["reports"]
    assert one["remarks"] == ["later", "a.ipynb the notebook ends in the middle"]


def test_json_sums_tenths_as_people_do():
    tenths = [passed(Criterion(name, name, points)) for name, points in (("a", 0.1), ("b", 0.2))]
    assert document(report(answer(*tenths)))["reports"][0]["score"] == 0.3


def test_json_refuses_what_is_not_strict():
    with pytest.raises(ValueError):
        document(report(answer(passed(Criterion("a", "a", float("nan"))))))


def test_json_keeps_umlauts_and_chinese_as_they_are():
    assert "Jörg 王" in results_json.render(RUN, [report(student="Jörg 王")], ())


@given(st.text(st.characters()))
def test_json_can_be_written_and_read_whatever_a_student_wrote(words):
    """Also half characters, as in a file name that is not UTF-8."""
    rendered = results_json.render(RUN, [report(answer(waiting(words)), remarks=(words,))], ())
    (one,) = json.loads(encoded("json", rendered))["reports"]
    halves_joined = words.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert one["remarks"][0] == halves_joined


# -- gradebook.csv


def test_gradebook_has_a_column_for_each_exercise():
    first = report(answer(passed()), answer(passed(), waiting(), name="second_backward"))
    (row,) = rows(first)
    columns = "student path sin_derivative second_backward total maximum awaiting_review outcome remarks"
    assert " ".join(row) == columns
    assert list(row.values()) == ["ada", "ada.py", "4", "4", "8", "10", "2", "finished", ""]


def test_gradebook_keeps_a_zero_that_was_earned():
    (row,) = rows(report(answer(failed())))
    assert (row["sin_derivative"], row["total"]) == ("0", "0")


@pytest.mark.parametrize("outcome", [Outcome.DECLINED, Outcome.UNREADABLE, Outcome.GRADER_ERROR])
def test_gradebook_leaves_empty_what_was_not_graded(outcome):
    (row,) = rows(report(answer(Verdict(DERIVATIVE, Status.NOT_ATTEMPTED), attempted=False), outcome=outcome))
    assert (row["sin_derivative"], row["total"], row["outcome"]) == ("", "", outcome.value)
    assert row["remarks"]


def test_gradebook_leaves_empty_what_the_grader_failed_on():
    broken = answer(passed(), Verdict(PLOT, Status.GRADER_ERROR))
    (row,) = rows(report(broken, answer(passed(), name="jacobian")))
    assert (row["sin_derivative"], row["jacobian"], row["total"]) == ("", "4", "")
    assert row["awaiting_review"] == "3"


def test_gradebook_fills_columns_that_only_others_have():
    graded, declined = rows(report(answer(passed())), report(outcome=Outcome.DECLINED, declined="MXNet"))
    assert graded["sin_derivative"] == "4"
    assert (declined["sin_derivative"], declined["maximum"]) == ("", "")
    assert declined["remarks"] == "declined: written for MXNet, nothing was run"


@pytest.mark.parametrize(
    "student",
    ["=1+1", "+1", "-1", "@x", "\t=1", "\rx", "  =1", "\ufeff=1", "\u200b=1", "＝1", "\u00a0@x", "a; =1"],
)
def test_gradebook_defuses_formulas(student):
    (row,) = rows(report(student=student))
    assert "'" in row["student"]
    for cell in row["student"].split(";"):
        assert not cell.strip("\u200b\ufeff \u00a0").startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize("student", ["ada", "anna-lena", "o'neil", "a=b", "x@y.org", "王"])
def test_gradebook_leaves_names_alone(student):
    assert rows(report(student=student))[0]["student"] == student


def test_gradebook_has_one_line_a_submission():
    rendered = gradebook_csv.render(RUN, [report(remarks=("two\nlines", 'a "quote", a comma'))], ())
    assert rendered.count("\n") == 2
    assert rows(report(remarks=("two\nlines", 'a "quote"')))[0]["remarks"] == 'two lines; a "quote"'


def test_gradebook_file_starts_with_a_mark_and_others_do_not():
    assert encoded("csv", "Jörg").startswith(b"\xef\xbb\xbfJ")
    assert encoded("json", "{}") == b"{}"


# -- the terminal


def test_full_points_are_one_line():
    assert text(report(answer(passed()))).splitlines()[0] == "ada  sin_derivative  4 / 4"


def test_points_stand_below_points():
    lines = text(report(answer(passed())), report(answer(failed(), name="jacobian"), student="王小明")).splitlines()
    assert lines[0] == "ada     sin_derivative  4 / 4"
    assert lines[1] == "王小明  jacobian        0 / 4"


def test_awaiting_points_are_named_and_the_words_quoted():
    lines = text(report(answer(passed(), waiting("Because\nthe graph is freed.")))).splitlines()
    assert lines[0] == "ada  sin_derivative  4 / 6  (2 await review)"
    assert lines[1] == "    ? explanation: awaits review: “Because the graph is freed.” (cell 5)"


def test_a_long_quote_is_cut_to_one_line():
    line = text(report(answer(waiting("because " * 100)))).splitlines()[1]
    assert len(line) < 180 and line.endswith("…” (cell 5)")


def test_review_says_why_when_it_is_not_for_words():
    assert "awaits review (found, but it did not run): “y.backward()”" in text(
        report(answer(waiting("y.backward()", reason="not_executed")))
    )


def test_criteria_with_the_same_sentence_share_a_line():
    both = answer(failed(where="cell 3"), failed(PLOT, where="cell 4"))
    assert text(report(both)).splitlines()[1] == "    ✗ derivative, plot: Look at the mean. (cell 3, cell 4)"


def test_what_was_measured_comes_before_the_shared_sentence():
    verdict = failed(reason="values", feedback="", detail="7 of 9 entries are off")
    assert f"derivative: 7 of 9 entries are off. {wording.GENERAL['values']}" in text(report(answer(verdict)))


def test_exercises_not_attempted_share_a_line():
    absent = [answer(Verdict(PLOT, Status.NOT_ATTEMPTED), name=name, attempted=False) for name in ("jacobian", "x")]
    lines = text(report(answer(passed()), *absent)).splitlines()
    assert lines[1] == "ada  not attempted: jacobian, x"


def test_words_alone_are_shown_although_nothing_was_attempted():
    assert "explanation: awaits review" in text(report(answer(waiting(), attempted=False)))


def test_a_failure_of_ours_is_told_as_ours():
    lines = text(report(answer(Verdict(PLOT, Status.GRADER_ERROR, detail="KeyError: 'x'")))).splitlines()
    assert lines[1] == "    ! plot: the grader failed here (KeyError: 'x'); no points were taken"


@pytest.mark.parametrize(
    ("outcome", "more", "line"),
    [
        (Outcome.DECLINED, {"declined": "MXNet"}, "ada  declined: written for MXNet, nothing was run"),
        (
            Outcome.UNREADABLE,
            {"files": (SourceFile("a.ipynb", "00", trouble="it is cut off"),)},
            "ada  unreadable: a.ipynb it is cut off",
        ),
        (
            Outcome.TIMED_OUT,
            {},
            "ada  timed out; the notes say where, and what was judged",
        ),
        (
            Outcome.GRADER_ERROR,
            {},
            "ada  needs review: the grader failed on this submission, and no points were taken",
        ),
    ],
)
def test_a_run_that_did_not_finish_has_one_line(outcome, more, line):
    assert text(report(outcome=outcome, **more)).splitlines()[:2] == [line, ""]


def test_every_outcome_but_finished_has_a_sentence():
    assert {o for o in Outcome if not wording.outcome(report(outcome=o))} == {Outcome.FINISHED}


def test_what_a_timed_out_submission_earned_is_shown():
    lines = text(report(answer(passed()), outcome=Outcome.TIMED_OUT)).splitlines()
    assert lines[1] == "ada  sin_derivative  4 / 4"


def test_remarks_are_notes():
    assert "    note: curly quotes in cell 2 were read as straight ones\n" in text(
        report(answer(passed()), remarks=("curly quotes in cell 2 were read as straight ones",))
    )


def test_summary_accounts_for_everything():
    reports = (report(answer(passed(), waiting())), report(outcome=Outcome.UNREADABLE, student="bob"))
    lines = text(*reports, skipped=[Skipped("notes.md", "not a notebook or script")]).splitlines()
    assert lines[-3] == "skipped  notes.md: not a notebook or script"
    assert lines[-1] == (
        "1 graded, 1 could not be graded, 2 points in 1 submission await a person, 1 skipped, in 11.4 s (seed 7)"
    )


def test_long_runs_are_told_in_minutes():
    run = Run(7, "2026-03-01T10:00:00+00:00", "2026-03-01T10:02:05+00:00", "", "")
    assert "in 2 min 5 s" in terminal.summary(run, (), ())


@given(st.text(st.characters()))
def test_nothing_a_student_wrote_acts_on_the_terminal(words):
    verdicts = answer(waiting(words), failed(PLOT, feedback="", detail=words, where=words))
    rendered = text(
        report(verdicts, student=words, remarks=(words,), outcome=Outcome.TIMED_OUT),
        skipped=[Skipped(words, words)],
    )
    kinds = {unicodedata.category(character) for character in rendered.replace("\n", "")}
    assert kinds.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", rendered)


# -- wording


@pytest.mark.parametrize("sentence", wording.GENERAL.values(), ids=wording.GENERAL)
def test_shared_sentences_are_short_and_kind(sentence):
    assert len(sentence.split()) <= 40
    assert not re.search(r"\b(simply|just|obviously|wrong|mistake|fail to|you)\b", sentence, re.IGNORECASE)


def test_every_lost_status_has_a_sentence():
    lost = (Verdict(PLOT, status, "a reason that nobody wrote") for status in Status)
    assert [bool(wording.feedback(verdict)) for verdict in lost] == [False, *[True] * 5]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_an_empty_run(name):
    assert FORMATS[name](RUN, (), ()).endswith("\n")


# -- a person's decision on a criterion


def test_points_of_a_person_for_a_criterion_are_told_everywhere():
    """In the score, beside what the grader said, to the student with the comment; and nothing awaits any more."""
    said = Override(1.5, "The graph is not named.", "2026-03-02T08:00:00.000+00:00")
    one = report(answer(passed(), failed(PLOT), replace(waiting(), override=said)))
    (criteria,) = (exercise["criteria"] for exercise in document(one)["reports"][0]["exercises"])
    assert (criteria[2]["status"], criteria[2]["points"]) == ("needs_review", 1.5)
    assert criteria[2]["override"] == {"points": 1.5, "why": said.why, "at": said.at}
    assert (one.score, one.awaiting_review, one.needs_review) == (5.5, 0.0, False)
    assert rows(one)[0]["total"] == "5.5"
    assert "    ✗ explanation: 1.5 of 2, set by a person: The graph is not named. (cell 5)\n" in text(one)
    lines = list(feedback.lines(one))
    assert lines[-1] == "✗ Why, in words: A person gave 1.5 of 2: The graph is not named."


def test_all_points_of_a_person_are_passed_and_no_mistake():
    """A failure that she took back is nobody's mistake in the class report."""
    one = report(answer(replace(failed(), override=Override(4.0, "our template was wrong", "2026-03-02"))))
    assert one.answers[0].verdicts[0].effective is Status.PASSED
    assert tally.mistakes([one]) == []
    assert tally.exercises([one])[0].criteria[0].passed == 1


def test_what_the_grader_failed_on_is_a_mark_once_a_person_has_decided_it():
    """Of every criterion; until then there is no number."""
    broken = Verdict(PLOT, Status.GRADER_ERROR)
    assert marks.number(report(answer(passed(), broken))) is None
    assert marks.number(report(answer(passed(), replace(broken, override=Override(3.0, "", "2026-03-02"))))) == 7.0
