"""Tables beside titanoboa's worlds: project what was recorded, and compare it with the contracts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool

from harness.boa_node import BoaNode
from harness.postgres import server
from tanlian.readmodel.emptying import empty
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.tables import metadata
from tanlian.readmodel.verification import Verdict, verify


def in_memory() -> Engine:
    """Empty tables of their own."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    return engine


def project(node: BoaNode, world: Any, engine: Engine) -> None:
    Projector(engine, node.contracts(world)).catch_up()


def assert_equal(node: BoaNode, world: Any, engine: Engine | None = None) -> Verdict:
    """Assert that tables made from what was recorded say what the contracts say."""
    verdict = verify(engine or in_memory(), node.contracts(world))
    assert verdict.differences == (), verdict.differences[:5]
    return verdict


@contextmanager
def tables_at(url: str) -> Iterator[Engine]:
    """Empty tables in a database; emptied again afterwards."""
    engine = open_read_model(url)
    try:
        yield engine
        with engine.begin() as db:
            empty(db)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def tables(tmp_path, request) -> Iterator[Engine]:
    """The same tests on both databases."""
    url = f"sqlite:///{tmp_path / 'model.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
    with tables_at(url) as engine:
        yield engine
