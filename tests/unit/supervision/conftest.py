"""One deployment per module; titanoboa undoes each test."""

import pytest

from harness.duties import Duties
from harness.supervision import deploy_supervision


@pytest.fixture(scope="module")
def it() -> Duties:
    return deploy_supervision()
