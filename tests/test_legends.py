"""A legend that is laid out when somebody asks for it is what matplotlib would have laid out at once."""

import pytest

from tests.conftest import printed_by

SCRIPT = """
import contextlib, copy, hashlib, io, json, pickle, sys
import matplotlib
matplotlib.use("agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.legend import Legend
sys.path.insert(0, sys.argv[1])
x = np.linspace(0, 6, 50)

def lines():
    plt.plot(x, np.sin(x), label="sin")
    plt.plot(x, np.cos(x), "--", label="cos")

def plain():
    lines()
    plt.legend()

def in_a_corner():
    lines()
    plt.legend(loc="lower left")

def by_a_number():
    lines()
    plt.legend(["f", "f'"], loc=3)

def of_handles():
    upper, = plt.plot(x, x)
    points = plt.scatter(x, -x)
    plt.legend([upper, points], ["line", "points"])

def of_the_figure():
    figure, axes = plt.subplots()
    axes.plot(x, x, label="x")
    figure.legend(loc="upper left")

def with_options():
    lines()
    plt.legend(title="both", ncol=2, frameon=False)

def in_a_style():
    with plt.style.context("ggplot"):
        lines()
        plt.legend()

def changed_afterwards():
    lines()
    legend = plt.legend()
    legend.set_zorder(1)
    legend.set_title("waves")
    legend.get_frame().set_facecolor("yellow")
    for text in legend.get_texts():
        text.set_fontsize(6)
    assert plt.gca().get_legend() is legend and isinstance(legend, Legend) and legend.zorder == 1

def set_before_anything_is_asked():
    lines()
    legend = plt.legend()
    legend.anything = 3
    legend.set_visible(False)
    assert legend.anything == 3 and not legend.get_visible() and legend.get_zorder() == 5

def removed():
    lines()
    plt.legend().remove()
    assert plt.gca().get_legend() is None

def twice():
    lines()
    plt.legend(loc="upper left")
    plt.legend(loc="lower left")

def copied():
    lines()
    plt.legend()
    figure = pickle.loads(pickle.dumps(plt.gcf()))
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["sin", "cos"]
    copy.copy(plt.gca().get_legend())

def of_a_kind_of_its_own():
    class Own(Legend):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.own = len(self.texts)
    lines()
    axes = plt.gca()
    legend = Own(axes, *axes.get_legend_handles_labels())
    axes.add_artist(legend)
    assert legend.own == 2

def wrong():
    lines()
    for call in (
        lambda: plt.legend(loc="nowhere"),
        lambda: plt.legend(loc=11),
        lambda: plt.legend(loc=[]),
        lambda: plt.legend(numpoints=0),
        lambda: plt.legend(colour="red"),
        lambda: plt.legend().no_such_attribute,
    ):
        try:
            call()
        except (ValueError, TypeError, AttributeError) as error:
            plt.figtext(0.1, np.random.default_rng(len(str(error))).random(), f"{type(error).__name__}: {error}")

WAYS = [way for name, way in list(globals().items()) if callable(way) and getattr(way, "__module__", "") == "__main__"]
WAYS.remove(lines)
laid_out, real = [], Legend._init_legend_box

def counted(legend, *named):
    laid_out.append(legend)
    real(legend, *named)

Legend._init_legend_box = counted

def pictures():
    found = {}
    for way in WAYS:
        laid_out.clear()
        way()
        at_once, drawn = len(laid_out), []
        for number in plt.get_fignums():
            picture = io.BytesIO()
            plt.figure(number).canvas.print_png(picture)
            drawn.append(hashlib.sha256(picture.getvalue()).hexdigest())
        found[way.__name__] = drawn, at_once
        plt.close("all")
    return found

at_once = pictures()
from autograder.worker import figures
figures._lay_out_legends_later()
print(json.dumps([at_once, pictures()]))
"""
AT_ONCE = {"with_options", "of_the_figure", "changed_afterwards", "set_before_anything_is_asked", "removed", "copied"}
AT_ONCE |= {"of_a_kind_of_its_own", "wrong"}


@pytest.fixture(scope="module")
def pictures():
    return printed_by(SCRIPT)


def test_it_looks_the_same_and_fails_the_same(pictures):
    """In a style that has been left, with what was set before, and with the words of every error."""
    at_once, later = ({way: drawn for way, (drawn, _) in side.items()} for side in pictures)
    assert later == at_once
    assert len({tuple(drawn) for drawn in later.values()}) > 8  # they are not all one


def test_it_is_laid_out_only_where_somebody_asks(pictures):
    at_once, later = pictures
    assert all(count for _, count in at_once.values())
    assert {way for way, (_, count) in later.items() if count} <= AT_ONCE
