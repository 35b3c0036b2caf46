"""Templates → one self-contained page: autoescaped, style and script inside, and a policy that names them."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.report import wording

PACKAGE = ("autograder.report.pages", "templates")


def page(template: str, view: Mapping[str, object], script: str = "") -> str:
    """A page as text; `script` is the one file of ours that may run in it."""
    style, code = _asset("style.css"), _asset(script) if script else Markup()
    policy = _policy(style, code)
    return _environment().get_template(template).render(**view, style=style, script=code, policy=policy)


def picture(template: str, view: Mapping[str, object]) -> str:
    """A picture by itself, with the part of the style that is for pictures, in the colours of paper."""
    whole = _asset("style.css")
    colours = whole[whole.index(":root {") : whole.index("}") + 1]
    style = Markup(colours + whole[whole.index("/* pictures */") : whole.index("/* code */")])  # noqa: S704  our own file
    return _environment().get_template(template).render(**view, style=style)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(*PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": wording.points, "line": wording.one_line, "clean": wording.clean}
    return environment


@cache
def _asset(name: str) -> Markup:
    """A file of ours, as it stands: nothing of a student's is ever in it."""
    loader = _environment().loader
    assert loader is not None  # noqa: S101  given above
    return Markup(loader.get_source(_environment(), name)[0].strip())  # noqa: S704  our own file


def _policy(style: str, code: str) -> str:
    """Nothing is fetched, nothing is sent, and only what has these digests is a style or a script."""
    script = f"script-src {_digest(code)}; " if code else ""
    return f"default-src 'none'; {script}style-src {_digest(style)}; base-uri 'none'; form-action 'none'"


@cache
def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
