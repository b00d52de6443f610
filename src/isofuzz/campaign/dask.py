"""Workers of a Dask cluster. Each brings its own services; whatever crosses the network is Dask's."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from isofuzz.campaign.crew import SECONDS_TO_LEAVE, Remote
from isofuzz.campaign.worker import leave
from isofuzz.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

_SECONDS_TO_CONNECT = 10
_ANY_HOST_OF_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


@contextmanager
def workers_of(address: str, allow_hosts: tuple[str, ...]) -> Iterator[Remote]:
    """The workers of the scheduler at this address; raises UsageError if it cannot be used."""
    try:
        from distributed import Client, fire_and_forget, wait
    except ImportError:
        raise UsageError("--cluster needs Dask: pip install 'isofuzz[cluster]'") from None
    _require_near(address, allow_hosts)
    try:
        client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise UsageError(f"no Dask scheduler answers at {address} ({problem}); start one: dask scheduler") from problem
    with client:
        workers = _of(client)
        if not workers:
            raise UsageError(
                f"the Dask scheduler at {address} has no worker; start some: dask worker {address} --nthreads 1"
            )
        if any(threads > 1 for threads in workers.values()):
            raise UsageError(
                f"workers of the Dask scheduler at {address} have several threads, and each can keep up one system: "
                f"dask worker {address} --nthreads 1"
            )
        executor = client.get_executor(pure=False, retries=0)
        try:
            yield Remote(executor, len(workers), lambda: client.status == "closed")
        finally:
            with suppress(Exception):  # who is gone, or takes too long, is left to whoever runs the cluster
                executor.shutdown(wait=False)
                # Each where it has worked: in the thread in which its system's loop runs. Also when this client is
                # gone, for the worker may have something under way.
                leaving = [client.submit(leave, workers=[worker], pure=False) for worker in _of(client)]
                fire_and_forget(leaving)
                wait(leaving, timeout=SECONDS_TO_LEAVE)


def _of(client: "Client") -> dict[str, int]:
    """The addresses of the workers that are there, with how many threads each has."""
    there = client.scheduler_info(n_workers=-1)["workers"]
    return {address: worker["nthreads"] for address, worker in there.items()}


def _require_near(address: str, allow_hosts: tuple[str, ...]) -> None:
    host = address.rpartition("//")[2].rpartition(":")[0] or address
    if host not in (*_ANY_HOST_OF_THIS_MACHINE, *allow_hosts):
        raise UsageError(f"{host} is not this machine; if the cluster there is yours to use: --allow-host {host}")
