"""Deployment of a list of contracts: resumable after an interruption anywhere, and idempotent.

Every step is one transaction of the deployer with a number fixed in advance (the first number is
written into the book before anything is sent), so addresses and transaction hashes are known before
they happen. To resume means to look which of these very transactions are in the chain, and to send
the others: a deployment interrupted anywhere and resumed gives the same book as one that was not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tanlian.chain.abi import encode_arguments
from tanlian.chain.book import Book, Entry, Wiring, code_hash, read_book
from tanlian.chain.connection import Connection, quantity
from tanlian.chain.contracts import interface_of
from tanlian.chain.errors import BookError, WrongChain
from tanlian.chain.keys import Call, Fees, contract_address
from tanlian.chain.transactions import Receipt, Sender
from tanlian_contracts import artifact

GAS_OF_A_CONTRACT = (
    14_000_000  # 24,576 bytes of code cost about 6,000,000, the rest is its constructor
)
GAS_OF_WIRING = 3_000_000

Params = Mapping[str, Any]
Arguments = Callable[["Setting"], tuple[Any, ...]]
Notice = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """What arguments may refer to: the network's parameters and every contract's address to be."""

    params: Params
    deployer: str
    addresses: Mapping[str, str]

    def at(self, name: str) -> str:
        return self.addresses[name]


def nothing(_: Setting) -> tuple[Any, ...]:
    """No arguments."""
    return ()


@dataclass(frozen=True, slots=True)
class New:
    """One contract to deploy: its name in the book, its source, its constructor's arguments."""

    name: str
    contract: str
    arguments: Arguments = nothing


@dataclass(frozen=True, slots=True)
class Wire:
    """One call to make once all contracts stand."""

    name: str
    function: str
    arguments: Arguments = nothing

    @property
    def step(self) -> str:
        return f"{self.name}.{self.function}"


@dataclass(frozen=True, slots=True)
class Expect:
    """What a view of a contract must answer once the deployment is complete.

    `answer` is the value, or the arguments-like function of it. Where `needs` names a contract that
    the plan lacks, nothing is expected.
    """

    name: str
    function: str
    arguments: Arguments
    answer: Any
    needs: str | None = None

    def wanted(self, setting: "Setting") -> Any:
        return self.answer(setting)[0] if callable(self.answer) else self.answer


@dataclass(frozen=True, slots=True)
class Plan:
    """Contracts, then wiring, both in order; and what must hold afterwards."""

    contracts: Sequence[New]
    wiring: Sequence[Wire]
    expectations: Sequence[Expect] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of a deployment, fixed before it is sent."""

    title: str
    nonce: int
    call: Call
    new: New | None
    arguments: tuple[Any, ...]
    address: str


def deploy(
    sender: Sender,
    plan: Plan,
    params: Params,
    *,
    network: str,
    path: Path,
    notice: Notice | None = None,
) -> Book:
    """Bring the chain to where the plan is carried out, and the book to where it says so.

    Call it again after an interruption. On a complete book it changes nothing.

    Raises:
        WrongChain: the book at `path` is of another chain.
        BookError: it is of another plan or deployer, or the chain contradicts it.
    """
    connection = sender.connection
    book = read_book(path)
    if book is None:
        book = _opened(sender, network)
        book.write(path)
    _check_header(book, connection)
    steps = steps_of(plan, params, book)
    _check_same_plan(book, steps, path)
    if book.complete:
        book.verify(connection)
        return book
    if book.deployer != sender.address:
        raise BookError(
            f"The deployment in {path} was begun by {book.deployer}, and only that key can finish "
            f"it; this one is {sender.address}.",
            path=str(path),
        )
    for done, step in enumerate(steps):
        if notice is not None:
            notice(done, len(steps), step.title)
        if _is_recorded(book, step):
            continue
        book = _recorded(book, step, _carried_out(sender, step, book), connection)
        book.write(path)
    book = replace(book, complete=True)
    book.write(path)
    if notice is not None:
        notice(len(steps), len(steps), "complete")
    return book


def steps_of(plan: Plan, params: Params, book: Book) -> list[Step]:
    """Every transaction of a plan, in order, with addresses as they are or will be."""
    addresses = {
        new.name: contract_address(book.deployer, book.first_nonce + offset)
        for offset, new in enumerate(plan.contracts)
    }
    setting = Setting(params, book.deployer, addresses)
    steps: list[Step] = []
    for new in plan.contracts:
        compiled = artifact(new.contract)
        arguments = new.arguments(setting)
        types = interface_of(new.contract).constructor
        data = bytes.fromhex(compiled["bytecode"][2:]) + encode_arguments(
            f"the constructor of {new.contract}", types, arguments
        )
        nonce = book.first_nonce + len(steps)
        call = Call(to=None, data=data, gas=GAS_OF_A_CONTRACT)
        steps.append(Step(new.name, nonce, call, new, arguments, addresses[new.name]))
    contract_of = {new.name: new.contract for new in plan.contracts}
    for wire in plan.wiring:
        arguments = wire.arguments(setting)
        function = interface_of(contract_of[wire.name]).function(wire.function, len(arguments))
        call = Call(addresses[wire.name], function.data(arguments), GAS_OF_WIRING)
        nonce = book.first_nonce + len(steps)
        steps.append(Step(wire.step, nonce, call, None, arguments, addresses[wire.name]))
    return steps


def _opened(sender: Sender, network: str) -> Book:
    connection, fees = sender.connection, sender.fees()
    mined = quantity(connection.request("eth_getTransactionCount", sender.address, "latest"))
    if sender.next_nonce() != mined:
        raise BookError(
            f"The deployer {sender.address} has transactions that are in no block yet; wait for "
            "them and deploy again."
        )
    return Book(
        network=network,
        chain_id=connection.chain_id,
        genesis_hash=connection.genesis_hash,
        deployer=sender.address,
        first_nonce=mined,
        max_fee=fees.max_fee,
        priority_fee=fees.priority,
    )


def _check_header(book: Book, connection: Connection) -> None:
    if (book.chain_id, book.genesis_hash) != (connection.chain_id, connection.genesis_hash):
        book.verify(connection)
        raise WrongChain("The book is of another chain.")


def _check_same_plan(book: Book, steps: Sequence[Step], path: Path) -> None:
    """Refuse to go on with other contracts or parameters than the book was begun with."""
    planned = {step.title: step for step in steps}
    titles = [*book.contracts, *(wiring.step for wiring in book.wiring)]
    surplus = [title for title in titles if title not in planned]
    changed = [
        name
        for name, entry in book.contracts.items()
        if name in planned and (entry.integrity, entry.arguments) != _made_of(planned[name])
    ]
    missing = [title for title in planned if book.complete and title not in titles]
    if surplus or changed or missing:
        named = ", ".join([*surplus, *changed, *missing])
        raise BookError(
            f"The deployment in {path} was made of other contracts or parameters than these "
            f"({named}). Deploy the new ones with another book (--book), or go back to the version "
            "that made it.",
            path=str(path),
        )


def _made_of(step: Step) -> tuple[str, tuple[Any, ...]]:
    assert step.new is not None
    return artifact(step.new.contract)["integrity"], plain(step.arguments)


def _is_recorded(book: Book, step: Step) -> bool:
    if step.new is not None:
        return step.new.name in book.contracts
    return any(wiring.step == step.title for wiring in book.wiring)


def _carried_out(sender: Sender, step: Step, book: Book) -> Receipt:
    """The receipt of a step, which is sent unless the chain has it already."""
    fees = Fees(book.max_fee, book.priority_fee)
    raw, tx_hash = sender.sign(step.call, step.nonce, fees)
    connection = sender.connection
    if connection.request("eth_getTransactionByHash", tx_hash) is None:
        mined = quantity(connection.request("eth_getTransactionCount", sender.address, "latest"))
        if mined > step.nonce:
            raise BookError(
                f"The deployer's transaction {step.nonce}, meant for {step.title}, was used for "
                "something else. Move the book away and deploy anew, with a key that does nothing "
                "else.",
                nonce=step.nonce,
            )
    return sender.deliver(step.call, raw, tx_hash)


def _recorded(book: Book, step: Step, receipt: Receipt, connection: Connection) -> Book:
    if step.new is None:
        return book.with_wiring(Wiring(step.title, receipt.tx_hash, receipt.block))
    code = connection.code(step.address)
    if not code:
        raise BookError(
            f"{step.title} has no code at {step.address} after its transaction {receipt.tx_hash}."
        )
    return book.with_contract(
        step.new.name,
        Entry(
            contract=step.new.contract,
            address=step.address,
            tx_hash=receipt.tx_hash,
            block=receipt.block,
            integrity=artifact(step.new.contract)["integrity"],
            code_hash=code_hash(code),
            arguments=plain(step.arguments),
        ),
    )


def plain(value: Any) -> Any:
    """A value as JSON keeps it: bytes as hex digits, sequences as tuples."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return tuple(plain(part) for part in value)
    return value


__all__ = ["Expect", "New", "Plan", "Setting", "Step", "Wire", "deploy", "nothing", "steps_of"]
