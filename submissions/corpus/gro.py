import torch
import matplotlib.pyplot as plt

torch.manual_seed(1)
x = torch.linspace(0, 1, 120)
# the samples that we pretend not to know
y = 3 * torch.sin(2 * torch.pi * 7 * x) + 2 * torch.cos(2 * torch.pi * 4 * x) + 1.5 * torch.sin(2 * torch.pi * 12 * x)

params = torch.ones(6, requires_grad=True)
optimizer = torch.optim.Adam([params], lr=1e-2)
losses = []
for epoch in range(300):
    A, B, C, L, M, N = params
    pred = (A * torch.sin(2 * torch.pi * L * x) + B * torch.cos(2 * torch.pi * M * x)
            + C * torch.sin(2 * torch.pi * N * x))
    loss = torch.nn.functional.mse_loss(pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(params, losses[-1])
plt.plot(x, y)
plt.plot(x, pred.detach())
plt.show()
