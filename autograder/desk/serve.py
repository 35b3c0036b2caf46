"""A port of this machine, from open to close."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import uvicorn

from autograder import spec
from autograder.desk import app
from autograder.desk.door import HOSTS
from autograder.desk.results import Results
from autograder.desk.state import Desk
from autograder.store import Store


class CannotOpen(Exception):
    """A sentence: why there is no desk."""


class CannotWrite(Exception):
    """A sentence: why the results are not up to date."""


def serve(store: Store, folder: Path, port: int = 0) -> Iterator[str]:
    """Say where it is, and be there until Ctrl-C or until somebody leaves; then say what became of the results.

    Raises StoreError, SpecError, CannotOpen and CannotWrite.
    """
    desk = Desk(store, spec.load_all())
    results = Results(desk, folder)
    with closing(_bound(port)) as listening:
        yield "Ctrl-C leaves the desk; every decision is saved at once"
        _until_left(desk, results, listening)
    if results.trouble:
        raise CannotWrite(f"{results.trouble}; the decisions are kept, and the next grading has them")
    yield f"the results in {folder} are up to date"


def _until_left(desk: Desk, results: Results, listening: socket.socket) -> None:
    """Whatever ends it, the results are written."""
    config = uvicorn.Config(
        "", log_level="error", access_log=False, server_header=False, proxy_headers=False, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    results.start()
    try:
        port = listening.getsockname()[1]
        config.app = app.make(desk, results, port, announce=_announce, leave=lambda: _leave(server))
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # how it is left
    finally:
        results.finish()


def _bound(port: int) -> socket.socket:
    """This machine only, never the network."""
    listening = socket.socket()
    try:
        listening.bind((HOSTS[0], port))
        listening.listen()  # who uses the address at once waits for the server, and is not refused
    except OSError as error:
        listening.close()
        raise CannotOpen(f"--port {port}: {error.strerror or error}") from None
    return listening


def _leave(server: uvicorn.Server) -> None:
    """A moment later: the last page still asks for its style."""
    threading.Timer(1.0, setattr, (server, "should_exit", True)).start()


def _announce(address: str) -> None:
    print(f"the desk is at {address}", file=sys.stdout, flush=True)
