import numpy as np
import matplotlib.pyplot as plt

t = np.arange(0, 1, 1 / 200)
signal = 1.0 * np.sin(2 * np.pi * 3 * t) + 4.0 * np.cos(2 * np.pi * 10 * t) + 2.0 * np.sin(2 * np.pi * 17 * t)
S = np.fft.rfft(signal)
peaks = np.argsort(abs(S))[-3:]
print(peaks)
model = np.sum([abs(S[p]) / 100 * np.cos(2 * np.pi * p * t) for p in peaks], axis=0)
plt.plot(t, signal, t, model)
plt.show()
