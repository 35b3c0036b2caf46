import numpy as np

rng = np.random.default_rng(11)

# данни с шум
A, B, C = rng.uniform(1, 5, size=3)
L, M, N = rng.choice(np.arange(1, 10), size=3, replace=False)
x = np.sort(rng.uniform(0, 1, 80))
y = A * np.sin(2*np.pi*L*x) + B * np.cos(2*np.pi*M*x) + C * np.sin(2*np.pi*N*x) + rng.normal(scale=0.05, size=80)

# пълно търсене по цели честоти
rezultat = None
for l in range(1, 10):
    for m in range(1, 10):
        for n in range(l + 1, 10):
            G = np.column_stack([np.sin(2*np.pi*l*x), np.cos(2*np.pi*m*x), np.sin(2*np.pi*n*x)])
            koef, *_ = np.linalg.lstsq(G, y, rcond=None)
            greshka = np.sum((G @ koef - y)**2)
            if rezultat is None or greshka < rezultat[0]:
                rezultat = (greshka, l, m, n, *koef)
print(rezultat)
