"""Cases and coin accounts as people read them."""

from dataclasses import dataclass
from typing import Any

from tanlian.domain.incentives import RELEASE_SECONDS, REWARDS, Trigger
from tanlian.services.access import Access
from tanlian.services.organisations import find

OPEN, APPEALED, DONE, DISMISSED = 1, 2, 3, 4
STATES = {OPEN: "open", APPEALED: "appealed", DONE: "done", DISMISSED: "dismissed"}


@dataclass(frozen=True, slots=True)
class Case:
    """A reward or penalty; the amount in millionths of a coin."""

    number: int
    organisation: int
    period: int
    trigger: Trigger
    subject: int
    amount: int
    state: str
    opened_at: int
    appeal_until: int

    @property
    def is_reward(self) -> bool:
        return self.trigger in REWARDS

    @property
    def words(self) -> str:
        """The trigger in words."""
        return self.trigger.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class CoinAccount:
    """An organisation's coins, in millionths."""

    balance: int
    debt: int
    locked: int
    announced: int
    movable_at: int

    @property
    def movable_until(self) -> int:
        """The last second in which what was announced may leave."""
        return self.movable_at + RELEASE_SECONDS


def case(access: Access, number: int) -> Case:
    """Read one case.

    Raises:
        ContractRefused: there is none of that number.
    """
    return _case(number, access.contracts["incentives"].read("case", number))


def cases(access: Access, name: str | None = None) -> list[Case]:
    """Read all cases, or those of one organisation."""
    incentives = access.contracts["incentives"]
    count = int(incentives.read("case_count"))
    found = access.contracts.read_many(
        incentives.reading("case", number) for number in range(1, count + 1)
    )
    wanted = None if name is None else find(access, name)
    return [
        _case(number, one)
        for number, one in enumerate(found, start=1)
        if wanted in (None, one.organisation)
    ]


def coins_of(access: Access, name: str) -> CoinAccount:
    """Read an organisation's coin account."""
    found = access.contracts["coin"].read("coin_account", find(access, name))
    return CoinAccount(*found)


def _case(number: int, one: Any) -> Case:
    return Case(
        number,
        one.organisation,
        one.period,
        Trigger(one.trigger),
        one.subject,
        one.amount,
        STATES[one.status],
        one.opened_at,
        one.appeal_until,
    )
