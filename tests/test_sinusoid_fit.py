"""Three sinusoids from samples: by any road, in any form; what went into the samples is nobody's result."""

import math

import pytest

from tests.conftest import told

START = (
    "import math\nimport numpy as np, torch\nimport matplotlib.pyplot as plt\nnp.random.seed(0); torch.manual_seed(0)\n"
)
TWO_PI = "2*np.pi"
DATA = f"""{START}x = np.arange(100) / 100
y = 4*np.sin({TWO_PI}*3*x) + 3*np.cos({TWO_PI}*8*x) - 2*np.sin({TWO_PI}*5*x)
"""
GIVEN = [4 * math.sin(math.tau * 5 * i / 100) + 4 * math.cos(math.tau * 9 * i / 100) for i in range(100)]
LISTS = f"{START}x = {[i / 100 for i in range(100)]}\ny = " + str(
    [round(v - 3 * math.sin(math.tau * 7 * i / 100), 9) for i, v in enumerate(GIVEN)]
)
SPECTRUM = """F = np.fft.rfft(y) / len(y) * 2
peaks = sorted(np.argsort(-np.abs(F))[:3])
for k in peaks:
    print(k, 'cos', round(F[k].real, 3), 'sin', round(-F[k].imag, 3))
fit = sum(F[k].real*np.cos(2*np.pi*k*x) - F[k].imag*np.sin(2*np.pi*k*x) for k in peaks)
plt.plot(x, y, '.'); plt.plot(x, fit); plt.show()
"""
MODEL = "A*np.sin(2*np.pi*L*x) + B*np.cos(2*np.pi*M*x) + C*np.sin(2*np.pi*N*x)"
DESCENT = """xt = torch.tensor(x); yt = torch.tensor(y)
A, B, C, L, M, N = [torch.tensor(1., requires_grad=True) for _ in range(6)]
opt = torch.optim.SGD([A,B,C,L,M,N], lr=0.001)
for i in range(150):
    opt.zero_grad()
    out = A*torch.sin(2*np.pi*L*xt) + B*torch.cos(2*np.pi*M*xt) + C*torch.sin(2*np.pi*N*xt)
    loss = ((out-yt)**2).mean()
    loss.backward()
    opt.step()
print(A, B, C, L, M, N, loss)
plt.plot(x, y); plt.plot(x, out.detach())
"""
RIGHT = {
    "the spectrum": DATA + SPECTRUM,
    "noise": f"{DATA}y = y + 0.5*np.random.randn(100)\n{SPECTRUM}",
    "a list that a loop fills": DATA.replace("y =", "def h(x): return")
    + "y = []\nfor v in x: y.append(h(v))\n" + SPECTRUM,
    "numbers only, with phases": DATA
    + "F = np.fft.rfft(y)/50\nk = np.argsort(-abs(F))[:3]\nprint(k, abs(F[k]), np.angle(F[k]))\n",
    "samples that were given as lists, and gradient descent from the peaks of the spectrum": f"""{LISTS}
X = torch.tensor(x, dtype=torch.float64); Y = torch.tensor(y, dtype=torch.float64)
k = torch.topk(torch.fft.rfft(Y).abs(), 3).indices
w = torch.zeros(6, dtype=torch.float64, requires_grad=True)
opt = torch.optim.Adam([w], lr=0.2)
for i in range(200):
    opt.zero_grad()
    p = sum(w[2*i]*torch.sin({TWO_PI}*k[i]*X) + w[2*i+1]*torch.cos({TWO_PI}*k[i]*X) for i in range(3))
    loss = ((p-Y)**2).mean(); loss.backward(); opt.step()
print(loss.item(), w, k)
""",
    "correlations, rounded and printed in words": f"""{LISTS}
x = np.array(x); y = np.array(y)
c = {{('sin', k): 2*np.mean(y*np.sin({TWO_PI}*k*x)) for k in range(50)}}
c.update({{('cos', k): 2*np.mean(y*np.cos({TWO_PI}*k*x)) for k in range(1, 50)}})
for (kind, k), a in sorted(c.items(), key=lambda t: -abs(t[1]))[:3]:
    print(f'{{round(a)}} {{kind}}(2 pi {{k}} x)')
""",
    "random places, numbers drawn, least squares over all frequencies": f"""{START}rng = np.random.default_rng(3)
A, B, C = rng.uniform(1, 4, 3); L, M, N = rng.integers(1, 12, 3)
x = rng.uniform(0, 1, 200)
y = {MODEL} + rng.normal(0, .1, 200)
k = np.arange(1, 15)
D = np.hstack([np.sin({TWO_PI}*np.outer(x, k)), np.cos({TWO_PI}*np.outer(x, k))])
c = np.linalg.lstsq(D, y, rcond=None)[0]
i = np.where(abs(c) > .3)[0]
pred = D[:, i] @ c[i]
""",
    "a search over whole numbers": f"""{DATA}
best = (np.inf,)
s = {{k: np.sin({TWO_PI}*k*x) for k in range(1, 11)}}; c = {{k: np.cos({TWO_PI}*k*x) for k in range(1, 11)}}
for L in s:
    for M in c:
        for N in range(L+1, 11):
            G = np.stack([s[L], c[M], s[N]], 1)
            q = np.linalg.lstsq(G, y, rcond=None)[0]
            e = ((G@q - y)**2).sum()
            if e < best[0]: best = (e, L, M, N, q)
e, L, M, N, (A, B, C) = best
""",
    "a function, drawn over other x": f"""{DATA}def recover(t, v):
    F = np.fft.rfft(v) / len(v) * 2
    ks = np.argsort(-np.abs(F))[:3]
    return lambda s: sum(F[k].real*np.cos({TWO_PI}*k*s) - F[k].imag*np.sin({TWO_PI}*k*s) for k in ks)
g = recover(x, y)
s = np.linspace(0, 1, 400)
plt.plot(s, g(s))
""",
    "all in main()": f"{START}def main():\n"
    + "".join(f"    {line}\n" for line in (DATA + SPECTRUM.split("fit =")[0]).split("\n")[4:])
    + "main()\n",
    "tried in vain before": DATA + DESCENT + SPECTRUM,
}  # fmt: skip


@pytest.mark.parametrize("way", RIGHT)
def test_every_road_to_the_function(grade, way):
    """A spectrum, a search, least squares or a descent; a curve, numbers, phases, words."""
    assert told(grade(RIGHT[way])) == {"sinusoid_fit": {"function": "passed", "frequencies": "passed"}}


PEAKS = "F = np.fft.rfft(y)/50\nks = np.argsort(-abs(F))[:3]\n"
WRONG = {
    "stuck": (DATA + DESCENT, "not_reached"),
    "half": (DATA + SPECTRUM.replace(" * 2", ""), "passed"),
    "scaled": (DATA + SPECTRUM.replace("/ len(y) * 2", ""), "passed"),
    "sign_lost": (DATA + PEAKS + "print(ks, abs(F[ks]))\n", "passed"),
    "phase_lost": (DATA + PEAKS + "fit = sum(abs(F[k])*np.cos(2*np.pi*k*x) for k in ks)\nprint(ks)\n", "passed"),
    "sin_and_cos": (
        DATA + PEAKS + "fit = sum(F[k].real*np.sin(2*np.pi*k*x) - F[k].imag*np.cos(2*np.pi*k*x) for k in ks)\n"
        "print(ks)\n",
        "passed",
    ),
    "one_missing": (DATA + SPECTRUM.replace("[:3]", "[:2]"), "none_found"),
    "off_by_one": (
        DATA + PEAKS.replace("[:3]", "[:3] + 1")
        + "fit = sum(F[k-1].real*np.cos(2*np.pi*k*x) - F[k-1].imag*np.sin(2*np.pi*k*x) for k in ks)\nprint(ks)\n",
        "off_by_one",
    ),
    "not_recovered": (DATA + "plt.plot(x, y)\n", "none_found"),
}  # fmt: skip


@pytest.mark.parametrize("reason", WRONG)
def test_each_mistake_is_named(grade, reason):
    """By the curve, by the numbers, or by where a descent came to rest; right frequencies count for themselves."""
    source, frequencies = WRONG[reason]
    assert told(grade(source)) == {"sinusoid_fit": {"function": reason, "frequencies": frequencies}}


def test_six_numbers_that_fit_nothing_are_stuck_as_well(grade):
    """SciPy's descent from its own start."""
    fit = f"from scipy.optimize import curve_fit\ndef f(x, A, B, C, L, M, N): return {MODEL}\n"
    assert told(grade(DATA + fit + "p, _ = curve_fit(f, x, y, maxfev=40000)\n"))["sinusoid_fit"]["function"] == "stuck"


def test_numbers_that_were_typed_in_go_to_a_person(grade):
    """They fit these samples, and no others."""
    typed = f"A, B, C, L, M, N = 4, 3, -2, 3, 8, 5\nfit = {MODEL}\nplt.plot(x, fit)\n"
    assert told(grade(DATA + typed)) == {"sinusoid_fit": {"function": "needs_review", "frequencies": "needs_review"}}


@pytest.mark.parametrize(
    "source",
    [
        "x = np.linspace(0, 2, 100)\nplt.plot(x, np.sin(2*np.pi*3*x))\n",
        "x = torch.arange(-5, 5, 0.1, requires_grad=True)\ny = torch.sin(x)\ny.sum().backward()\n"
        "plt.plot(x.detach(), x.grad)\n",
        "x = np.arange(0, 3, 0.1)\ny = 3*x**2 - 4*x\nplt.plot(x, y); plt.plot(x, 2*x-3)\n",
        "losses = [1/(i+1) for i in range(200)]\nepochs = np.arange(200)/100\nplt.plot(epochs, losses)\n",
    ],
)
def test_other_curves_are_no_attempt(grade, source):
    """One sinusoid, a sine in radians, a parabola, a loss."""
    assert "sinusoid_fit" not in told(grade(START + source))
