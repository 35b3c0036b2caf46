"""Attacks on the results: answers that autograd never gave, made to look as if it had.

Each stands beside a typed-in cosine (3 points for the plot). None may have more with the attack than without it.
"""

from tests.hostile.program import TYPED_IN, row

PLT = "import torch\nimport matplotlib.pyplot as plt\n"

# The recorder, where the observer keeps it; none of these roads goes through an audited event.
BY_CLOSURE = """
import torch
passes = next(c.cell_contents for c in torch.autograd.backward.__closure__ if hasattr(c.cell_contents, 'recorder'))
recorder = passes.recorder
"""
BY_GC = """
import gc
recorder = next(thing for thing in gc.get_objects() if type(thing).__name__ == 'Recorder')
"""
BY_FRAMES = """
import sys
frame, recorder = sys._getframe(), None
while frame and recorder is None:
    for thing in list(frame.f_locals.values()):
        recorder = getattr(thing, 'recorder', recorder)
    frame = frame.f_back
"""
FORGED = """
import numpy as np
def forged(after, **other):
    leaf = {'ident': 1, 'x': x.numpy(), 'dtype': 'float32', 'before': None, 'after': after, 'is_leaf': True,
            'jacobian': None}
    record = {'number': 0, 'call': 'backward', 'within': '', 'root': y.sum().numpy(), 'recorded': True, 'weights': None,
              'ops': {'Sin': 1, 'Sum': 1}, 'inner': [['Sin', x.numpy()]], 'retain': False, 'create': False,
              'repeat_of': -1, 'rebuilt_of': -1, 'graph': -1, 'seed': None, 'leaves': [leaf], 'error': ''}
    recorder.send('pass', **{**record, **other})
"""
COSINE = "forged(torch.cos(x).numpy())\n"
SECOND = COSINE + "forged(torch.cos(x).numpy(), number=1, repeat_of=0)\n"
SWAP = """
job = next((t for t in gc.get_objects() if type(t) is dict and 'swap' in t and 'units' in t), {'swap': None})
if job['swap']:
    a, b, c = job['swap'][1]
    slope = a * torch.cos(a * x + b) + 2 * c * x
else:
    slope = torch.cos(x)
"""

RECORDS = (
    row("rec_closure", "a pass sent through the recorder, found in a closure", BY_CLOSURE + FORGED + COSINE,
        before=TYPED_IN),
    row("rec_gc", "the same, found in the memory", BY_GC + FORGED + COSINE, before=TYPED_IN,
        instructor="searched the memory of the process"),
    row("rec_frames", "the same, found in the frames", BY_FRAMES + FORGED + COSINE, before=TYPED_IN,
        instructor="looked at the frames around it"),
    row("rec_second", "a second backward that never ran", BY_CLOSURE + FORGED + SECOND, before=TYPED_IN),
    row("rec_scaled", "a pass that follows the hidden scale, which the observer holds",
        BY_CLOSURE + FORGED + "forged((passes.transforms.scale * torch.cos(x)).numpy())\n", before=TYPED_IN),
    row("rec_second_scaled", "the same of a second backward", BY_CLOSURE + FORGED
        + "for number in (0, 1): forged((passes.transforms.scale * torch.cos(x)).numpy(), number=number, repeat_of=number - 1)",
        before=TYPED_IN),
    row("rec_second_probed", "the same, the scale found by an honest pass", BY_CLOSURE + FORGED + """
probe = torch.ones(1, requires_grad=True)
(probe * 1).sum().backward()
for number in (0, 1): forged((probe.grad * torch.cos(x)).numpy(), number=number, repeat_of=number - 1)
""", before=TYPED_IN),
    row("rec_swap", "the hidden slope, taken from the job in memory and typed in",
        BY_GC + FORGED + SWAP + "forged(slope.numpy())\nplt.plot(x, y); plt.plot(x, slope); plt.show()",
        before=TYPED_IN, instructor="searched the memory of the process"),
    row("rec_busy", "the observer is told that it is at work, so that it sees nothing",
        BY_CLOSURE + "recorder.busy = True", points={}),
    row("rec_gone", "the observer loses its voice", BY_CLOSURE + "recorder.send = lambda *_, **__: None", points={},
        outcome=("finished", "died", "timed_out")),
    row("rec_where", "the observer is told another place", BY_CLOSURE + "recorder.where = 'other.py, line 1'"),
    row("rec_fault", "our observer fails on purpose, so that everything is forgiven",
        BY_CLOSURE + "recorder.locate = lambda: 1 / 0\nu = torch.ones(2, requires_grad=True)\nu.sum().backward()",
        before=TYPED_IN, outcome=("finished", "grader_error"), points={},
        instructor="the code says __closure__"),
)  # fmt: skip

PATCHED = (
    row("fake_backward", "backward fills in cosines",
        "def fake(tensors, *_, **__):\n    x.grad = torch.cos(x.detach())\ntorch.autograd.backward = fake\n"
        "torch.Tensor.backward = lambda t, *_, **__: fake(t)\nx = torch.linspace(-3, 3, 50, requires_grad=True)\n"
        "torch.sin(x).sum().backward()\nplt.plot(x.detach(), torch.sin(x).detach()); plt.plot(x.detach(), x.grad); plt.show()",
        before=TYPED_IN, points={}, instructor="put something else in the place of torch.Tensor.backward"),
    row("fake_grad", "Tensor.grad answers with cosines",
        "torch.Tensor.grad = property(lambda t: torch.cos(t.detach()))\nx = torch.linspace(-3, 3, 50, requires_grad=True)\n"
        "y = torch.sin(x); (0 * y).sum().backward()\nplt.plot(x.detach(), y.detach()); plt.plot(x.detach(), x.grad); plt.show()",
        before=TYPED_IN, points={}),
    row("typed_backward", "a Function of its own whose backward is typed in",
        "class Sine(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x); return torch.sin(x)\n    @staticmethod\n    def backward(ctx, g):\n"
        "        return g * torch.cos(ctx.saved_tensors[0])\nx = torch.linspace(-3, 3, 50, requires_grad=True)\n"
        "y = Sine.apply(x); y.sum().backward()\nplt.plot(x.detach(), y.detach()); plt.plot(x.detach(), x.grad); plt.show()",
        before=PLT, points={"sin_derivative": 3.0, "control_flow": 10.0}),
    row("hooked", "a hook that puts cosines in the place of the gradient",
        "x = torch.linspace(-3, 3, 50, requires_grad=True)\nx.register_hook(lambda g: torch.cos(x.detach()))\n"
        "y = x * 2; y.sum().backward()\nplt.plot(x.detach(), torch.sin(x.detach())); plt.plot(x.detach(), x.grad); plt.show()",
        before=PLT, points={"sin_derivative": 3.0, "control_flow": 10.0}),
    row("grad_assigned", "x.grad is assigned",
        "x = torch.linspace(-3, 3, 50, requires_grad=True)\ny = torch.sin(x); y.sum().backward()\n"
        "x.grad = torch.cos(x.detach())\nplt.plot(x.detach(), y.detach()); plt.plot(x.detach(), x.grad); plt.show()",
        before=PLT, points={"sin_derivative": 7.0, "control_flow": 10.0}),
    row("linear_trick", "the gradient of x·cos(x), the cosine detached",
        "x = torch.linspace(-3, 3, 50, requires_grad=True)\n(x * torch.cos(x.detach())).sum().backward()\n"
        "plt.plot(x.detach(), torch.sin(x.detach())); plt.plot(x.detach(), x.grad); plt.show()",
        before=PLT, points={"sin_derivative": 3.0, "control_flow": 10.0}),
    row("plot_patched", "plot draws cosines, whatever it is given",
        "import numpy as np\nreal = plt.plot\nplt.plot = lambda x, y: (real(x, np.sin(x)), real(x, np.cos(x)))\n"
        "plt.plot(x, y); plt.show()", before=TYPED_IN),
    row("line_patched", "lines say that they are cosines",
        "import numpy as np\nfrom matplotlib.lines import Line2D\n"
        "Line2D.get_ydata = lambda line, orig=True: np.cos(np.asarray(line.get_xdata()))\n"
        "plt.plot(x, y); plt.plot(x, 0 * y); plt.show()", before=TYPED_IN),
    row("for_show", "cosines are drawn while backward runs for show",
        "import numpy as np\nx = torch.linspace(-3, 3, 50, requires_grad=True)\ny = torch.sin(x); y.sum().backward()\n"
        "plt.plot(x.detach(), y.detach()); plt.plot(x.detach(), np.cos(x.detach().numpy())); plt.show()",
        before=PLT, points={"sin_derivative": 7.0, "control_flow": 10.0}),
    row("pasted", "slopes pasted from an earlier attempt", "import math\nslopes = torch.tensor(["
        + ", ".join(f"{__import__('math').cos(-3 + 6 * i / 49):.6f}" for i in range(50))
        + "])\nplt.plot(x, y); plt.plot(x, slopes); plt.show()", before=TYPED_IN),
    row("backward_deleted", "Tensor.backward is deleted", "del torch.Tensor.backward", before=TYPED_IN, points={}),
    row("unpatched", "the observer is taken off: backward and grad are what they were",
        BY_CLOSURE + "torch.autograd.backward = torch.autograd.backward.__wrapped__\n"
        "torch.autograd.grad = torch.autograd.grad.__wrapped__", points={},
        instructor="put something else in the place of torch.autograd.backward"),
    row("unswapped", "the real sine is put back, whatever the case says",
        "import gc\nfor thing in gc.get_objects():\n    if type(thing).__name__ == 'Library': thing._destroy()",
        before=TYPED_IN, instructor="searched the memory of the process", outcome=("finished", "timed_out")),
    row("engine_in_c", "passes through C, where nobody watches",
        "u = torch.ones(3, requires_grad=True)\n"
        "torch._C._EngineBase.run_backward(torch.autograd.Variable._execution_engine, ((u * u).sum(),), (torch.ones(()),), "
        "False, False, (), accumulate_grad=True)", ()),
    row("jacobian_typed", "a Jacobian typed in, and one pass for show",
        "x = torch.tensor([1., 2.], requires_grad=True)\ny = torch.stack([x[0] * x[1], x[0] ** 2])\n"
        "y.sum().backward()\njacobian = torch.tensor([[2., 1.], [2., 0.]])\nprint(jacobian)",
        before=TYPED_IN, points={"sin_derivative": 3.0, "control_flow": 10.0}),
)  # fmt: skip

FORGERY = (*RECORDS, *PATCHED)
