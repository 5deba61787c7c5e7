"""The audit of a chain: events confirmed by blocks, books rebuilt, compared with the contracts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tanlian.chain.connection import Connection, quantity, result_of
from tanlian.chain.contracts import Contracts, Reading
from tanlian.chain.events import Event
from tanlian.chain.receipts import sealed_logs, unsealed
from tanlian.domain.audit.accounts import KG_PER_LOT
from tanlian.domain.audit.findings import Difference, Findings, place_of
from tanlian.domain.audit.market import MarketBooks
from tanlian.domain.audit.money import MoneyBooks
from tanlian.domain.audit.sessions import Session
from tanlian.domain.audit.units import UnitBooks
from tanlian.domain.errors import NotFound
from tanlian.services.market_parts import part_with, parts

PAID, DEFAULTED = 2, 3  # the status of an obligation


@dataclass(slots=True)
class Books:
    """What the events up to a block say, and where that differs from what the contracts say."""

    block: int
    events: int
    findings: Findings
    units: UnitBooks
    money: MoneyBooks
    market: MarketBooks
    carbon_difference_kg: int = 0
    money_difference: int = 0
    compared: int = 0

    @property
    def balanced(self) -> bool:
        return not self.findings.differences

    @property
    def verdict(self) -> str:
        """The line that a run ends with."""
        return (
            f"reconciled: carbon {self.carbon_difference_kg} kg, "
            f"money {self.money_difference} micro-yuan"
        )

    def session(self, number: int) -> Session:
        """Return a rebuilt session.

        Raises:
            NotFound: no such session was announced.
        """
        try:
            return self.market.sessions[number]
        except KeyError:
            known = ", ".join(map(str, self.market.sessions)) or "none yet"
            raise NotFound(f"There is no session {number}; there are {known}.") from None

    def differences_of(self, session: int) -> list[Difference]:
        """Return what concerns one session, and what concerns no particular one."""
        return [d for d in self.findings.differences if d.session in {None, session}]


@dataclass(slots=True)
class _Comparison:
    """A view asked of a contract, and what the books expect of it."""

    books: Books
    readings: list[Reading] = field(default_factory=list)
    expectations: list[tuple[str, object, int, int]] = field(default_factory=list)

    def ask(
        self, reading: Reading, what: str, expected: object, *, kg: int = 0, micro: int = 0
    ) -> None:
        """`kg` and `micro` say what one unit of the answer weighs in the verdict."""
        self.readings.append(reading)
        self.expectations.append((what, expected, kg, micro))

    def settle(self, contracts: Contracts) -> None:
        books = self.books
        answers = contracts.read_many(self.readings, block=books.block)
        for (what, expected, kg, micro), answer in zip(self.expectations, answers, strict=True):
            books.compared += 1
            if books.findings.compare(what, expected, answer, f"view at block {books.block}"):
                continue
            if isinstance(expected, int) and isinstance(answer, int):
                books.carbon_difference_kg += kg * abs(expected - answer)
                books.money_difference += micro * abs(expected - answer)


def audit(contracts: Contracts, *, confirm: bool = True) -> Books:
    """Rebuild all books from events up to the newest block, and compare every view.

    With `confirm` every event is checked against the receipts' root of its block's header.
    """
    block = contracts.connection.head()
    names = audited(contracts)
    events = list(contracts.events().read(contracts.book.first_block(), block, contracts=names))
    books = rebuild(
        events, block_times(contracts.connection, events), contracts.money.address, block
    )
    if confirm:
        _confirm(contracts, events, books)
    compare(contracts, books)
    return books


def rebuild(
    events: Sequence[Event], times: dict[int, int], money_address: str, block: int
) -> Books:
    """Rebuild the books from events alone."""
    findings = Findings()
    books = Books(
        block,
        len(events),
        findings,
        UnitBooks(findings),
        MoneyBooks(findings, money_address),
        MarketBooks(findings, times),
    )
    for event in events:
        if event.contract == "ledger":
            books.units.apply(event)
        elif event.contract == "money":
            books.money.apply(event)
    books.units.finish()
    books.money.finish()
    books.market.replay([e for e in events if e.contract not in {"ledger", "money"}])
    return books


def audited(contracts: Contracts) -> list[str]:
    """Return the names of the contracts whose events make the books."""
    return ["ledger", "money", *parts(contracts)]


def block_times(connection: Connection, events: Sequence[Event]) -> dict[int, int]:
    """Return the times of the blocks that hold the events."""
    blocks = sorted({event.block for event in events})
    answers = connection.batch([("eth_getBlockByNumber", [hex(b), False]) for b in blocks])
    return {
        block: quantity(result_of(answer)["timestamp"])
        for block, answer in zip(blocks, answers, strict=True)
    }


def compare(contracts: Contracts, books: Books) -> None:
    """Compare every balance, account, debt and price of the books with the contracts' views."""
    comparison = _Comparison(books)
    _ask_ledger(contracts, books, comparison)
    _ask_money(contracts, books, comparison)
    _ask_accounts(contracts, books, comparison)
    _ask_sessions(contracts, books, comparison)
    _ask_blocks(contracts, books, comparison)
    comparison.settle(contracts)
    _compare_custody(contracts, books)


def _confirm(contracts: Contracts, events: Sequence[Event], books: Books) -> None:
    logs = sealed_logs(contracts.connection, {event.block for event in events})
    reader = contracts.events()
    forged = unsealed(reader, logs, events)
    if forged is not None:
        books.findings.compare("event in the sealed block", "as told", "another", place_of(forged))
    names = audited(contracts)
    sealed = sum(1 for event in reader.decode(logs) if event.contract in names)
    books.findings.compare("events in the sealed blocks", sealed, len(events), "all blocks")


def _ask_ledger(contracts: Contracts, books: Books, comparison: _Comparison) -> None:
    ledger = contracts.ledger
    for (token_id, holder), kg in books.units.balances_kg.items():
        what = f"units {token_id} of {holder}"
        comparison.ask(ledger.reading("balanceOf", holder, token_id), what, kg, kg=1)
    for token_id, kind in books.units.kinds.items():
        expected = (
            kind.issued_kg,
            kind.issued_kg - kind.retired_kg,
            kind.surrendered_kg,
            kind.cancelled_kg,
        )
        comparison.ask(ledger.reading("supply", token_id), f"supply of {token_id}", expected)
    for (organisation, token_id), kg in books.units.frozen_kg.items():
        what = f"frozen units {token_id} of organisation {organisation}"
        comparison.ask(ledger.reading("frozen_kg", organisation, token_id), what, kg)


def _ask_money(contracts: Contracts, books: Books, comparison: _Comparison) -> None:
    money = contracts.money
    comparison.ask(money.reading("totalSupply"), "all money", books.money.total, micro=1)
    for holder, amount in books.money.balances.items():
        comparison.ask(money.reading("balanceOf", holder), f"money of {holder}", amount, micro=1)
    for bank, account in books.money.banks.items():
        expected = (account.issued, account.paid_out, account.pending)
        comparison.ask(money.reading("bank_totals", bank), f"totals of bank {bank}", expected)


def _ask_accounts(contracts: Contracts, books: Books, comparison: _Comparison) -> None:
    market, accounts = contracts.market, books.market.accounts
    rows = list(accounts.by_holder.items())
    found = contracts.read_many(
        [market.reading("account", token, organisation) for (token, organisation), _ in rows],
        block=books.block,
    )
    for ((token, organisation), account), view in zip(rows, found, strict=True):
        books.compared += 1
        _compare_account(books, f"account of {organisation} in {token}", account, view)
    debts_at = part_with(contracts, "obligation")
    debts = [(n, debt, 1) for n, debt in accounts.owed.items()]
    debts += [
        (n, debt, PAID if how == "paid" else DEFAULTED)
        for n, (debt, how) in accounts.settled.items()
    ]
    for number, debt, status in debts:
        expected = (
            status, debt.session_id, debt.instrument, debt.buyer, debt.seller, debt.lots,
            debt.margin, debt.rest, debt.due_at,
        )  # fmt: skip
        reading = debts_at.reading("obligation", number)
        comparison.ask(reading, f"obligation {number}", expected)
    comparison.ask(debts_at.reading("obligation_count"), "obligations", len(debts))


def _ask_blocks(contracts: Contracts, books: Books, comparison: _Comparison) -> None:
    desk = part_with(contracts, "proposal")
    proposals = books.market.proposals
    comparison.ask(desk.reading("proposal_count"), "block proposals", len(proposals))
    found = contracts.read_many(
        [desk.reading("proposal", number) for number in proposals], block=books.block
    )
    for (number, terms), view in zip(proposals.items(), found, strict=True):
        books.compared += 1
        parties = (view.proposer, view.counterparty)
        buyer, seller = parties if view.proposer_buys else parties[::-1]
        books.findings.compare(
            f"proposal {number}",
            (*terms, number in books.market.open_proposals),
            (view.session_id, buyer, seller, view.tick, view.lots, view.expires_at, view.open),
            f"view at block {books.block}",
        )


def _compare_account(books: Books, what: str, account: object, view: object) -> None:
    where = f"view at block {books.block}"
    for name, kg, micro in (
        ("money_free", 0, 1),
        ("lots_free", KG_PER_LOT, 0),
        ("open_buy_lots", 0, 0),
        ("open_sell_lots", KG_PER_LOT, 0),
        ("lots_awaiting_payment", KG_PER_LOT, 0),
    ):
        expected, actual = getattr(account, name), getattr(view, name)
        if not books.findings.compare(f"{what}: {name}", expected, actual, where):
            books.carbon_difference_kg += kg * abs(expected - actual)
            books.money_difference += micro * abs(expected - actual)


def _ask_sessions(contracts: Contracts, books: Books, comparison: _Comparison) -> None:
    market = contracts.market
    sessions = books.market.sessions
    comparison.ask(market.reading("session_count"), "sessions", len(sessions))
    for number, session in sessions.items():
        reading = part_with(contracts, "terms").reading("terms", number)
        comparison.ask(reading, f"terms of session {number}", tuple(session.terms))
    for instrument, tick in books.market.closing_ticks.items():
        reading = market.reading("closing_tick", instrument)
        comparison.ask(reading, f"closing price of {instrument}", tick)
    numbers = list(sessions)
    states = contracts.read_many(
        [market.reading("state", number) for number in numbers], block=books.block
    )
    for number, state in zip(numbers, states, strict=True):
        session = sessions[number]
        books.compared += 1
        books.findings.compare(
            f"state of session {number}",
            (
                session.paused, session.low_tick, session.high_tick, session.volume_lots,
                session.turnover_half_ticks,
            ),
            (
                state.paused, state.low_tick, state.high_tick, state.volume_lots,
                state.turnover_half_ticks,
            ),
            f"view at block {books.block}",
        )  # fmt: skip


def _compare_custody(contracts: Contracts, books: Books) -> None:
    """What the market owes its members is exactly what it holds at the ledger and the money."""
    market = contracts.market.address.lower()
    accounts = books.market.accounts
    held = books.money.balances.get(market, 0)
    if not books.findings.compare(
        "money in the market's custody", accounts.money_inside(), held, "all events"
    ):
        books.money_difference += abs(accounts.money_inside() - held)
    tokens = {token for token, _ in accounts.by_holder}
    for token in tokens:
        inside = accounts.lots_inside(token) * KG_PER_LOT
        there = books.units.balances_kg.get((token, market), 0)
        what = f"units {token} in the market's custody"
        if not books.findings.compare(what, inside, there, "all events"):
            books.carbon_difference_kg += abs(inside - there)
