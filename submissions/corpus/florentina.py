import torch

x = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)

# forward pass through the graph
u = x ** 2
lnu = torch.log(u)
s = torch.sin(x)
p = lnu * s
r = 1 / x
f = p + r

with torch.no_grad():
    # derivatives with respect to x (chain rule)
    du = 2 * x
    dlnu = du / u
    ds = torch.cos(x)
    dp = dlnu * ds
    dr = -1 / x ** 2
    df = dp + dr
    # derivatives of f with respect to each node
    f_p = torch.tensor(1.0)
    f_r = torch.tensor(1.0)
    f_lnu = f_p * s
    f_s = f_p * lnu
    f_u = f_lnu / u
    f_x = f_u * 2 * x + f_s * torch.cos(x) + f_r * (-1 / x ** 2)
    print(df, f_x)

f.backward()
print(x.grad)
