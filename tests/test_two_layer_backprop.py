"""Backpropagation by hand: the step from round to round is the gradient, wherever the loop stands."""

import pytest

from tests.conftest import told

LOOP = """import numpy as np
def nonlin(x, deriv=False):
    if deriv:
        return x*(1-x)
    return 1/(1+np.exp(-x))
X = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]])
y = np.array([[0],[1],[1],[0]])
np.random.seed(1)
syn0 = 2*np.random.random((3,4)) - 1
syn1 = 2*np.random.random((4,1)) - 1
for j in range(3000):
    l0 = X
    l1 = nonlin(np.dot(l0,syn0))
    l2 = nonlin(np.dot(l1,syn1))
    l2_error = y - l2
    if j % 1000 == 0:
        print("Error:" + str(np.mean(np.abs(l2_error))))
    l2_delta = l2_error*nonlin(l2,deriv=True)
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error * nonlin(l1,deriv=True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += l0.T.dot(l1_delta)
"""
RIGHT = {
    "a loop": LOOP,
    "beside a list of complex numbers": LOOP + "spectrum = {'of y': np.fft.fft(y.ravel())}\nprint(spectrum)\n",
    "a function, a dictionary, biases": """import numpy as np
sig = lambda z: 1/(1+np.exp(-z))
X = np.array([[0,0],[0,1],[1,0],[1,1]]); Y = np.array([[0.],[1],[1],[0]])
def train(X, Y, n, lr):
    rng = np.random.default_rng(0)
    p = {'W1': rng.normal(size=(2, 5)), 'b1': np.zeros(5), 'W2': rng.normal(size=(5, 1)), 'b2': np.zeros(1)}
    for _ in range(n):
        a = sig(X @ p['W1'] + p['b1']); o = sig(a @ p['W2'] + p['b2'])
        d2 = (o - Y) * o * (1 - o)
        d1 = d2 @ p['W2'].T * a * (1 - a)
        p['W2'] = p['W2'] - lr * a.T @ d2; p['b2'] = p['b2'] - lr * d2.sum(0)
        p['W1'] = p['W1'] - lr * X.T @ d1; p['b1'] = p['b1'] - lr * d1.sum(0)
    return p, o
p, o = train(X, Y, 5000, 2.0)
""",
    "a class": """import numpy as np
class Net:
    def __init__(self):
        self.w1 = np.random.rand(3, 4); self.w2 = np.random.rand(4, 1)
    def step(self, x, y):
        self.l1 = 1/(1+np.exp(-x@self.w1)); self.l2 = 1/(1+np.exp(-self.l1@self.w2))
        d2 = 2*(y-self.l2)*self.l2*(1-self.l2)
        d1 = np.dot(d2, self.w2.T)*self.l1*(1-self.l1)
        self.w2 += self.l1.T@d2
        self.w1 += x.T@d1
X = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]]); y = np.array([[0],[1],[1],[0]])
net = Net()
for i in range(4000): net.step(X, y)
print(net.l2)
""",
    "tensors, cross-entropy": """import torch
X = torch.tensor([[0,0,1],[0,1,1],[1,0,1],[1,1,1.]]); y = torch.tensor([[0],[1],[1],[0.]])
w, v = torch.rand(3, 4), torch.rand(4, 1)
for i in range(3000):
    h = torch.sigmoid(X@w); o = torch.sigmoid(h@v)
    do = o - y
    dh = do@v.T*h*(1-h)
    v = v - 0.5*h.T@do
    w = w - 0.5*X.T@dh
print(o)
""",
    "samples in columns": """import numpy as np
s = lambda z: 1/(1+np.exp(-z))
X = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]]).T; y = np.array([[0,1,1,0]])
np.random.seed(3)
W1 = np.random.randn(4, 3); W2 = np.random.randn(1, 4)
for i in range(4000):
    A1 = s(W1@X); A2 = s(W2@A1)
    dZ2 = A2 - y
    dZ1 = W2.T@dZ2*A1*(1-A1)
    W2 -= dZ2@A1.T
    W1 -= dZ1@X.T
""",
    "weights written down": LOOP.replace(
        "2*np.random.random((3,4)) - 1", "np.array([[-.2, .4, -1.5, -.4], [-.7, -.8, -.6, -.3], [-.2, .1, -.2, .4]])"
    ).replace("2*np.random.random((4,1)) - 1", "np.array([[-.6], [.8], [-.9], [.3]])"),
}


@pytest.mark.parametrize("way", RIGHT)
def test_every_way_to_write_the_loop(grade, way):
    """Any names, shapes and losses; in a loop, a function or a class."""
    expected = {"output_layer": "passed", "hidden_layer": "passed", "learned": "passed"}
    assert told(grade(RIGHT[way])) == {"two_layer_backprop": expected}


def test_one_row_after_another(grade):
    """Stochastic steps are steps as well."""
    source = (
        "import numpy as np\ns = lambda z: 1/(1+np.exp(-z))  # sigmoid\n"
        "X = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]]); Y = np.array([[0],[1],[1],[0]])\n"
        "V = np.random.randn(3, 4); W = np.random.randn(4, 1)\nfor i in range(300):\n    for x, y in zip(X, Y):\n"
        "        x = x.reshape(1, -1)\n        h = s(x@V); o = s(h@W)\n"
        "        d = (o - y)*o*(1-o); e = d@W.T*h*(1-h)\n        W -= h.T@d\n        V -= x.T@e\n"
    )
    result = told(grade(source))["two_layer_backprop"]
    assert (result["output_layer"], result["hidden_layer"]) == ("passed", "passed")


SWAPPED = (
    "    l1_error = l2_delta.dot(syn1.T)\n    l1_delta = l1_error * nonlin(l1,deriv=True)\n    syn1 += l1.T.dot(l2_delta)\n",
    "    syn1 += l1.T.dot(l2_delta)\n    l1_error = l2_delta.dot(syn1.T)\n    l1_delta = l1_error * nonlin(l1,deriv=True)\n",
)
WRONG = {
    "output_layer": {
        "ascent": ("y - l2", "l2 - y"),
        "squashed_twice": ("return x*(1-x)", "return nonlin(x)*(1-nonlin(x))"),
        "pre_activation": ("syn1 += l1.T", "syn1 += np.dot(l0, syn0).T"),
        "decayed": ("syn1 += l1.T.dot(l2_delta)", "syn1 += l1.T.dot(l2_delta) - 0.1*syn1"),
        "not_the_gradient": ("syn1 += l1.T.dot(l2_delta)", "syn1 += l1.T.dot(l2_delta)**3"),
    },
    "hidden_layer": {
        "through_layer": ("l2_delta.dot(syn1.T)", "l1.dot(l2_delta)"),
        "error_for_delta": ("l2_delta.dot(syn1.T)", "l2_error.dot(syn1.T)"),
        "no_slope": ("l1_error * nonlin(l1,deriv=True)", "l1_error"),
        "updated_first": SWAPPED,
        "first_still": ("    syn0 += l0.T.dot(l1_delta)\n", ""),
        "first_ascent": ("syn0 += l0", "syn0 -= l0"),
        "not_the_gradient": ("syn0 += l0.T.dot(l1_delta)", "syn0 += l0.T.dot(l1_delta)**3"),
    },
}


@pytest.mark.parametrize(("criterion", "reason"), [(c, r) for c, reasons in WRONG.items() for r in reasons])
def test_each_mistake_is_named_once(grade, criterion, reason):
    """The other layer's step stays right."""
    result = told(grade(LOOP.replace(*WRONG[criterion][reason])))["two_layer_backprop"]
    other = {"output_layer": "hidden_layer", "hidden_layer": "output_layer"}[criterion]
    assert (result[criterion], result[other], result["learned"]) == (reason, "passed", "not_reached")


def test_too_few_steps_have_not_learned(grade):
    """Right steps, and the outputs are where they were."""
    assert told(grade(LOOP.replace("3000", "20")))["two_layer_backprop"]["learned"] == "not_learned"


@pytest.mark.parametrize(
    "change", [('print("Error:" + str(np.mean(np.abs(l2_error))))', 'print "Error:"'), ("range(3000)", "xrange(3000)")]
)
def test_leftovers_of_python_2_are_recognised(grade, change):
    """Nothing ran, and the reason is told."""
    result = told(grade(LOOP.replace(*change)))["two_layer_backprop"]
    assert result == {"output_layer": "python2", "hidden_layer": "not_reached", "learned": "not_reached"}


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nX = torch.tensor([[0,0],[0,1],[1,0],[1,1.]]); y = torch.tensor([[0],[1],[1],[0.]])\n"
        "net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Sigmoid(), torch.nn.Linear(4, 1), torch.nn.Sigmoid())\n"
        "for i in range(5):\n    loss = ((net(X) - y)**2).mean()\n    loss.backward()\nW = net[0].weight.T\n",
        "import numpy as np\nX = np.eye(4)\nfor i in range(3): X = X.T\n",
    ],
)
def test_other_networks_are_no_attempt(grade, source):
    """Autograd does the work; a table without a network."""
    assert "two_layer_backprop" not in told(grade(source))


def test_weights_that_run_away_are_no_fault_of_ours(grade):
    """Steps of infinities and no numbers are not the gradient."""
    source = LOOP.replace("syn1 += l1.T.dot(l2_delta)", "syn1 += 1e200 * l1.T.dot(l2_delta) ** 3 * syn1 ** 9")
    assert source != LOOP
    result = told(grade(source))["two_layer_backprop"]
    assert "grader_error" not in result.values()
    assert "passed" not in result.values()
