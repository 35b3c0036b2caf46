import numpy as np

# Helmholtz: V = S + H
n = 20
x = np.arange(n) * 2 * np.pi / n
X, Y = np.meshgrid(x, x)
Vx = np.sin(X) * np.cos(Y) + np.sin(2 * Y)
Vy = np.sin(X) + np.cos(X) * np.sin(Y)
k = np.fft.fftfreq(n, 1 / n)
A, B = np.meshgrid(k, k)
K2 = A ** 2 + B ** 2
K2[0, 0] = 1
fx, fy = 2 * np.fft.fft2(Vx), 2 * np.fft.fft2(Vy)
d, c = (A * fx + B * fy) / K2, (A * fy - B * fx) / K2
Hx, Hy = np.fft.ifft2(A * d).real, np.fft.ifft2(B * d).real
Sx, Sy = np.fft.ifft2(-B * c).real, np.fft.ifft2(A * c).real
print(np.abs(Hx).max(), np.abs(Sx).max())
