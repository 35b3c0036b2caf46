# chain rule for the loss (w*x - y)**2, w=3, x=2, y=2
w, x, y = 3.0, 2.0, 2.0
loss = (w * x - y) ** 2
grad = 2 * (w * x - y)
print("loss", loss, "gradient of the loss with respect to w:", grad)
