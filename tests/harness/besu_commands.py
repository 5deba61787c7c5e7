"""Commands as people run them on a network of real Besu processes."""

import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def lists_following(network, book):
    """The service that keeps the nodes' allowlists equal to what a book's register names."""
    place = network.record.folder
    with (place / "permissions.log").open("w") as log:
        service = subprocess.Popen(
            [
                sys.executable, "-m", "tanlian_node.cli", "permissions", "--folder", str(place),
                "--fix", "--every", "1", "--book", str(book),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield
            assert service.poll() is None, (place / "permissions.log").read_text()
        finally:
            service.terminate()
            service.wait(30)


def tanlian(network, *arguments, seconds=900):
    """`tanlian --network consortium …` in a process of its own, as a person runs it."""
    return subprocess.run(
        [
            sys.executable, "-m", "tanlian.cli", "--network", "consortium",
            "--rpc", network.record.node(network.names[0]).rpc, *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )  # fmt: skip
