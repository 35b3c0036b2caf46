"""Feedback in the language of whoever reads it: nothing untranslated, nothing half translated, nothing run again."""

import ast
import json
import re
import textwrap
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
import yaml

from autograder import cli, intake, languages, spec
from autograder.hosts import gradescope as gradescope_host
from autograder.hosts import one as host
from autograder.languages import translations
from autograder.model import Run, SourceFile, Submission, Unit
from autograder.phrase import ENGLISH, Phrase, document, parsed, place, together
from autograder.remarks import REMARKS
from autograder.report import feedback, pages, wording
from autograder.report.pages.pictures.arrows import TITLES
from autograder.report.pages.pictures.curves import NAMES
from autograder.report.pages.student import WORDS
from tests.conftest import ROOT

CODES = [code for code in languages.TAGS if code != ENGLISH.code]
SAYS = {"Phrase", "say", "Unreadable"}  # whose first argument is said to students
HAN = re.compile(r"[\u3400-\u9fff]")
TABLES = [wording.GENERAL, WORDS, NAMES, TITLES, REMARKS]


def texts_of(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def assignments(node):
    """(target, value) of `a = 1` and of `a, b = 1, 2`."""
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def said_in(path):
    """Every text that a module says: written in the call, or assigned to the name that stands there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for scope in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Module)]:
        assigned = {}
        for node in [n for n in ast.walk(scope) if isinstance(n, ast.Assign)]:
            for target, value in assignments(node):
                assigned.setdefault(getattr(target, "id", ""), []).extend(texts_of(value))
        for node in [n for n in ast.walk(scope) if isinstance(n, ast.Call) and n.args]:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            says = name in SAYS or (name == "language" and isinstance(node.func, ast.Attribute))
            if says and isinstance(node.args[0], ast.Constant | ast.IfExp | ast.Name):
                names = [n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)]
                yield from (text for name in names for text in assigned.get(name, ()))
                yield from texts_of(node.args[0])


def said_by_the_machinery():
    found = {text for table in TABLES for text in table.values()}
    paths = [p for p in ROOT.glob("autograder/**/*.py") if "worker" not in p.parts and p.name != "phrase.py"]
    found |= {text for path in paths for text in said_in(path)}
    for path in ROOT.glob("autograder/report/pages/templates/*.html"):
        for call in re.findall(r"\bsay\((.*?)\)[ }|]", path.read_text(encoding="utf-8")):
            found |= set(re.findall(r'"([^"]+)"', call))
    found |= {host.OURS, gradescope_host.REASON}
    scripts = [*ROOT.glob("autograder/bundle/files/*/*"), *ROOT.glob("autograder/hosts/*.sh")]
    found |= {text for path in scripts for text in re.findall(r'say "([^"$]+)"', path.read_text(encoding="utf-8"))}
    tree = ast.parse((ROOT / "autograder" / "phrase.py").read_text(encoding="utf-8"))
    found |= {t for t in texts_of(tree) if re.fullmatch(r"\{(file|first)\}[,;] .*|a call of \{function\}\(\)", t)}
    return found - {"", "grader_error"}  # no text, and a key


def test_the_worker_remarks_on_nothing_that_has_no_words():
    """And nothing has words that it never remarks on."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.glob("autograder/worker/*.py")]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call) and n.args]
    named = [n.args[0] for n in calls if getattr(n.func, "id", getattr(n.func, "attr", "")) in ("remark", "_not_here")]
    assert {n.value for n in named if isinstance(n, ast.Constant)} <= REMARKS.keys()
    assert REMARKS.keys() <= {text for tree in trees for text in texts_of(tree)}


def parts(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", CODES)
def test_every_word_of_the_machinery_has_its_translation(code):
    """And what nobody says any more is thrown away."""
    said, known = said_by_the_machinery(), set(languages.words(code))
    assert len(said) > 200
    assert sorted(said - known) == []
    assert sorted(known - said) == []


@pytest.mark.parametrize("code", CODES)
def test_translations_fill_in_the_same_parts(code):
    for english, said in languages.words(code).items():
        assert parts(said) == parts(english), english


@pytest.mark.parametrize("code", CODES)
def test_every_exercise_has_its_translation(code, exercises):
    """Every title and every feedback text, in that language, and not a copy of the English one."""
    for name, exercise in exercises.items():
        said = dict(translations.texts(code, name))
        english = {exercise.title, *(c.title for c in exercise.criteria)}
        english |= {text for criterion in exercise.criteria for text in criterion.feedback.values()}
        assert said.keys() == english
        assert all(HAN.search(text) for text in said.values())


@pytest.mark.parametrize("code", CODES)
def test_no_translation_stands_for_an_exercise_that_is_gone(code, exercises):
    assert {path.stem for path in (ROOT / "exercises" / code).glob("*.yaml")} == exercises.keys()


@pytest.mark.parametrize("code", CODES)
def test_feedback_is_as_short_in_translation(code, exercises):
    """Forty words are about eighty Chinese signs."""
    for name in exercises:
        assert all(len(HAN.findall(text)) <= 80 for _, text in translations.texts(code, name))


@pytest.mark.parametrize("code", CODES)
def test_code_stands_in_a_translation_as_it_stands_in_english(code, exercises):
    """What a reader compares with her program: names with a dot or brackets."""
    for name in exercises:
        for english, said in translations.texts(code, name):
            for token in re.findall(r"\b\w+\.\w+\b(?!\.)|\b\w+\(\w*\)", english):
                assert token in said, (english, said)


# -- mistakes in a translation


@pytest.fixture
def folder(tmp_path):
    """One exercise and its translation, to be broken."""
    place = tmp_path / "exercises"
    (place / "zh").mkdir(parents=True)
    for name in ("jacobian.yaml", "zh/jacobian.yaml"):
        (place / name).write_bytes((ROOT / "exercises" / name).read_bytes())
    return place


BROKEN = {
    "unknown criterion": (
        lambda d: d["criteria"].update(matrx={}),
        "criteria has an unknown key 'matrx'; did you mean",
    ),
    "unknown reason": (
        lambda d: d["criteria"]["matrix"]["feedback"].update(transpose="转置"),
        "criteria.matrix.feedback has an unknown key 'transpose'; did you mean 'transposed'?",
    ),
    "missing reason": (
        lambda d: d["criteria"]["matrix"]["feedback"].pop("transposed"),
        "criteria.matrix.feedback has no key 'transposed'",
    ),
    "missing title": (lambda d: d.pop("title"), "exercises/zh/jacobian.yaml: has no key 'title'"),
    "points": (lambda d: d["criteria"]["matrix"].update(points=3), "has an unknown key 'points'"),
    "no text": (lambda d: d.update(title=3), "title has to be a text, got 3"),
    "nothing": (lambda d: d.clear(), "exercises/zh/jacobian.yaml: has no key"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_in_a_translation_is_one_sentence(folder, name):
    spoil, sentence = BROKEN[name]
    path = folder / "zh" / "jacobian.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    spoil(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(spec.SpecError, match=re.escape(sentence)):
        dict(translations.texts("zh", "jacobian", folder))


def test_an_exercise_without_a_translation_is_one_sentence(folder):
    (folder / "zh" / "jacobian.yaml").unlink()
    with pytest.raises(spec.SpecError, match=r"exercises/zh/jacobian\.yaml: not found; write it"):
        dict(translations.texts("zh", "jacobian", folder))


# -- phrases


def test_a_phrase_is_its_english_self():
    said = Phrase("{where}: stopped with {error}: {message}", where=place("a.py, line 3"), error="E", message="{x}")
    assert said == "a.py, line 3: stopped with E: {x}"
    zh = translations.load("zh", [], Path())
    assert zh(said) == "a.py，第 3 行：因 E 停止：{x}"
    assert ENGLISH(said) == said
    assert parsed(json.loads(json.dumps(document(said)))) == said
    assert zh(parsed(document(said))) == zh(said)


def test_what_a_student_wrote_is_no_template():
    """Braces of theirs are never filled in, and never looked into."""
    zh = translations.load("zh", [], Path())
    hostile = "{error.__class__.__mro__} {0} {"
    for said in (zh(hostile), zh("{where}: {said}", where="a", said=hostile), zh(together([hostile, hostile]))):
        assert hostile in said
    assert Phrase("{said}", said=hostile) == hostile


def prose(*units):
    found = tuple(Unit("a.ipynb", kind, "cell 1", text) for kind, text in units)
    return Submission("ada", "a.ipynb", (SourceFile("a.ipynb", "", found),))


@pytest.mark.parametrize(
    ("units", "code"),
    [
        ([("markdown", "因为图已经被释放，所以报错。")], "zh"),
        ([("script", "y.backward()  # 第二次会报错，因为图已经释放\n")], "zh"),
        ([("markdown", "The graph is freed."), ("code", "x = 1")], "en"),
        ([("code", "plt.title('正弦函数')\nx = 1")], "en"),  # a string is no prose
        ([("markdown", "A long English text about automatic differentiation, and 图 once.")], "en"),
        ([("markdown", "グラフは一度の逆伝播のあとで解放されるので、二度目はエラーになります。")], "en"),
        ([("code", "x = 1")], "en"),
        ([], "en"),
    ],
)
def test_the_language_of_a_submission_is_that_of_its_prose(units, code):
    assert languages.written_in(prose(*units)) == code


# -- a class, graded in Chinese

CLASS = {
    "wang.py": """
        import torch
        # 第一题：用自动微分求导数
        x = torch.arange(4., requires_grad=True)
        y = 2 * torch.dot(x, x)
        y.backward()
        z = 2 * torch.dot(x, x)  # 第二次 backward 之前重新计算一次
        z.backward()
    """,
    "ada.py": """
        import torch
        # the second pass on the same graph raises an error, since its buffers have been freed
        x = torch.arange(4., requires_grad=True)
        y = 2 * torch.dot(x, x)
        y.backward()
        y.backward()
    """,
    "empty.py": "",
    "shell.ipynb": json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": 1, "source": s}
                for s in ("!pip install d2l", "import torch\nx = torch.ones(3, requires_grad=True)\n(x * x).backward()")
            ],
        }
    ),
}


@pytest.fixture(scope="module")
def graded(grader, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    for name, text in CLASS.items():
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return list(grader.grade(intake.find([folder])[0]))


def in_chinese(reports, exercises):
    zh = translations.load("zh", exercises.values(), spec.FOLDER)
    return {report.submission.student: replace(report, language=zh) for report in reports}


def test_a_class_in_chinese(graded, exercises):
    """Golden lines: one of the exercise's own, one that was measured, a remark, a file that cannot be read."""
    told = {name: feedback.text(report) for name, report in in_chinese(graded, exercises).items()}
    assert "✗ 在同一个计算图上第二次运行 backward：第二次反向传播之前你建立了新的计算图" in told["wang"]
    assert "wang.py，第 8 行" in told["wang"]
    assert "? 用文字说明为什么会这样：" in told["ada"]
    assert "说明：shell.ipynb，第 1 个单元格：`!pip install d2l` 没有执行：评分时不运行 shell 命令" in told["shell"]
    assert "因 RuntimeError 停止：grad can be implicitly created" in told["shell"]
    assert told["empty"].startswith("自动评分：没有分数\n这不是分数，因为没有评分：无法读取：empty.py 是空的。")
    assert all(text.startswith("自动评分") and feedback.is_ours(text) for text in told.values())


ENGLISH_WORDS = re.compile(r"\b[a-z]{2,}[ ,;:.]+[a-z]{2,}[ ,;:.]+[a-z]{2,}\b", re.IGNORECASE)
QUOTED = r"<style>.*?</style>|<head>.*?</head>|<pre.*?</pre>|<blockquote>.*?</blockquote>|<bdi>.*?</bdi>|`[^`]*`"
MESSAGES = r"因 \w+ 停止：[^<]*|中止：[^<]*"  # of Python's and torch's, which nobody translates


def english_in(page):
    text = re.sub(MESSAGES, "", re.sub(QUOTED, "", page, flags=re.DOTALL))
    return ENGLISH_WORDS.findall(re.sub(r"<[^>]+>", "\n", text))


def test_no_page_of_the_sample_class_has_a_sentence_in_english(grader, exercises):
    """All that students read, of everybody in the sample class, also of what could not be read."""
    submissions, _ = intake.find([ROOT / "submissions" / "sample"])
    reports = list(in_chinese(grader.grade(submissions), exercises).values())
    run = Run(1, "2026-11-20T10:00:00+00:00", "2026-11-20T10:00:01+00:00", "0", "2")
    made = {name: page for name, page in pages.render(run, reports, []) if name != pages.INDEX}
    assert len(made) == len(reports)
    for name, page in made.items():
        assert '<html lang="zh-Hans">' in page
        assert english_in(page) == [], name
    for report in reports:
        assert english_in(feedback.page(report).decode()) == []
    assert english_in("<p>Every entry is the expected one.</p>")


# -- on the command line


def run(capsys, *words):
    code = cli.main(list(map(str, words)))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_another_language_runs_nothing_again(tmp_path, capsys):
    """Each student in their own, then all in Chinese; keys, statuses and reasons stay what they are."""
    for name in ("wang.py", "ada.py"):
        (tmp_path / "week" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "week" / name).write_text(textwrap.dedent(CLASS[name]), encoding="utf-8")
    common = (tmp_path / "week", "--output", tmp_path / "out", "--exercise", "second_backward")
    code, _, _ = run(capsys, *common)
    english = json.loads((tmp_path / "out" / "results.json").read_bytes())
    assert code == 0
    assert "language" not in english["run"] and "language" not in english["reports"][0]
    code, out, err = run(capsys, *common, "--language", "auto")
    assert code == 0
    assert "2 of 2 had been graded before" in err
    assert "第二次反向传播之前你建立了新的计算图" in out
    auto = json.loads((tmp_path / "out" / "results.json").read_bytes())
    assert auto["run"]["language"] == "auto"
    assert [report["language"] for report in auto["reports"]] == ["en", "zh"]
    code, _, err = run(capsys, *common, "--language", "zh")
    assert "2 of 2 had been graded before" in err
    chinese = json.loads((tmp_path / "out" / "results.json").read_bytes())
    for before, after in zip(english["reports"], chinese["reports"], strict=True):
        for one, other in zip(before["exercises"], after["exercises"], strict=True):
            assert HAN.search(other["title"])
            for verdict, said in zip(one["criteria"], other["criteria"], strict=True):
                same = ("name", "status", "points", "max_points", "reason", "where")
                assert {key: verdict[key] for key in same} == {key: said[key] for key in same}


def test_a_language_that_is_not_here(capsys):
    code, _, err = run(capsys, "week", "--language", "fr")
    assert code == 2
    assert "--language" in err and "zh" in err
