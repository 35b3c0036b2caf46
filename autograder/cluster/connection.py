"""To a scheduler, or to one of our own on this machine."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from distributed import Client, LocalCluster, Security

from autograder.cluster.address import Address
from autograder.sandbox import CannotStart

CONNECT_SECONDS = 10


class ClusterError(CannotStart):
    """The cluster cannot be used, or not any more: a sentence. What came back has been kept."""


@contextmanager
def quiet() -> Iterator[None]:
    """What Dask has to say of its own troubles is said by us, in a sentence, or is none."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def connected(address: Address, stack: ExitStack) -> Client:
    """To a scheduler, or to one of our own with its workers, which is closed after the client."""
    where: Any = address.url
    if address.processes:
        where = stack.enter_context(_local(address.processes))
    try:
        client = Client(where, security=_security(address), timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(f"no scheduler could be reached at {address}: {_reason(error)}") from None
    stack.enter_context(client)
    return client


def _reason(error: BaseException) -> str:
    """Below what Dask and Tornado wrap around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    error = getattr(error, "real_error", None) or error
    if isinstance(error, TimeoutError):
        return f"nothing answered within {CONNECT_SECONDS} seconds"
    return getattr(error, "strerror", None) or str(error).partition("\n")[0] or "nothing answers there"


def _security(address: Address) -> Security | None:
    if not address.tls:
        return None
    authority, certificate, key = map(str, address.tls)
    return Security(require_encryption=True, tls_ca_file=authority, tls_client_cert=certificate, tls_client_key=key)


def _local(processes: int) -> LocalCluster:
    """Workers of one thread each: what judges is Python, and a thread would wait for the other."""
    return LocalCluster(
        n_workers=processes,
        threads_per_worker=1,
        memory_limit=0,  # the sandbox has its own
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
