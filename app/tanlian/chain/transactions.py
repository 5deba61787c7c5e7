"""Transactions: signed here, numbered ahead, handed over in batches, waited for, never sent twice.

What keeps an act from happening twice: an act is signed once, and whenever there is doubt (no
answer, a restart of the node) the *same bytes* are handed over again, which is one transaction to
the chain. It is signed anew under another number only after the chain has shown that its number was
used by another transaction, so that the first can never happen.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tanlian.chain.connection import Connection, chunks, quantity, result_of
from tanlian.chain.errors import ChainError, NodeRefused, NonceTaken, TransactionTimeout
from tanlian.chain.keys import Call, Fees, Key, checksum, keccak
from tanlian.chain.reverts import explain, reason_in

log = logging.getLogger(__name__)

GAS_WHERE_UNSTATED = 3_000_000  # limit for calls sent in bulk; gas is free, blocks hold thousands
# the smallest block that a network may have holds 16 million; see tanlian_node/network.py
MOST_GAS_IN_A_CALL = 14_000_000
GAS_OF_A_TRANSFER = 21_000
GAS_OF_DISTINCTION = 1_000
IN_ONE_REQUEST = 100
IN_FLIGHT = 400  # handed over and in no block yet; nodes limit the queue of one account
POLL_FIRST_SECONDS = 0.02
POLL_LAST_SECONDS = 0.4
TIMEOUT_SECONDS = 120.0
ROUNDS_OF_RENUMBERING = 20
# what Besu, the embedded chain and others say of bytes that no node takes, now or later
_MARKS_OF_NEVER = (
    "intrinsic gas", "exceeds block gas limit", "wrong chainid", "invalid chain id",
    "initcode size", "invalid signature", "priority fee per gas exceeds",
    "priority fee per gas higher",
)  # fmt: skip
_MARKS_OF_KNOWN = ("already known", "known transaction", "already imported", "already in")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that is in a block and took effect."""

    tx_hash: str
    block: int
    gas_used: int
    contract_address: str | None
    logs: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call of many: a receipt, or the error that it met."""

    receipt: Receipt | None
    error: ChainError | None

    def unwrap(self) -> Receipt:
        if self.receipt is None:
            assert self.error is not None
            raise self.error
        return self.receipt


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction as it stands in the chain, whether it took effect or not."""

    tx_hash: str
    sender: str
    nonce: int
    to: str | None
    data: bytes
    block: int


def transactions_of(connection: Connection, hashes: Sequence[str]) -> list[Transaction | None]:
    """The transactions with these hashes; none for one that is in no block."""
    answers = connection.batch([("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes])
    found: list[Transaction | None] = []
    for answer in answers:
        tx = result_of(answer)
        if tx is None or tx.get("blockNumber") is None:
            found.append(None)
            continue
        found.append(
            Transaction(
                tx_hash=tx["hash"],
                sender=checksum(tx["from"]),
                nonce=quantity(tx["nonce"]),
                to=checksum(tx["to"]) if tx.get("to") else None,
                data=bytes.fromhex(tx["input"][2:]),
                block=quantity(tx["blockNumber"]),
            )
        )
    return found


@dataclass(slots=True)
class _Sent:
    index: int
    call: Call
    nonce: int
    raw: bytes
    tx_hash: str


class Sender:
    """Sends transactions of one key.

    Two senders of one key, in this process or another, disturb but do not harm each other: the
    later one numbers its transactions anew.
    """

    def __init__(
        self, connection: Connection, key: Key, *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.connection = connection
        self.key = key
        self.timeout = timeout
        self._fees: Fees | None = None

    @property
    def address(self) -> str:
        return self.key.address

    def fees(self) -> Fees:
        """The price to offer; asked for once."""
        if self._fees is None:
            self._fees = fees_at(quantity(self.connection.request("eth_gasPrice")))
        return self._fees

    def estimate(self, call: Call) -> int:
        """Ask the node how much gas a call needs.

        Raises:
            ContractRefused: the call would be refused; nothing was sent.
        """
        return estimate(self.connection, self.address, call)

    def send(self, call: Call) -> Receipt:
        """Send one call and wait for its receipt; one without a gas limit is tried out first.

        Raises:
            ContractRefused: a contract refused it.
            TransactionTimeout: it is in no block yet; the error names its hash.
        """
        if call.gas == 0:
            call = replace(call, gas=with_reserve(self.estimate(call)))
        return self.send_many([call])[0].unwrap()

    def send_many(
        self, calls: Sequence[Call], *, progress: Progress | None = None
    ) -> list[Outcome]:
        """Send calls in their order, without waiting for one before the next.

        Each call has its own outcome; a refused one does not hold up those behind it.
        """
        delivery = _Delivery(self, calls, progress)
        delivery.run()
        return delivery.outcomes()

    def deliver(self, call: Call, raw: bytes, tx_hash: str) -> Receipt:
        """Hand over signed bytes, unless the chain has them, and wait for their receipt.

        Raises:
            ContractRefused: a contract refused it.
            NonceTaken: the number of these bytes was used by another transaction.
            TransactionTimeout: it is in no block yet.
        """
        deadline, pause = time.monotonic() + self.timeout, POLL_FIRST_SECONDS
        handed_over: float | None = None
        while time.monotonic() < deadline:
            receipt = self.connection.request("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return outcome_of(self.connection, self.address, call, receipt).unwrap()
            if handed_over is None or time.monotonic() - handed_over > self.timeout / 4:
                self._hand_over(raw, tx_hash)
                handed_over = time.monotonic()
                continue
            time.sleep(pause)
            pause = min(pause * 1.5, POLL_LAST_SECONDS)
        raise TransactionTimeout(
            f"Transaction {tx_hash} is in no block after {self.timeout:.0f} s and may still get "
            "into one; look whether the chain makes blocks before repeating.",
            tx_hash=tx_hash,
        )

    def _hand_over(self, raw: bytes, tx_hash: str) -> None:
        if self.connection.request("eth_getTransactionByHash", tx_hash) is not None:
            return
        try:
            self.connection.request("eth_sendRawTransaction", "0x" + raw.hex())
        except NodeRefused as error:
            if self.connection.request("eth_getTransactionByHash", tx_hash) is not None:
                return
            if number_is_taken(error.user_message):
                raise NonceTaken(
                    f"Another transaction of {self.address} took the place of {tx_hash}; look what "
                    "it did before repeating.",
                    tx_hash=tx_hash,
                ) from error
            raise

    def sign(self, call: Call, nonce: int, fees: Fees | None = None) -> tuple[bytes, str]:
        """The signed bytes of a call and their hash."""
        raw = self.key.sign_transaction(
            call,
            nonce=nonce,
            chain_id=self.connection.chain_id,
            fees=self.fees() if fees is None else fees,
        )
        return raw, "0x" + keccak(raw).hex()

    def next_nonce(self) -> int:
        """The number of the next transaction, counting those that wait at the node."""
        return next_nonce(self.connection, self.address)


class _Delivery:
    """One run of `send_many`."""

    def __init__(self, sender: Sender, calls: Sequence[Call], progress: Progress | None) -> None:
        self._sender = sender
        self._connection = sender.connection
        self._calls = calls
        self._progress = progress
        self._outcomes: dict[int, Outcome] = {}
        self._in_flight: dict[str, _Sent] = {}
        self._again: list[int] = []
        self._renumbered = 0
        self._nonce = 0
        self._stopped = False

    def run(self) -> None:
        self._nonce = self._sender.next_nonce()
        waiting = list(range(len(self._calls)))
        while (waiting or self._in_flight) and not self._stopped:
            while waiting and len(self._in_flight) < IN_FLIGHT:
                chunk, waiting = waiting[:IN_ONE_REQUEST], waiting[IN_ONE_REQUEST:]
                self._hand_over(chunk)
                if self._again:
                    waiting = sorted([*self._again, *waiting])
                    self._again = []
                    self._renumber()
            self._collect(until=0 if not waiting else IN_FLIGHT - IN_ONE_REQUEST)
            if self._again:
                waiting = sorted([*self._again, *waiting])
                self._again = []
                self._renumber()
        for index in waiting:
            self._settle(
                index,
                Outcome(None, TransactionTimeout("Not sent: those before it are in no block yet.")),
            )

    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[index] for index in range(len(self._calls))]

    # -- handing over ----------------------------------------------------------------------------

    def _hand_over(self, indices: list[int]) -> None:
        """Sign and send one request full; afterwards no accepted transaction waits behind a gap."""
        first = self._nonce
        sent = [self._sign(index, first + offset) for offset, index in enumerate(indices)]
        answers = self._send_raw(sent)
        accepted = [
            self._is_accepted(one, answer) for one, answer in zip(sent, answers, strict=True)
        ]
        numbers = [one.nonce for one, good in zip(sent, accepted, strict=True) if good]
        self._nonce = max(numbers, default=first - 1) + 1
        for one, good in zip(sent, accepted, strict=True):
            if not good and one.nonce < self._nonce:
                self._fill(one.nonce)

    def _sign(self, index: int, nonce: int) -> _Sent:
        """Sign one call, with a gas limit that no other act has by chance.

        Two processes with one key that ask for the same act under the same number would otherwise
        make one and the same transaction, and each would believe that its act happened.
        """
        call = self._calls[index]
        gas = (call.gas or GAS_WHERE_UNSTATED) + secrets.randbelow(GAS_OF_DISTINCTION)
        call = replace(call, gas=gas)
        raw, tx_hash = self._sender.sign(call, nonce)
        return _Sent(index, call, nonce, raw, tx_hash)

    def _send_raw(self, sent: Sequence[_Sent]) -> list[dict[str, Any]]:
        return self._connection.batch(
            [("eth_sendRawTransaction", ["0x" + one.raw.hex()]) for one in sent]
        )

    def _is_accepted(self, one: _Sent, answer: dict[str, Any]) -> bool:
        """Sort one answer: in flight, to be numbered anew, or refused for good."""
        if answer.get("error") is None or self._is_known(one.tx_hash, answer["error"]):
            self._in_flight[one.tx_hash] = one
            return True
        if number_is_taken(answer["error"]):
            self._again.append(one.index)
            return True  # the number is in use, so there is no gap
        try:
            result_of(answer)
        except ChainError as error:
            self._settle(one.index, Outcome(None, error))
        return False

    def _is_known(self, tx_hash: str, error: Any) -> bool:
        if is_known(error):
            return True
        if not number_is_taken(error):
            return False
        return self._connection.request("eth_getTransactionByHash", tx_hash) is not None

    def _fill(self, nonce: int) -> None:
        """Use up the number of a refused transaction, so that those behind it can go on."""
        nothing = Call(to=self._sender.address, data=b"", gas=GAS_OF_A_TRANSFER)
        raw, tx_hash = self._sender.sign(nothing, nonce)
        log.warning("gap filled: account %s nonce %s by %s", self._sender.address, nonce, tx_hash)
        try:
            self._connection.request("eth_sendRawTransaction", "0x" + raw.hex())
        except NodeRefused as error:
            if not number_is_taken(error.user_message):
                raise

    def _renumber(self) -> None:
        """Go on behind whatever the other user of this key has sent."""
        self._renumbered += 1
        if self._renumbered > ROUNDS_OF_RENUMBERING:
            raise NonceTaken(
                f"Another process keeps sending with the account {self._sender.address}; "
                "stop it, or give it a key of its own.",
                account=self._sender.address,
            )
        self._nonce = self._sender.next_nonce()

    # -- waiting ---------------------------------------------------------------------------------

    def _collect(self, until: int) -> None:
        """Wait until at most `until` transactions are in flight."""
        pause, deadline, repeated = (
            POLL_FIRST_SECONDS,
            time.monotonic() + self._sender.timeout,
            False,
        )
        while len(self._in_flight) > until:
            if self._take_receipts():
                pause, deadline, repeated = POLL_FIRST_SECONDS, self._deadline(), False
                continue
            if time.monotonic() > deadline:
                if repeated:
                    self._give_up()
                    return
                self._hand_over_again()
                deadline, repeated = self._deadline(), True
            time.sleep(pause)
            pause = min(pause * 1.5, POLL_LAST_SECONDS)

    def _deadline(self) -> float:
        return time.monotonic() + self._sender.timeout / 2

    def _take_receipts(self) -> int:
        hashes = list(self._in_flight)
        taken = 0
        for some in chunks(hashes, IN_ONE_REQUEST):
            answers = self._connection.batch([("eth_getTransactionReceipt", [h]) for h in some])
            found = 0
            for tx_hash, answer in zip(some, answers, strict=True):
                receipt = result_of(answer)
                if receipt is not None:
                    one = self._in_flight.pop(tx_hash)
                    self._settle(
                        one.index,
                        outcome_of(self._connection, self._sender.address, one.call, receipt),
                    )
                    found += 1
            taken += found
            if not found:
                break  # blocks keep the order: those behind are in no block either
        return taken

    def _hand_over_again(self) -> None:
        """Hand the same bytes over again where the node has lost them, as after a restart."""
        sent = sorted(self._in_flight.values(), key=lambda one: one.nonce)
        known = self._connection.batch([("eth_getTransactionByHash", [s.tx_hash]) for s in sent])
        lost = [one for one, answer in zip(sent, known, strict=True) if result_of(answer) is None]
        for one, answer in zip(lost, self._send_raw(lost), strict=True):
            error = answer.get("error")
            taken = error is not None and number_is_taken(error)
            if taken and not self._is_known(one.tx_hash, error):
                del self._in_flight[one.tx_hash]
                self._again.append(one.index)

    def _give_up(self) -> None:
        for one in self._in_flight.values():
            error = TransactionTimeout(
                f"Transaction {one.tx_hash} is in no block after {self._sender.timeout:.0f} s and "
                "may still get into one; look whether the chain makes blocks before repeating.",
                tx_hash=one.tx_hash,
            )
            self._settle(one.index, Outcome(None, error))
        self._in_flight.clear()
        self._stopped = True

    def _settle(self, index: int, outcome: Outcome) -> None:
        self._outcomes[index] = outcome
        if self._progress is not None:
            self._progress(len(self._outcomes), len(self._calls))


def fees_at(price: int) -> Fees:
    """What to offer at a node's gas price.

    A chain of free gas says so by its gas price; its first block still carries a base fee.
    """
    return Fees(max_fee=2 * price, priority=price // 2) if price else Fees()


def estimate(connection: Connection, account: str, call: Call) -> int:
    """Ask the node how much gas a call of an account needs.

    Raises:
        ContractRefused: the call would be refused; nothing was sent.
    """
    question = {"from": account, "data": "0x" + call.data.hex(), "value": hex(call.value)}
    if call.to is not None:
        question["to"] = call.to
    return quantity(connection.request("eth_estimateGas", question))


def with_reserve(gas: int) -> int:
    """The limit for a call that was estimated: others may act before it is in a block."""
    return gas * 5 // 4 + 10_000


def next_nonce(connection: Connection, account: str) -> int:
    """The number of an account's next transaction, counting those that wait at the node."""
    return quantity(connection.request("eth_getTransactionCount", account, "pending"))


def outcome_of(
    connection: Connection, account: str, call: Call, receipt: dict[str, Any]
) -> Outcome:
    """Read a receipt; a failed one becomes the contract's refusal."""
    if quantity(receipt["status"]) == 1:
        good = Receipt(
            tx_hash=receipt["transactionHash"],
            block=quantity(receipt["blockNumber"]),
            gas_used=quantity(receipt["gasUsed"]),
            contract_address=receipt.get("contractAddress"),
            logs=tuple(receipt["logs"]),
        )
        return Outcome(good, None)
    return Outcome(None, _refusal(connection, account, call, receipt))


def _refusal(
    connection: Connection, account: str, call: Call, receipt: dict[str, Any]
) -> ChainError:
    """Find out why a transaction failed: from its receipt, else by trying it again."""
    tx_hash = receipt["transactionHash"]
    if receipt.get("revertReason"):
        data = bytes.fromhex(receipt["revertReason"][2:])
        return explain(reason_in(data), tx_hash=tx_hash)
    if quantity(receipt["gasUsed"]) >= call.gas:
        return NodeRefused(
            f"Transaction {tx_hash} ran out of its {call.gas} gas; do less at once.",
            tx_hash=tx_hash,
        )
    question = {"from": account, "to": call.to, "data": "0x" + call.data.hex()}
    block = quantity(receipt["blockNumber"])
    for state in (block - 1, block):
        try:
            connection.request("eth_call", question, hex(state))
        except ChainError as error:
            error.fields["tx_hash"] = tx_hash
            return error
    return explain("", tx_hash=tx_hash)


def _message(error: Any) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error).lower()


def is_known(error: Any) -> bool:
    """Whether a node's error says that it has the transaction already."""
    return any(mark in _message(error) for mark in _MARKS_OF_KNOWN)


def is_refused_for_good(error: Any) -> bool:
    """Whether a node's error is about the bytes of a transaction, which cannot change any more."""
    return any(mark in _message(error) for mark in _MARKS_OF_NEVER)


def number_is_taken(error: Any) -> bool:
    """Whether a node's error says that the transaction's number belongs to another one."""
    message = _message(error)
    return "nonce too low" in message or "nonce below" in message or "underpriced" in message
