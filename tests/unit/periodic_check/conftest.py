"""One deployment per module; titanoboa undoes each test."""

import pytest

from harness.duties import Duties, deploy_duties


@pytest.fixture(scope="module")
def duties() -> Duties:
    return deploy_duties()
