"""An empty figure that was made ahead is what matplotlib would have made, and is only given where it is."""

import pytest

from tests.conftest import printed_by

PLOTS = """
import contextlib, hashlib, io, json, sys
import matplotlib
matplotlib.use("agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
sys.path.insert(0, sys.argv[1])
x = np.linspace(0, 6, 50)

def line():
    plt.plot(x, np.sin(x), label="sin")
    plt.legend()

def sized():
    plt.figure(figsize=(8, 4))
    line()

def sized_by_a_setting():
    plt.rcParams["figure.figsize"] = (3, 2.5)
    line()

def numbered():
    plt.figure(7)
    line()
    assert plt.gcf().number == 7 and plt.get_fignums() == [7] and plt.figure(7) is plt.gcf()

def named():
    plt.figure("sines")
    line()
    assert plt.get_figlabels() == ["sines"]

def one_subplot():
    figure, axes = plt.subplots()
    axes.scatter(x, x)
    assert axes.figure is figure and figure.axes == [axes] and plt.gca() is axes

def subplots():
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
    left.plot(x, x)
    right.set(title="right", xlabel="x", xlim=(0, 2))
    figure.subplots_adjust(wspace=0.6)

def shared():
    figure, (upper, lower) = plt.subplots(2, sharex=True)
    upper.plot(x, x)
    lower.plot(2 * x, x)
    assert upper.get_xlim() == lower.get_xlim()

def subplot_by_subplot():
    for number in 221, 222, 224:
        plt.subplot(number)
        line()
    plt.subplot(2, 2, 1)
    assert len(plt.gcf().axes) == 3

def over_one_another():
    figure = plt.figure()
    figure.add_subplot(111)
    figure.add_subplot(111, frameon=False)
    figure.add_subplot().plot(x, x**2)
    figure.add_subplot().twinx().plot(x, x)

def cleared():
    line()
    plt.clf()
    line()
    plt.cla()
    plt.plot(x, x)
    plt.gcf().clear()
    plt.gcf().add_subplot(1, 2, 1)

def with_a_grid():
    plt.rcParams["axes.grid"] = True
    line()

def grid_from_the_second_axes_on():
    figure = plt.figure()
    figure.add_subplot(121)
    plt.rcParams["axes.grid"] = True
    figure.add_subplot(122)

def in_a_style():
    with plt.style.context("ggplot"):
        line()

def tight():
    plt.figure(layout="constrained")
    line()

def coloured():
    plt.figure(facecolor="yellow", dpi=50)
    line()

def polar():
    plt.subplot(projection="polar")
    line()

def three_d():
    plt.figure().add_subplot(projection="3d").plot(x, x, x)

def of_a_kind_of_its_own():
    class Own(Figure):
        pass
    assert type(plt.figure(FigureClass=Own)) is Own
    line()

def in_centimetres():
    plt.figure(figsize=(16, 9, "cm"))
    line()

def wrong():
    for call in (lambda: plt.figure(figsize=(-1, 2)), lambda: plt.subplot(0, 1, 1), lambda: plt.subplot(1, 1, 2)):
        try:
            call()
        except ValueError as error:
            plt.figtext(0.1, 0.1, str(error))

def many():
    figures = [plt.figure() for _ in range(5)]
    assert len(set(figures)) == 5 and plt.get_fignums() == [1, 2, 3, 4, 5]
    line()

WAYS = [way for name, way in list(globals().items()) if callable(way) and getattr(way, "__module__", "") == "__main__"]

def pictures(blanks=None, given=(), style=None):
    found = {}
    before = dict(dict.items(matplotlib.rcParams))
    for way in WAYS:
        if blanks:
            style.restore(before)
            blanks.fill(3)
            given.clear()
        way()
        drawn = []
        for number in plt.get_fignums():
            picture = io.BytesIO()
            plt.figure(number).canvas.print_png(picture)
            drawn.append(hashlib.sha256(picture.getvalue()).hexdigest())
        found[way.__name__] = drawn, len(given)
        plt.close("all")
        dict.update(matplotlib.rcParams, before)
    return found

without = pictures()
from autograder.worker.blanks import Blanks
from autograder.worker.settings import Style
given = []
style = Style()
style.watch()
blanks = Blanks(given.append, style)
blanks.watch()
print(json.dumps([without, pictures(blanks, given, style)]))
"""
NONE_GIVEN = {"with_a_grid", "in_a_style", "tight", "coloured", "of_a_kind_of_its_own", "in_centimetres"}


@pytest.fixture(scope="module")
def pictures():
    return printed_by(PLOTS)


def test_what_is_drawn_on_them_looks_the_same(pictures):
    without, given = ({way: drawn for way, (drawn, _) in side.items()} for side in pictures)
    assert given == without
    assert len({tuple(drawn) for drawn in given.values()}) > 15  # they are not all empty


def test_they_are_given_where_nothing_special_is_asked(pictures):
    _, given = pictures
    assert {way for way, (_, count) in given.items() if not count} == NONE_GIVEN
    assert given["many"][1] == 3  # as many as there were
