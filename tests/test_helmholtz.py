"""A field as a solenoidal and an irrotational part: by any road, on any grid, in any form of arrays."""

import pytest

from tests.conftest import told

GRID = """import numpy as np
import matplotlib.pyplot as plt
# Helmholtz decomposition of a plane field
n = 24
t = np.linspace(0, 2*np.pi, n, endpoint=False)
X, Y = np.meshgrid(t, t)
h = t[1] - t[0]
Vx = np.cos(X)*np.sin(Y) + np.sin(2*Y) + 0.3
Vy = np.sin(X)*np.cos(Y) + np.sin(X)
"""
FFT = """k = np.fft.fftfreq(n, 1/n)
KX, KY = np.meshgrid(k, k)
K2 = KX**2 + KY**2
K2[0, 0] = 1
Fx, Fy = np.fft.fft2(Vx), np.fft.fft2(Vy)
D = (KX*Fx + KY*Fy)/K2
Hx, Hy = np.fft.ifft2(KX*D).real, np.fft.ifft2(KY*D).real
Sx, Sy = Vx - Hx, Vy - Hy
plt.quiver(X, Y, Sx, Sy)
"""
POISSON = """div = np.gradient(Vx, h, axis=1) + np.gradient(Vy, h, axis=0)
phi = np.zeros((n, n))
for it in range(1500):
    phi = 0.25*(np.roll(phi, 1, 0)+np.roll(phi, -1, 0)+np.roll(phi, 1, 1)+np.roll(phi, -1, 1) - h*h*div)
Hy, Hx = np.gradient(phi, h)
Sx = Vx - Hx
Sy = Vy - Hy
"""
ITS_OWN = "Hx, Hy = np.fft.ifft2(KX*D).real, np.fft.ifft2(KY*D).real\n"
RIGHT = {
    "FFT projection": GRID + FFT,
    "a function": GRID
    + """def split(u, v, dx):
    k = 2*np.pi*np.fft.fftfreq(u.shape[0], dx)
    kx, ky = np.meshgrid(k, k)
    k2 = kx**2 + ky**2; k2[0,0] = 1
    d = (kx*np.fft.fft2(u) + ky*np.fft.fft2(v))/k2
    a, b = np.real(np.fft.ifft2(kx*d)), np.real(np.fft.ifft2(ky*d))
    return (u-a, v-b), (a, b)
one, two = split(Vx, Vy, h)
""",
    "a Poisson equation, by Jacobi's method": GRID + POISSON,
    "a sparse Poisson equation, on a field that loops fill": """import numpy as np
import scipy.sparse as sp, scipy.sparse.linalg as sl
# solenoidal + irrotational
n = 20
xs = np.linspace(-1, 1, n); h = xs[1]-xs[0]
V = np.zeros((n, n, 2))
for i in range(n):
    for j in range(n):
        x, y = xs[i], xs[j]
        V[i, j, 0] = x*np.exp(-x*x-y*y) - y*np.exp(-2*x*x-2*y*y)
        V[i, j, 1] = y*np.exp(-x*x-y*y) + x*np.exp(-2*x*x-2*y*y)
div = np.gradient(V[:,:,0], h, axis=0) + np.gradient(V[:,:,1], h, axis=1)
D = sp.diags([1,-2,1],[-1,0,1],(n,n))/h**2
L = sp.kron(D, sp.eye(n)) + sp.kron(sp.eye(n), D)
phi = sl.spsolve(L.tocsc(), div.ravel()).reshape(n, n)
H = np.stack(np.gradient(phi, h), -1)
S = V - H
""",
    "least squares": GRID.replace("n = 24", "n = 12")
    + """D = (np.roll(np.eye(n), 1, 1) - np.roll(np.eye(n), -1, 1)) / (2*h)
A = np.vstack([np.kron(np.eye(n), D), np.kron(D, np.eye(n))])
phi = np.linalg.lstsq(A, np.concatenate([Vx.ravel(), Vy.ravel()]), rcond=None)[0]
H = (A @ phi).reshape(2, n, n)
S = np.stack([Vx, Vy]) - H
""",
    "three parts, the mean by itself": GRID + FFT.replace(
        "Sx, Sy = Vx - Hx, Vy - Hy",
        "R = (KX*Fy - KY*Fx)/K2\nSx, Sy = np.fft.ifft2(-KY*R).real, np.fft.ifft2(KX*R).real\n"
        "mx, my = Vx - Sx - Hx, Vy - Sy - Hy",
    ),
    "tensors": """import torch
# helmholtz decomposition
n = 32
t = torch.arange(n)/n*2*torch.pi
X, Y = torch.meshgrid(t, t, indexing='ij')
V = torch.stack([torch.sin(X)*torch.cos(2*Y)+torch.cos(Y), torch.cos(X+Y)-torch.sin(X)])
k = torch.fft.fftfreq(n)*n
K = torch.stack(torch.meshgrid(k, k, indexing='ij'))
K2 = (K**2).sum(0); K2[0,0] = 1
rest = torch.fft.ifft2(K*(K*torch.fft.fft2(V)).sum(0)/K2).real
sol = V - rest
""",
    "by thought, and autograd to show it": """import torch
# Helmholtz: divergence-free + curl-free
g = torch.linspace(-1, 1, 20)
X, Y = torch.meshgrid(g, g, indexing='xy')
P = torch.stack([X.flatten(), Y.flatten()], 1).requires_grad_()
def S(p): return torch.stack([-p[:,1]**3, p[:,0]], 1)
def H(p): return torch.stack([p[:,0]**2, p[:,1]], 1)
def V(p): return torch.stack([p[:,0]**2 - p[:,1]**3, p[:,1] + p[:,0]], 1)
def rows(F):
    out = F(P)
    return [torch.autograd.grad(out[:,i].sum(), P, retain_graph=True)[0] for i in range(2)]
v, s, q = V(P), S(P), H(P)
a, b = rows(S), rows(H)
print((a[0][:,0]+a[1][:,1]).abs().max(), (b[1][:,0]-b[0][:,1]).abs().max(), (s+q-v).abs().max())
""",
}  # fmt: skip


@pytest.mark.parametrize("way", RIGHT)
def test_every_road_to_the_parts(grade, way):
    """Numbers alone are judged, here and where the field is another one."""
    assert told(grade(RIGHT[way])) == {
        "helmholtz": {"solenoidal": "passed", "irrotational": "passed", "whole": "passed"}
    }


SLOPES = """dVx_dy, dVx_dx = np.gradient(Vx, h)
dVy_dy, dVy_dx = np.gradient(Vy, h)
curl = dVy_dx - dVx_dy
div = dVx_dx + dVy_dy
"""
OWN_SUM = "R = (KX*Fy - KY*Fx)/K2\nSx, Sy = np.fft.ifft2(-KY*R).real, np.fft.ifft2(KX*R).real\n"
WRONG = {
    "a number for a vector": (GRID + SLOPES + "H = -curl - div\n", ("kinds_mixed", "not_reached", "not_reached")),
    "a number taken from a vector": (
        GRID + SLOPES + "Hx = Vx - curl - div\nHy = Vy - curl - div\n",
        ("kinds_mixed", "not_reached", "not_reached"),
    ),
    "x along the other axis": (
        GRID + FFT.replace("meshgrid(k, k)", "meshgrid(k, k, indexing='ij')"),
        ("axes_exchanged", "not_reached", "not_reached"),
    ),
    "nothing was split": (GRID + "plt.quiver(X, Y, Vx, Vy)\n", ("no_parts", "not_reached", "not_reached")),
    "ten rounds are too few": (GRID + POISSON.replace("1500", "10"), ("divergence_left", "passed", "passed")),
    "S first, and its gradient forgotten": (
        GRID + FFT.replace(ITS_OWN, "D = D*KX\n" + ITS_OWN.replace("KX*D", "KY*D")),
        ("divergence_left", "curl_left", "passed"),
    ),
    "the mean is lost": (
        GRID + FFT.replace("Sx, Sy = Vx - Hx, Vy - Hy\n", OWN_SUM), ("passed", "passed", "mean_lost"),
    ),
    "half of each": (
        GRID.replace(" + 0.3", "") + FFT.replace("Sx, Sy = Vx - Hx, Vy - Hy\n", OWN_SUM).replace("/K2", "/(2*K2)"),
        ("passed", "passed", "scaled"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WRONG)
def test_each_mistake_is_named(grade, way):
    """What spoils both parts is told once; what is right about a wrong split counts."""
    source, expected = WRONG[way]
    assert tuple(told(grade(source))["helmholtz"].values()) == expected


def test_parts_that_were_there_before_the_field_go_to_a_person(grade):
    """A field that was put together is no field that was taken apart."""
    known = """import numpy as np
# Helmholtz, a field of known parts
t = np.linspace(-1, 1, 30); X, Y = np.meshgrid(t, t)
Sx, Sy = -Y*np.exp(-X**2-Y**2), X*np.exp(-X**2-Y**2)
Hx, Hy = X*np.exp(-X**2-Y**2), Y*np.exp(-X**2-Y**2)
Vx, Vy = Sx+Hx, Sy+Hy
"""
    result = told(grade(known))["helmholtz"]
    assert result == {"solenoidal": "needs_review", "irrotational": "needs_review", "whole": "needs_review"}


def test_code_that_does_not_run_goes_to_a_person(grade):
    """It is quoted."""
    words = "# Helmholtz: V = S + H\n'''\nS = V - np.gradient(phi)  # what is left is solenoidal\n'''\n"
    assert told(grade(words))["helmholtz"]["solenoidal"] == "needs_review"


@pytest.mark.parametrize(
    "source",
    [
        GRID.replace("Helmholtz decomposition of", "arrows for"),
        "import numpy as np\nx = np.linspace(-2, 2, 30)\nX, Y = np.meshgrid(x, x)\nZ = X**2 + Y**2\n"
        "gy, gx = np.gradient(Z)\n",
        "import torch\nA = torch.arange(20.).reshape(5, 4)\nB = A.clone()\nC = A + B\nD = A * B\n",
        "import torch\nX = torch.randn(100, 2)\nw = torch.tensor([2., -3.4])\ny = X @ w\n",
    ],
)
def test_other_fields_are_no_attempt(grade, source):
    """Arrows, a surface with its gradient, matrices, data."""
    assert "helmholtz" not in told(grade(source))
