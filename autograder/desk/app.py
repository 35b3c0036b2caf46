"""Addresses → pages and decisions."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from autograder.decisions import Decision, Overtaken
from autograder.desk import deciding, one, pages
from autograder.desk.door import Door, Session
from autograder.desk.queue import Item
from autograder.desk.results import Results
from autograder.desk.state import Desk, Now
from autograder.report import wording
from autograder.store import StoreError


def make(
    desk: Desk, results: Results, port: int, *, announce: Callable[[str], None], leave: Callable[[], None]
) -> Door:
    """The whole application. `announce` is told each address that lets a browser in, `leave` that somebody is done."""
    app = Starlette(routes=ROUTES, exception_handlers={404: _missing, StoreError: _unreadable})
    app.state.desk, app.state.results, app.state.leave = desk, results, leave
    return Door(app, port, announce, lambda: HTMLResponse(INSIDE))


# A redirect would come without the cookie, which belongs to requests from the desk's own pages.
INSIDE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Review desk</title>'
    '<meta http-equiv="refresh" content="0;url=/"></head><body><a href="/">To the desk</a></body></html>'
)


def _shown(request: Request, template: str, now: Now, view: pages.View, status: int = 200) -> Response:
    at = request.url.path if status == 200 and request.method == "GET" else "/"
    session, trouble = _session(request), request.app.state.results.trouble
    return HTMLResponse(pages.page(template, now, session, view, at=at, trouble=trouble), status)


def _session(request: Request) -> Session:
    session: Session = request.state.session
    return session


def _now(request: Request) -> Now:
    desk: Desk = request.app.state.desk
    return desk.now()


def _item(request: Request, now: Now) -> Item:
    found = now.queue.items.get(request.path_params["key"])
    if found is None:
        raise HTTPException(404)
    return found


def _missing(request: Request, error: Exception) -> Response:
    return PlainTextResponse("There is no such page at this desk.\n", 404)


def _unreadable(request: Request, error: Exception) -> Response:
    """A grading was made meanwhile with exercises that this desk does not know."""
    return PlainTextResponse(f"Open the desk again: {error}. Every decision is kept.\n", 503)


def _to(path: str, **query: Any) -> Response:
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


# -- pages


def overview(request: Request) -> Response:
    now = _now(request)
    said = _done(now, request.query_params.get("done", ""))
    return _shown(request, "overview.html", now, {**pages.overview(now), "said": said})


def exercise(request: Request) -> Response:
    now, name = _now(request), request.path_params["name"]
    if name not in now.queue.waiting:
        raise HTTPException(404)
    return _shown(request, "exercise.html", now, pages.exercise(now, name, _session(request)))


def begin(request: Request) -> Response:
    """The first one that still awaits a person."""
    left = _now(request).left(request.path_params["name"])
    return _to(f"/item/{left[0].key}" if left else "/")


def item(request: Request) -> Response:
    now = _now(request)
    said = _done(now, request.query_params.get("done", ""))
    return _shown(request, "item.html", now, one.view(now, _item(request, now), _session(request), said=said))


def submissions(request: Request) -> Response:
    now = _now(request)
    wanted = request.query_params.get("find", "")[:200]
    return _shown(request, "submissions.html", now, pages.submissions(now, _session(request), wanted))


def submission(request: Request) -> Response:
    now, person = _now(request), request.path_params["person"]
    if person not in now.queue.people:
        raise HTTPException(404)
    return _shown(request, "submission.html", now, pages.submission(now, person, _session(request)))


def _done(now: Now, batch: str) -> str:
    """What the batch that has just been kept says."""
    kept = [one for one in now.decisions if str(one.batch) == batch]
    if not kept:
        return ""
    ruling, many = kept[0].ruling, f" for {len(kept)} submissions" if len(kept) > 1 else ""
    if kept[0].undoes is not None:
        return f"Undone{many}."
    if ruling.points is None:
        return "Taken back."
    return f"Saved: {wording.points(ruling.points)}{many}."


# -- decisions


def decide(request: Request) -> Response:
    """Keep it, and go on to the next; or say on the same page why nothing was kept."""
    desk, now, session = request.app.state.desk, _now(request), _session(request)
    found, form = _item(request, now), request.state.form
    try:
        rulings = deciding.rulings(now, found, form)
        batch = desk.decide(rulings, known=deciding.known(form), by=session.by)
    except (deciding.Unclear, Overtaken) as error:
        status = 409 if isinstance(error, Overtaken) else 422
        refused = _overtaken(error.decision, session) if isinstance(error, Overtaken) else str(error)
        now = _now(request)
        view = one.view(now, found, session, refused=refused, comment=form.get("comment", ""))
        return _shown(request, "item.html", now, view, status)
    following = _now(request).after(found) if found.waits and rulings[0].points is not None else found
    return _to(f"/item/{following.key}" if following else "/", done=batch)


def _overtaken(decision: Decision, session: Session) -> str:
    ruling, who = decision.ruling, "you" if decision.by == session.by else "somebody else"
    if ruling.points is None:
        said = "took the decision back"
    else:
        said = f"gave {wording.points(ruling.points)}{f' (“{ruling.why}”)' if ruling.why else ''}"
    on = "" if ruling.subject[2] else " for the whole exercise"
    at = f"at {decision.at[11:16]} UTC"
    return f"Meanwhile {who} {said}{on}, {at}, so nothing of yours was saved. Look again, and decide."


def undo(request: Request) -> Response:
    """Take back what this browser decided last."""
    desk, now, session = request.app.state.desk, _now(request), _session(request)
    found = deciding.undo(now, session.by)
    if found is None:
        return _to("/")
    decided = now.queue.on(found.rulings[0].subject)
    if decided is None:
        return _to("/")
    try:
        if found.overtaken:
            raise Overtaken(found.overtaken)
        batch = desk.decide(found.rulings, known=now.latest, by=session.by, undoes=found.batch)
    except Overtaken as error:
        view = one.view(now, decided, session, refused=_overtaken(error.decision, session))
        return _shown(request, "item.html", now, view, 409)
    return _to(f"/item/{decided.key}", done=batch)


def switch(request: Request) -> Response:
    """Names, and what single keys do: of this browser, until the desk closes."""
    session, form = _session(request), request.state.form
    if form.get("what") == "names":
        session.names = not session.names
    elif form.get("what") == "keys":
        session.keys = not session.keys
    back = form.get("back", "/")
    return _to(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")


def leave(request: Request) -> Response:
    request.app.state.leave()
    now = _now(request)
    return _shown(request, "left.html", now, {})


def style(request: Request) -> Response:
    return Response(pages.style(), media_type="text/css")


def script(request: Request) -> Response:
    return Response(pages.script(), media_type="text/javascript")


ROUTES = [
    Route("/", overview),
    Route("/exercise/{name}", exercise),
    Route("/exercise/{name}/next", begin),
    Route("/item/{key}", item),
    Route("/item/{key}", decide, methods=["POST"]),
    Route("/submissions", submissions),
    Route("/submission/{person}", submission),
    Route("/undo", undo, methods=["POST"]),
    Route("/switch", switch, methods=["POST"]),
    Route("/leave", leave, methods=["POST"]),
    Route("/style.css", style),
    Route("/desk.js", script),
]
