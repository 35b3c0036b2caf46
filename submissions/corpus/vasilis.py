import torch

# Helmholtz decomposition of a plane vector field by FFT
n = 32
a = torch.arange(n, dtype=torch.float64) * 2 * torch.pi / n
X, Y = torch.meshgrid(a, a, indexing="ij")
F = torch.stack([torch.cos(X) * torch.sin(Y) + torch.sin(3 * Y), torch.sin(X + 2 * Y)])
k = torch.fft.fftfreq(n, 1 / n, dtype=torch.float64)
KX, KY = torch.meshgrid(k, k, indexing="xy")
norm = KX ** 2 + KY ** 2
norm[0, 0] = 1
Fh = torch.fft.fft2(F)
along = (KX * Fh[0] + KY * Fh[1]) / norm
irrotational = torch.stack([torch.fft.ifft2(KX * along).real, torch.fft.ifft2(KY * along).real])
solenoidal = F - irrotational
print((solenoidal + irrotational - F).abs().max())
