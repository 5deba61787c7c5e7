"""One register per module of tests; titanoboa undoes what each test changes."""

from functools import partial

import pytest

from harness.facility import with_facility
from harness.refusal import refused as refused_by


@pytest.fixture(scope="module")
def it():
    return with_facility()


@pytest.fixture
def regulator(it):
    return it.regulator.account


@pytest.fixture
def outsider(it):
    return it.outsider()


@pytest.fixture
def refused(it):
    """`with refused(reason):` expects exactly this refusal, and that nothing changed."""
    return partial(refused_by, it)
