"""Templates → one self-contained page: autoescaped, style and script inside, and a policy that names them."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.report import wording

PACKAGE = "autograder.report.pages"


def page(template: str, view: Mapping[str, object], script: str = "") -> str:
    """A page as text; `script` is the one file of ours that may run in it."""
    style, code = asset("style.css"), asset(script) if script else Markup()
    policy = _policy(style, code)
    return environment().get_template(template).render(**view, style=style, script=code, policy=policy)


def picture(template: str, view: Mapping[str, object]) -> str:
    """A picture by itself, with the part of the style that is for pictures, in the colours of paper."""
    whole = asset("style.css")
    colours = whole[whole.index(":root {") : whole.index("}") + 1]
    style = Markup(colours + whole[whole.index("/* pictures */") : whole.index("/* code */")])  # noqa: S704  our own file
    return environment().get_template(template).render(**view, style=style)


@cache
def environment(*packages: str) -> Environment:
    """Our templates, after those of these packages of ours; all that is put into them is escaped."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, PACKAGE)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": wording.points, "line": wording.one_line, "clean": wording.clean}
    return environment


@cache
def asset(name: str, *packages: str) -> Markup:
    """A file of ours, as it stands: nothing of a student's is ever in it."""
    loader = environment(*packages).loader
    assert loader is not None  # noqa: S101  given above
    return Markup(loader.get_source(environment(*packages), name)[0].strip())  # noqa: S704  our own file


def _policy(style: str, code: str) -> str:
    """Nothing is fetched, nothing is sent, and only what has these digests is a style or a script."""
    script = f"script-src {_digest(code)}; " if code else ""
    return f"default-src 'none'; {script}style-src {_digest(style)}; base-uri 'none'; form-action 'none'"


@cache
def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
