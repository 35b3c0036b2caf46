import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])
np.random.seed(7)
synapse_0 = 2 * np.random.random((3, 4)) - 1
synapse_1 = 2 * np.random.random((4, 1)) - 1
for step in range(2000):
    layer_1 = sigmoid(np.dot(X, synapse_0))
    layer_2 = sigmoid(np.dot(layer_1, synapse_1))
    layer_2_delta = (y - layer_2) * layer_2 * (1 - layer_2)
    layer_1_error = layer_2_delta * layer_1
    layer_1_delta = layer_1_error * layer_1 * (1 - layer_1)
    synapse_1 += layer_1.T.dot(layer_2_delta)
    synapse_0 += X.T.dot(layer_1_delta)
print(layer_2)
