import pytest

from tanlian.domain.credit_rating import load_rating_rules
from tanlian.domain.errors import NotFound
from tanlian.domain.incentives import load_rules
from tanlian.domain.profiles import profile
from tanlian.domain.published_rules import all_rules, rules


def test_all_rules__every_figure__names_status_and_source() -> None:
    books = all_rules()
    assert {"cn_2024", "eu_2024", "cn_market_2021", "incentives_2024"} <= {b.name for b in books}
    for book in books:
        assert book.figures, book.name
        for figure in book.figures:
            assert figure.status[:1] in {"V", "S", "K"}, (book.name, figure.key)
            assert figure.source, (book.name, figure.key)
        assert sum(map(book.count, "VSK")) == len(book.figures)


def test_rules__hash__is_the_one_that_contracts_keep() -> None:
    assert rules("cn_2024").rules_hash == profile("cn", 2024).rules_hash
    assert rules("incentives_2024").rules_hash == load_rules().rules_hash
    assert rules("credit_rating_2024").rules_hash == load_rating_rules().rules_hash


def test_rules__profile__all_its_figures_and_no_other() -> None:
    told = {figure.key: figure for figure in rules("cn_2024").figures}
    declared = profile("cn", 2024).figures
    assert told.keys() == declared.keys()
    for name, figure in declared.items():
        assert (told[name].status, told[name].source) == (figure.status, figure.source)


def test_rules__nested__keys_are_paths() -> None:
    told = {figure.key: figure.value for figure in rules("incentives_2024").figures}
    assert told["honest_report.base"] == "100"
    assert told["appeal_days"] == "15"


@pytest.mark.parametrize("name", ["nothing", "../rules/cn_2024", "cn_2024.toml", ""])
def test_rules__no_such_book__not_found(name) -> None:
    with pytest.raises(NotFound):
        rules(name)
