import pytest

from harness.served import served


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """A served chain with nothing on it."""
    with served(tmp_path, monkeypatch) as running:
        yield running
