"""Inspection of a deployment: is on the chain what the book and the plan say, and nothing else?

It trusts neither the book nor the deployer: the code of each contract is traced to the transaction
that made it, and that transaction must carry exactly the compiled code and the planned arguments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tanlian.chain.contracts import Contracts, Reading
from tanlian.chain.errors import ChainError
from tanlian.chain.transactions import transactions_of
from tanlian.domain.roles import Role
from tanlian.domain.standing import Standing
from tanlian.services.deployment import Params, Plan, Setting, plain, steps_of
from tanlian.services.protocol import REGULATOR_ID


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    subject: str
    sentence: str


def inspect(contracts: Contracts, plan: Plan, params: Params) -> list[Finding]:
    """Look at code, wiring, seals and the founding regulator."""
    return [
        *_chain(contracts),
        *_steps(contracts, plan, params),
        *_seals(contracts),
        *_expectations(contracts, plan, params),
        *_regulator(contracts, params),
    ]


def _chain(contracts: Contracts) -> Iterator[Finding]:
    try:
        contracts.book.verify(contracts.connection)
    except ChainError as error:
        yield Finding(False, "book", error.user_message)
    else:
        count = len(contracts.book.contracts)
        yield Finding(True, "book", f"chain, genesis and the code of {count} contracts agree")


def _steps(contracts: Contracts, plan: Plan, params: Params) -> Iterator[Finding]:
    """Each planned transaction happened, with exactly the planned content, in the planned place."""
    book = contracts.book
    steps = steps_of(plan, params, book)
    hashes = [entry.tx_hash for entry in book.contracts.values()]
    hashes += [wiring.tx_hash for wiring in book.wiring]
    sent = {
        tx.nonce: tx
        for tx in transactions_of(contracts.connection, hashes)
        if tx is not None and tx.sender == book.deployer
    }
    for step in steps:
        tx = sent.get(step.nonce)
        if tx is None:
            yield Finding(False, step.title, "its transaction is not in the chain")
        elif (tx.to, tx.data) != (step.call.to, step.call.data):
            yield Finding(False, step.title, f"transaction {tx.tx_hash} does something else")
        else:
            made = "made of the compiled source" if step.new else "done as planned"
            yield Finding(True, step.title, f"{made}, block {tx.block}")
    surplus = sent.keys() - {step.nonce for step in steps}
    for nonce in sorted(surplus):
        yield Finding(False, "book", f"it lists transaction {nonce}, which no plan has")


def _seals(contracts: Contracts) -> Iterator[Finding]:
    names = [n for n in contracts if "is_sealed" in contracts[n].interface.functions]
    answers = contracts.read_many([contracts[name].reading("is_sealed") for name in names])
    for name, is_sealed in zip(names, answers, strict=True):
        yield Finding(is_sealed, name, "sealed" if is_sealed else "not sealed: wiring may change")


def _expectations(contracts: Contracts, plan: Plan, params: Params) -> Iterator[Finding]:
    book = contracts.book
    addresses = {name: entry.address for name, entry in book.contracts.items()}
    setting = Setting(params, book.deployer, addresses)
    asked = [
        e
        for e in plan.expectations
        if e.name in addresses and (e.needs is None or e.needs in addresses)
    ]
    readings: list[Reading] = [
        contracts[e.name].reading(e.function, *e.arguments(setting)) for e in asked
    ]
    for expect, answer in zip(asked, contracts.read_many(readings), strict=True):
        wanted: Any = expect.wanted(setting)
        subject = f"{expect.name}.{expect.function}"
        about = f" for {expect.needs}" if expect.needs else ""
        if plain(answer) == plain(wanted):
            yield Finding(True, subject, f"{_shown(answer)}{about}")
        else:
            yield Finding(
                False, subject, f"{_shown(answer)}{about}, but should be {_shown(wanted)}"
            )


def _regulator(contracts: Contracts, params: Params) -> Iterator[Finding]:
    standing = Standing.unpack(contracts.membership.read("standing_of", REGULATOR_ID))
    good = standing.active and Role.REGULATOR in standing.roles
    yield Finding(
        good,
        "regulator",
        "the founding organisation is an active regulator"
        if good
        else "the founding organisation is no active regulator (any more)",
    )
    account = params["regulator"]["account"]
    of_account = Standing.unpack(contracts.membership.read("standing", account))
    yield Finding(
        of_account.organisation == REGULATOR_ID,
        "regulator",
        f"account {account} acts for organisation {of_account.organisation or 'nobody'}",
    )


def _shown(value: Any) -> str:
    return str(plain(value))
