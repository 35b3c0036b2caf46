import numpy as np

# Split a vector field into solenoidal + irrotational + harmonic
n = 25
t = np.linspace(-1, 1, n)
X, Y = np.meshgrid(t, t)
U = X ** 2 - Y + np.exp(-X ** 2)
V = X * Y + np.sin(2 * X)
h = t[1] - t[0]

dUdy, dUdx = np.gradient(U, h)
dVdy, dVdx = np.gradient(V, h)
divergence = dUdx + dVdy
curl = dVdx - dUdy
harmonic = -curl - divergence
print(harmonic)
