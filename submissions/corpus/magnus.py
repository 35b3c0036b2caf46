import numpy as np
import matplotlib.pyplot as plt

x = np.arange(90) / 90
y = 1.5 * np.sin(2 * np.pi * 2 * x) + 0.5 * np.cos(2 * np.pi * 6 * x) + 1 * np.sin(2 * np.pi * 15 * x)
Y = np.fft.rfft(y)
keep = np.argsort(np.abs(Y))[-3:]
print(keep, Y[keep])
fit = np.zeros_like(x)
for k in keep:
    fit = fit + Y[k].real * np.cos(2 * np.pi * k * x) - Y[k].imag * np.sin(2 * np.pi * k * x)
plt.plot(x, y)
plt.plot(x, fit)
plt.show()
