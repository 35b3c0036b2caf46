"""Who may come in: browsers that were shown the address in the terminal, and requests that really come from the desk.

The port is open to every program of this machine, and every page in the instructor's browser can have it asked for
something. So a request has to be for this machine by name (a page that lets its own name point here is refused), bring
the cookie of a browser that came with an address of ours, and, if it would change anything, the word that only our own
pages know. Each address works once: the next is printed as soon as one has been used.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
OPEN = ("/style.css", "/desk.js")  # ours, and the same for everybody
MOST_BYTES = 1 << 16  # of a form
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # without any, browsers call the origin of a form null
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class Session:
    """A browser, from its way in to the end of the desk."""

    by: str = field(default_factory=lambda: f"desk {secrets.token_hex(4)}")  # in the history of its decisions
    word: str = field(default_factory=secrets.token_urlsafe)  # that every form has to say
    names: bool = False  # of students are shown
    keys: bool = True  # single keys do something


class Door:
    """ASGI middleware; behind it `request.state` has the session, and of a POST the form."""

    def __init__(
        self, app: ASGIApp, port: int, announce: Callable[[str], None], inside: Callable[[], Response]
    ) -> None:
        self._app = app
        self._port = port
        self._announce = announce
        self._inside = inside  # a page that leads in, for a browser that has just got its cookie
        self._cookie = f"desk_{port}"  # browsers tell hosts apart, and not ports
        self._sessions: dict[str, Session] = {}
        self.new_address()

    def new_address(self) -> None:
        self._token = secrets.token_urlsafe(24)
        self._announce(f"http://{HOSTS[0]}:{self._port}/?token={self._token}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = self._refusal(request) or self._entrance(request) or await self._let_in(request)
        await (answer or self._app)(scope, receive, _guarded(send))

    def _refusal(self, request: Request) -> Response | None:
        """What is asked for under another name, or by another page."""
        host = request.headers.get("host", "")
        if host not in [f"{name}:{self._port}" for name in HOSTS]:
            return _no(400, f"This is {HOSTS[0]}:{self._port}, and was asked for by another name.")
        origin = request.headers.get("origin", f"http://{host}")
        if request.method not in ("GET", "HEAD") and origin != f"http://{host}":
            return _no(403, "Only the desk's own pages may change something here.")
        return None

    def _entrance(self, request: Request) -> Response | None:
        """The one address that is good gives a cookie, once; a browser that has one needs none."""
        token = request.query_params.get("token")
        if token is None or request.url.path != "/" or request.method != "GET":
            return None
        if self._session(request):
            return self._inside()
        if not compare_digest(token.encode(), self._token.encode()):
            return _no(403, "This address has been used, or is of another desk. The terminal shows the one to use.")
        secret = secrets.token_urlsafe(24)
        self._sessions[secret] = Session()
        self.new_address()
        answer = self._inside()
        answer.set_cookie(self._cookie, secret, path="/", httponly=True, samesite="strict")
        return answer

    async def _let_in(self, request: Request) -> Response | None:
        if request.url.path in OPEN and request.method == "GET":
            return None
        session = self._session(request)
        if session is None:
            return _no(403, "Open the address that the terminal shows; it lets this browser in.")
        request.state.session = session
        if request.method in ("GET", "HEAD"):
            return None
        form = await _form(request)
        if form is None or not compare_digest(form.get("word", "").encode(), session.word.encode()):
            return _no(403, "This form is not of this desk, or of an earlier one. Go back, reload the page, try again.")
        request.state.form = form
        return None

    def _session(self, request: Request) -> Session | None:
        return self._sessions.get(request.cookies.get(self._cookie, ""))


async def _form(request: Request) -> dict[str, str] | None:
    """The fields, as browsers send them by default; None where it is something else, or too much."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            return None
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20))


def _no(status: int, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status)


def _guarded(send: Send) -> Send:
    """Every answer says what may be done with it."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return guarded
