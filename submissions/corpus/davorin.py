import numpy as np

# dependency graph of log(x^2)*sin(x) + 1/x
x = 2.3
graph = {}
graph["a"] = x ** 2
graph["b"] = np.log10(graph["a"])
graph["c"] = np.sin(x)
graph["d"] = graph["b"] * graph["c"]
graph["e"] = 1 / x
graph["f"] = graph["d"] + graph["e"]

slope = {}
slope["a"] = 2 * x
slope["b"] = slope["a"] / (graph["a"] * np.log(10))
slope["c"] = np.cos(x)
slope["d"] = slope["b"] * graph["c"] + graph["b"] * slope["c"]
slope["e"] = -1 / x ** 2
slope["f"] = slope["d"] + slope["e"]
print(graph, slope)
