"""A results folder to review, and a desk that is open on it: the real command on a real port, or its application."""

import http.client
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

import uvicorn

from autograder import grading
from autograder.assignment import plan
from autograder.desk import app
from autograder.desk.results import FORMATS, Results
from autograder.desk.state import Desk
from autograder.grading import Graded
from autograder.model import Run
from autograder.report import files, pages
from autograder.store import Store
from tests.conftest import ROOT, SEED

RUN = Run(SEED, "2026-03-01T10:00:00.000+00:00", "2026-03-01T10:00:11.400+00:00", "0.1.0", "2.6.0")


def folder_of(path, reports, exercises):
    """As grade.py leaves it."""
    path.mkdir(exist_ok=True)
    graded = Graded(RUN, tuple(reports), (), plan.again("", "", exercises))
    with closing(Store(path)) as store:
        for report in reports:
            store.keep_report(b"key", report.submission.origin, report.submission.student, '{"answers": {}}')
        grading.keep(store, graded, pages=True, decisions=0)
    files.write([(path / file, graded.content(name)) for name, file in FORMATS])
    files.write_pages(path / files.PAGES, pages.render(graded.run, graded.reports, graded.skipped))
    return path


class Room:
    """A desk in this process, on a port of its own; a context manager."""

    def __init__(self, folder, exercises):
        self.addresses = []
        self.store = Store(folder)
        self.desk = Desk(self.store, exercises)
        self.results = Results(self.desk, folder)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        made = app.make(self.desk, self.results, self.port, announce=self.addresses.append, leave=lambda: None)
        self._server = uvicorn.Server(uvicorn.Config(made, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self.store.close()

    def visitor(self):
        """Who has not come in yet."""
        return Visitor(self.port)

    def come_in(self):
        visitor = self.visitor()
        assert visitor.ask(self.addresses[-1]).status == 200
        return visitor

    def leave(self):
        """What follows when the server has ended."""
        self.results.start()
        self.results.finish()
        assert not self.results.trouble


@dataclass
class Opened:
    """A desk that `grade.py review` opened, and what its terminal says."""

    process: subprocess.Popen
    address: str  # that lets the next browser in

    @property
    def port(self):
        return urlsplit(self.address).port

    def come_in(self):
        visitor = Visitor(self.port)
        assert visitor.ask(self.address).status == 200
        self.address = _address(self.process.stdout)
        return visitor

    def leave(self):
        """As with Ctrl-C; the exit code, and what was said last."""
        self.process.terminate()
        return self.process.wait(timeout=60), self.process.stdout.read()


def _address(stream):
    for line in stream:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise AssertionError("no address was printed")


@contextmanager
def opened(folder, *options):
    command = [sys.executable, str(ROOT / "grade.py"), "review", str(folder), *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        try:
            yield Opened(process, _address(process.stdout))
        finally:
            process.kill()


class Forms(HTMLParser):
    """The hidden fields of each form of a page, by its action."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "form":
            self._fields = self.found.setdefault(named["action"], {})
        elif tag == "input" and named.get("type") == "hidden":
            self._fields[named["name"]] = named["value"]


@dataclass
class Answer:
    status: int
    headers: dict  # by names in small letters
    text: str


class Visitor:
    """A browser without a screen: it keeps its cookie and follows where it is sent."""

    def __init__(self, port):
        self.port = port
        self.cookie = ""
        self.path = "/"

    def ask(self, address, form=None, method=None, body=None, headers=()):
        """The answer as it comes."""
        split = urlsplit(address)
        path = f"{split.path}?{split.query}" if split.query else split.path
        sent = {"Cookie": self.cookie} if self.cookie else {}
        if form is not None:
            body, sent["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        method = method or ("GET" if form is None else "POST")
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, sent | dict(headers))
            answer = connection.getresponse()
            text = answer.read().decode()
        told = {name.lower(): value for name, value in answer.headers.items()}
        self.cookie = told.get("set-cookie", self.cookie).partition(";")[0]
        return Answer(answer.status, told, text)

    def page(self, path):
        """A page; `path` is where it was found in the end."""
        self.path = path
        answer = self.ask(path)
        return self.page(answer.headers["location"]) if answer.status == 303 else answer.text

    def decide(self, path, page=None, **fields):
        """Send the form of an item, as it stands on a page that was seen: (status, page that follows)."""
        form = Forms(page or self.page(path)).found[path.partition("?")[0]]
        return self._sent(path.partition("?")[0], form | fields)

    def send(self, action, page, **fields):
        return self._sent(action, Forms(page).found[action] | fields)

    def _sent(self, action, form):
        answer = self.ask(action, form)
        return answer.status, self.page(answer.headers["location"]) if answer.status == 303 else answer.text
