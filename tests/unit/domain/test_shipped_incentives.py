"""Only shipped incentive rules are opened by a name that somebody typed."""

import pytest

from tanlian.domain.errors import NotFound
from tanlian.domain.incentives import load_rules


@pytest.mark.parametrize(
    "name", ["", "0", "cn_2024", "../rules/incentives_2024", "../../../pyproject", "/etc/passwd"]
)
def test_load_rules__any_other_name__not_found(name) -> None:
    with pytest.raises(NotFound, match="incentives_2024"):
        load_rules(name)


def test_load_rules__shipped_name__opens() -> None:
    assert load_rules("incentives_2024").in_order()
