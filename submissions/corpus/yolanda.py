import numpy as np

# descomposición de Helmholtz: V = S + H (solenoidal + irrotational)
n = 24
h = 2 * np.pi / n
s = np.arange(n) * h
X, Y = np.meshgrid(s, s)
Vx = np.sin(X) + 2 * np.sin(Y)
Vy = np.cos(2 * Y) + np.sin(X)
k = np.fft.fftfreq(n, 1.0 / n)
KX, KY = np.meshgrid(k, k)
K2 = KX ** 2 + KY ** 2
K2[0, 0] = 1
div_hat = 1j * KX * np.fft.fft2(Vx) + 1j * KY * np.fft.fft2(Vy)
phi = np.real(np.fft.ifft2(-2 * div_hat / K2))
Hx = np.real(np.fft.ifft2(1j * KX * np.fft.fft2(phi)))
Hy = np.real(np.fft.ifft2(1j * KY * np.fft.fft2(phi)))
Sx, Sy = Vx - Hx, Vy - Hy
