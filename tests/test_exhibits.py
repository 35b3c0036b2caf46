"""What pictures are made of: capped, finite, plain, kept with the report, and worth nothing."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from autograder import exhibits, kept, spec
from autograder.exhibits import arrows, bars, curves, field, fit, line, matrices, timeline
from autograder.packed import Packed
from autograder.report.pages import pictures
from tests.conftest import ROOT

SINE = """
    import torch
    import matplotlib.pyplot as plt
    x = torch.linspace(0, 6, 500, requires_grad=True)
    y = torch.sin(x)
    y.sum().backward()
    plt.plot(x.detach(), y.detach(), label="f")
    plt.plot(x.detach(), x.grad, label="slope")
"""


def a_pass(error="", after=None, **more):
    leaves = [SimpleNamespace(after=after)]
    told = {"where": "hw.py, line 3", "call": "backward", "retain": False, "error": error, "leaves": leaves}
    return SimpleNamespace(**told | more)


def every_kind():
    x = np.linspace(0, 1, 1000)
    return (
        curves([line("f", x, np.sin(x), "a label")]),
        fit(x, np.sin(x), np.sin, (x, np.cos(x))),
        arrows(
            [field("field", np.eye(20), np.full((20, 20), np.nan)), field("solenoidal", *np.ones((2, 5, 9)))], 0.1, 2
        ),
        matrices(np.eye(3), np.ones((2, 3))),
        bars(np.array([1.0, np.nan]), np.array([1.0, 2.0])),
        timeline([a_pass(after=np.arange(9.0)), a_pass("RuntimeError: no\n  more")]),
    )


def test_a_curve_is_thinned_and_keeps_its_ends():
    """As many points as a picture needs, the first and the last among them."""
    kept_line = line("f", np.arange(10_000), np.arange(10_000.0))
    assert len(kept_line.x) == len(kept_line.y) == exhibits.MOST_POINTS <= 400
    assert (kept_line.x[0], kept_line.x[-1]) == (0.0, 9999.0)


def test_numbers_that_are_not_finite_are_none():
    """Also those that no axis could hold; a point without an x is left out."""
    found = line("slope", np.array([0, 1, 2, np.inf]), np.array([1, np.nan, 1e300, 4]))
    assert (found.x, found.y) == ((0.0, 1.0, 2.0), (1.0, None, None))


def test_what_is_large_is_cut_and_its_size_told():
    """A matrix of 32 × 32 at most, so many bars, so many passes."""
    picture = matrices(np.zeros((100, 50)), np.zeros((2, 3)))
    assert (len(picture.theirs), len(picture.theirs[0]), picture.shape) == (32, 32, (100, 50))
    assert (len(bars(np.zeros(99), np.zeros(99)).theirs), bars(np.zeros(99), np.zeros(99)).size) == (32, 99)
    assert (len(timeline([a_pass()] * 50).steps), timeline([a_pass()] * 50).size) == (exhibits.MOST_STEPS, 50)
    assert len(curves([line("f", np.zeros(2), np.zeros(2))] * 50).lines) == exhibits.MOST_LINES


@pytest.mark.parametrize("exhibit", every_kind(), ids=lambda exhibit: type(exhibit).__name__)
def test_what_is_kept_is_read_again_as_it_was(exhibit):
    """Through strict JSON."""
    assert exhibits.parsed(json.loads(json.dumps(exhibits.document(exhibit), allow_nan=False))) == exhibit


def test_a_grader_that_fails_at_it_has_no_picture():
    """No exhibit, an exception, something else than exhibits: nothing is drawn, and nothing is lost."""

    def fails(as_written):
        yield bars(np.ones(2), np.ones(2))
        raise ZeroDivisionError

    assert exhibits.of(SimpleNamespace(), None) == ()
    assert exhibits.of(SimpleNamespace(exhibit=fails), None) == ()
    assert exhibits.of(SimpleNamespace(exhibit=lambda seen: ["<svg>", None]), None) == ()


@pytest.mark.parametrize(("name", "parameters"), [("too_many", "as_written, fresh"), ("another", "fresh")])
def test_an_exhibit_sees_only_the_run_as_written(tmp_path, monkeypatch, name, parameters):
    """Whoever asks for a hidden case is told when the exercise is loaded."""
    code = (ROOT / "graders" / "jacobian.py").read_text(encoding="utf-8")
    changed = code.replace("def exhibit(as_written):", f"def exhibit({parameters}):")
    (tmp_path / f"{name}.py").write_text(changed, encoding="utf-8")
    (tmp_path / f"{name}.yaml").write_bytes((ROOT / "exercises" / "jacobian.yaml").read_bytes())
    monkeypatch.setattr("graders.__path__", [str(tmp_path)])
    with pytest.raises(spec.SpecError, match="exhibit has to have one parameter, as_written: hidden runs are never"):
        spec.load(tmp_path / f"{name}.yaml")


def test_a_criterion_cannot_have_that_name(tmp_path):
    """It would never be judged."""
    text = (ROOT / "exercises" / "jacobian.yaml").read_text(encoding="utf-8").replace("  matrix:\n", "  exhibit:\n", 1)
    (tmp_path / "jacobian.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(spec.SpecError, match="the name is kept for what is drawn"):
        spec.load(tmp_path / "jacobian.yaml")


def test_a_report_carries_what_was_drawn(grade):
    """f, f′ and the expected derivative, under the student's labels; nothing of exercises that were not attempted."""
    report = grade(SINE)
    (picture,) = report.exhibits["sin_derivative"]
    assert [part.part for part in picture.lines] == ["f", "slope", "expected"]
    assert [part.label for part in picture.lines] == ["f", "slope", ""]
    assert picture.drawn and set(report.exhibits) == {"sin_derivative"}
    told = json.loads(kept.written(report))["exhibits"]
    assert Packed.parsed(told) == report.exhibits and "slope" not in json.dumps(told)


def test_curves_against_the_index_keep_their_names(grade):
    """What is f and what is f′ is known by the values; the expected curve stands over the student's own x."""
    (picture,) = grade(SINE.replace("plot(x.detach(), ", "plot(")).exhibits["sin_derivative"]
    assert [part.part for part in picture.lines] == ["f", "slope", "expected"]
    assert picture.lines[0].x[-1] > 400 > 6 >= picture.lines[-1].x[-1]


def test_without_a_figure_the_gradient_that_was_left_is_shown(grade):
    """The same numbers, and said to be no drawing of theirs."""
    (picture,) = grade(SINE.split("    plt.plot")[0]).exhibits["sin_derivative"]
    assert not picture.drawn and len(picture.lines) == 3


WAVES = """
    import numpy as np
    import matplotlib.pyplot as plt
    x = np.arange(200) / 200
    y = 5 * np.sin(2 * np.pi * 11 * x) + 2 * np.cos(2 * np.pi * 4 * x) + 3 * np.sin(2 * np.pi * 9 * x)
    F = np.fft.rfft(y)
    top = np.argsort(np.abs(F))[-3:]
    found = sum(F[k].real * np.cos(2 * np.pi * k * x) - F[k].imag * np.sin(2 * np.pi * k * x) for k in top) / 100
    plt.plot(x, y, ".")
    plt.plot(x, found)
"""


def test_samples_stand_beside_what_was_recovered(grade):
    """The function is found again in the samples; half of it is so far away."""
    (right,) = grade(WAVES).exhibits["sinusoid_fit"]
    assert [one.part for one in right.lines] == ["samples", "sampled", "fitted"]
    assert right.gap < 1e-6 < 5 < right.size
    (half,) = grade(WAVES.replace("/ 100", "/ 200")).exhibits["sinusoid_fit"]
    assert abs(half.gap / half.size - 0.5) < 0.01
    assert "up to" in pictures.of(half).said and "lies on" in pictures.of(right).said


def test_a_curve_that_is_no_function_of_the_samples_is_not_theirs(grade):
    """The history of a loss over 300 steps, say; numbers alone are no curve."""
    history = "    plt.plot(np.arange(300.), np.exp(-np.arange(300.)))\n"
    (none,) = grade(WAVES.split("    found")[0] + "    plt.plot(x, y, '.')\n" + history).exhibits["sinusoid_fit"]
    assert [one.part for one in none.lines] == ["samples", "sampled"] and none.gap is None
    assert "No curve of yours" in pictures.of(none).said


PLANE = """
    import numpy as np
    # Helmholtz decomposition: a part without divergence and a part without curl
    n = 24
    t = np.arange(n) * 2 * np.pi / n
    X, Y = np.meshgrid(t, t)
    u = -np.sin(Y) * np.cos(X) + np.cos(X) * np.sin(Y) * 2 + np.sin(2 * Y)
    v = np.sin(X) * np.cos(Y) + np.sin(X) * np.cos(Y) * 2
    k = np.fft.fftfreq(n, 1 / n)
    kx, ky = np.meshgrid(k, k)
    k2 = np.where(kx**2 + ky**2 == 0, 1, kx**2 + ky**2)
    a, b = np.fft.fft2(u), np.fft.fft2(v)
    along = (kx * a + ky * b) / k2
    hu, hv = np.fft.ifft2(kx * along).real, np.fft.ifft2(ky * along).real
    su, sv = u - hu, v - hv
"""


def test_a_field_stands_beside_its_parts(grade):
    """Ten arrows along an axis, and what is left of divergence and curl; both parts make up the field."""
    (right,) = grade(PLANE).exhibits["helmholtz"]
    assert [one.part for one in right.fields] == ["field", "solenoidal", "irrotational"]
    whole, *parts = (np.array(one.u) for one in right.fields)
    assert whole.shape == (10, 10) and np.allclose(whole, sum(parts), atol=1e-4)
    assert max(right.divergence, right.curl) < 1e-6 and pictures.of(right).said.count(" 0 %") == 2
    wrong = PLANE.split("    k = ")[0] + "    hu, hv = u / 4, v / 3\n    su, sv = u - hu, v - hv\n"
    (left,) = grade(wrong).exhibits["helmholtz"]
    assert min(left.divergence, left.curl) > 0.1


def test_an_arrow_points_where_it_should():
    """Up is up, the longest is almost as long as the way to the next one, and nothing is a dot."""
    u, v = np.zeros((2, 2)), np.array([[0.0, 3.0], [0.0, 0.0]])
    (panel,) = pictures.drawn(arrows([field("field", u, v)], 0.0, 0.0)).panels
    dots, (shaft,) = re.findall(r"h0", panel.d), re.findall(r"M(\S+) (\S+)L(\S+) (\S+)M", panel.d)
    x0, y0, x1, y1 = map(float, shaft)
    assert len(dots) == 3 and x0 == x1 > panel.width / 2 and panel.height / 2 < y1 < y0
    assert (y0 - y1) / (panel.width / 2) == pytest.approx(0.95, abs=0.01)
