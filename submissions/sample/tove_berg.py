import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt

# Let f(x)=sin(x). Plot the graph of f and of its derivative f′
x = tf.Variable(np.linspace(-3, 3, 100))
with tf.GradientTape() as t:
    y = tf.sin(x)
dy = t.gradient(y, x)
plt.plot(x.numpy(), y.numpy(), label='f')
plt.plot(x.numpy(), dy.numpy(), label="f'")
plt.legend()
plt.show()

# After running backward once, run it again right away and see what happens. Why?
x = tf.Variable(tf.range(4, dtype=tf.float32))
with tf.GradientTape() as t:
    y = 2 * tf.tensordot(x, x, axes=1)
print(t.gradient(y, x))
print(t.gradient(y, x))   # RuntimeError: a non-persistent tape can only be used once

# Extract the full Jacobian of a vector-valued function by automatic differentiation
with tf.GradientTape() as t:
    z = tf.stack([x[0] * x[1], x[2] ** 2])
print(t.jacobian(z, x))
