import numpy as np
import matplotlib.pyplot as plt

N = 256
x = np.arange(N) / N
y = 5 * np.sin(2 * np.pi * 11 * x) + 2 * np.cos(2 * np.pi * 4 * x) + 3 * np.sin(2 * np.pi * 20 * x)

F = np.fft.rfft(y) / N
freq = [int(k) for k in np.argsort(np.abs(F))[::-1][:3]]
print("frequencies:", freq)
rebuilt = np.zeros(N)
for k in freq:
    rebuilt += F[k].real * np.cos(2 * np.pi * k * x) - F[k].imag * np.sin(2 * np.pi * k * x)
plt.plot(x, y, ".")
plt.plot(x, rebuilt)
plt.show()
