"""The read model of a network: where it lies, and how it is kept."""

import os
import threading
from pathlib import Path

from sqlalchemy.engine import Engine

from tanlian.domain.target import Target
from tanlian.readmodel.checkpoints import Position
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.verification import Verdict
from tanlian.readmodel.verification import verify as compare
from tanlian.services.access import Access, open_access
from tanlian.services.networks import data_folder

URL_VARIABLE = "TANLIAN_READ_MODEL"


def read_model_of(access: Access, folder: Path | None = None, url: str = "") -> Engine:
    """Open the database `url`, else that of TANLIAN_READ_MODEL, else a file in `folder`."""
    file = (folder or data_folder()) / f"readmodel-{access.network.name}.sqlite"
    return open_read_model(url or os.environ.get(URL_VARIABLE) or f"sqlite:///{file}")


def catch_up(target: Target) -> Position:
    """Project what is missing, once."""
    access = open_access(target)
    return Projector(read_model_of(access), access.contracts).catch_up()


def follow(target: Target, stop: threading.Event) -> None:
    """Keep the tables at the head until `stop` is set."""
    access = open_access(target)
    Projector(read_model_of(access), access.contracts).follow(stop)


def rebuild(target: Target) -> Position:
    """Make the tables anew from the chain."""
    access = open_access(target)
    return Projector(read_model_of(access), access.contracts).rebuild()


def verify(target: Target) -> Verdict:
    """Prove the tables equal to the chain, or find where they are not."""
    access = open_access(target)
    return compare(read_model_of(access), access.contracts)
