"""The book's own notebook, as it stands in most submissions, is an attempt at nothing: in English and in Chinese."""

import json

import pytest

from tests.conftest import told

DEMO = [
    "import torch\nx = torch.arange(4.0)\nx",
    "x.requires_grad_(True)\nx.grad",
    "y = 2 * torch.dot(x, x)\ny",
    "y.backward()\nx.grad",
    "x.grad == 4 * x",
    "{clearing}x.grad.zero_()\ny = x.sum()\ny.backward()\nx.grad",
    "{weights}x.grad.zero_()\ny = x * x\n{pass_of_y}\nx.grad",
    "{detaching}x.grad.zero_()\ny = x * x\nu = y.detach()\nz = u * x\nz.sum().backward()\nx.grad == u",
    "x.grad.zero_()\ny.sum().backward()\nx.grad == 2 * x",
    "def f(a):\n    b = a * 2\n    while b.norm() < 1000:\n        b = b * 2\n    if b.sum() > 0:\n        c = b\n"
    "    else:\n        c = 100 * b\n    return c",
    "a = torch.randn(size=(), requires_grad=True)\nd = f(a)\nd.backward()",
    "a.grad == d / a",
]
ENGLISH = {
    "clearing": "Note that PyTorch does not automatically reset the gradient buffer when we record a new gradient. "
    "Instead, the new gradient is added to the already-stored gradient. This behavior comes in handy when we want to "
    "optimize the sum of multiple objective functions. To reset the gradient buffer, we can call `x.grad.zero()` as follows:",
    "weights": "## Backward for Non-Scalar Variables\n\nInvoking `backward` on a non-scalar elicits an error unless we tell "
    "PyTorch how to reduce the object to a scalar. More formally, we need to provide some vector $\\mathbf{v}$ such that "
    "`backward` will compute $\\mathbf{v}^\\top \\partial_{\\mathbf{x}} \\mathbf{y}$ rather than "
    "$\\partial_{\\mathbf{x}} \\mathbf{y}$. This next part may be confusing, but for reasons that will become clear later, "
    "this argument (representing $\\mathbf{v}$) is named `gradient`.",
    "detaching": "## Detaching Computation\n\nSometimes, we wish to move some calculations outside of the recorded "
    "computational graph. In this case, we can create a new variable `u` that takes the same value as `y` but whose "
    "*provenance* (how it was created) has been wiped out. Thus `u` has no ancestors in the graph and gradients do not flow "
    "through `u` to `x`. For example, taking the gradient of `z = x * u` will yield the result `u`, (not `3 * x * x` as you "
    "might have expected since `z = x * x * x`).",
    "pass_of_y": "y.backward(gradient=torch.ones(len(y)))  # Faster: y.sum().backward()",
}
CHINESE = {
    "clearing": "现在计算`x`的另一个函数。在默认情况下，PyTorch会累积梯度，我们需要清除之前的值",
    "weights": "## 非标量变量的反向传播\n\n对非标量调用`backward`需要传入一个`gradient`参数，该参数指定微分函数关于`self`的梯度。"
    "本例只想求偏导数的和，所以传递一个1的梯度是合适的",
    "detaching": "## 分离计算\n\n有时，我们希望将某些计算移动到记录的计算图之外。例如，假设`y`是作为`x`的函数计算的，而`z`则是作为`y`和`x`的函数计算的。"
    "这里可以分离`y`来返回一个新变量`u`，该变量与`y`具有相同的值，但丢弃计算图中如何计算`y`的任何信息。换句话说，梯度不会向后流经`u`到`x`。"
    "因此，下面的反向传播函数计算`z=u*x`关于`x`的偏导数，同时将`u`作为常数处理，而不是`z=x*x*x`关于`x`的偏导数。",
    "pass_of_y": "# 等价于y.backward(torch.ones(len(x)))\ny.sum().backward()",
}
EXERCISES = {
    "English": "## Exercises\n\n1. Why is the second derivative much more expensive to compute than the first derivative?\n"
    "1. After running the function for backpropagation, immediately run it again and see what happens. Investigate.\n"
    "1. In the control flow example where we calculate the derivative of `d` with respect to `a`, what would happen if we "
    "changed the variable `a` to a random vector or a matrix? At this point, the result of the calculation `f(a)` is no "
    "longer a scalar. What happens to the result? How do we analyze this?\n"
    "1. Let $f(x) = \\sin(x)$. Plot the graph of $f$ and of its derivative $f'$.",
    "Chinese": "## 练习\n\n1. 为什么计算二阶导数比一阶导数的开销要更大？\n1. 在运行反向传播函数之后，立即再次运行它，看看会发生什么。\n"
    "1. 在控制流的例子中，我们计算`d`关于`a`的导数，如果将变量`a`更改为随机向量或矩阵，会发生什么？\n"
    "1. 重新设计一个求控制流梯度的例子，运行并分析结果。",
}


def notebook(words, exercises, in_comments):
    """The book's cells, its prose in cells of its own or as comments."""
    cells = []
    for source in DEMO:
        for key, text in words.items():
            if f"{{{key}}}" in source and key != "pass_of_y":
                comment = (
                    "".join(f"# {line}\n" for line in text.splitlines() if line.strip("# ")) if in_comments else ""
                )
                cells += [] if in_comments else [("markdown", text)]
                source = source.replace(f"{{{key}}}", comment)
        cells.append(("code", source.replace("{pass_of_y}", words["pass_of_y"])))
    made = [
        {"cell_type": kind, "metadata": {}, "source": text}
        | ({"outputs": [], "execution_count": None} if kind == "code" else {})
        for kind, text in [*cells, ("markdown", exercises)]
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


@pytest.mark.parametrize("in_comments", [False, True])
@pytest.mark.parametrize("language", EXERCISES)
def test_the_books_notebook_is_no_attempt(grade, language, in_comments):
    """Whatever the language, and wherever its prose stands."""
    words = ENGLISH if language == "English" else CHINESE
    report = grade(book_ipynb=notebook(words, EXERCISES[language], in_comments))
    assert report.outcome.value == "finished"
    assert told(report) == {}
