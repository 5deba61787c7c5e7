"""Many keys that act at once: every transaction signed by its own key, handed over in batches.

`transactions.Sender` is one key with a queue of acts; a market has hundreds of members with a few
acts each, and one request full of different senders is what a node takes in fastest.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tanlian.chain.connection import Connection, chunks, quantity, result_of
from tanlian.chain.errors import ChainError, TransactionTimeout
from tanlian.chain.keys import Call, Fees, Key, keccak
from tanlian.chain.transactions import (
    GAS_OF_A_TRANSFER,
    GAS_WHERE_UNSTATED,
    IN_ONE_REQUEST,
    POLL_FIRST_SECONDS,
    POLL_LAST_SECONDS,
    TIMEOUT_SECONDS,
    Outcome,
    Progress,
    Sender,
    outcome_of,
)


@dataclass(frozen=True, slots=True)
class Act:
    """What one key asks for."""

    key: Key
    call: Call


@dataclass(frozen=True, slots=True)
class _Sent:
    place: int
    act: Act
    raw: bytes
    tx_hash: str


@dataclass(slots=True)
class Crowd:
    """The members' keys of this process; nobody else sends with them while it runs."""

    connection: Connection
    timeout: float = TIMEOUT_SECONDS
    pace: float = 0.0  # acts a second, of the last sending
    _nonces: dict[str, int] = field(default_factory=dict)
    _fees: Fees | None = None

    def send(self, acts: Sequence[Act], *, progress: Progress | None = None) -> list[Outcome]:
        """Send the acts in their order; each has its own outcome, a refused one stops no other."""
        if not acts:
            return []
        self._ask_nonces(acts)
        if self._fees is None:
            self._fees = Sender(self.connection, acts[0].key).fees()
        outcomes: dict[int, Outcome] = {}
        begun = time.monotonic()
        for some in chunks(list(enumerate(acts)), IN_ONE_REQUEST):
            sent = [self._sign(place, act) for place, act in some]
            waiting = self._hand_over(sent, outcomes)
            self._wait(waiting, outcomes)
            if progress is not None:
                progress(len(outcomes), len(acts))
        self.pace = len(acts) / max(time.monotonic() - begun, 0.001)
        return [outcomes[place] for place in range(len(acts))]

    def send_all(self, acts: Sequence[Act], *, progress: Progress | None = None) -> None:
        """Send acts of which none may fail.

        Raises:
            ChainError: the first refusal; acts before and after it may have taken effect.
        """
        for outcome in self.send(acts, progress=progress):
            outcome.unwrap()

    def _ask_nonces(self, acts: Sequence[Act]) -> None:
        addresses = list(dict.fromkeys(act.key.address for act in acts))
        answers = self.connection.batch(
            [("eth_getTransactionCount", [address, "pending"]) for address in addresses]
        )
        for address, answer in zip(addresses, answers, strict=True):
            self._nonces[address] = quantity(result_of(answer))

    def _sign(self, place: int, act: Act) -> _Sent:
        assert self._fees is not None
        nonce = self._nonces[act.key.address]
        self._nonces[act.key.address] = nonce + 1
        call = act.call if act.call.gas else replace(act.call, gas=GAS_WHERE_UNSTATED)
        raw = act.key.sign_transaction(
            call, nonce=nonce, chain_id=self.connection.chain_id, fees=self._fees
        )
        return _Sent(place, Act(act.key, call), raw, "0x" + keccak(raw).hex())

    def _hand_over(self, sent: Sequence[_Sent], outcomes: dict[int, Outcome]) -> list[_Sent]:
        answers = self.connection.batch(
            [("eth_sendRawTransaction", ["0x" + one.raw.hex()]) for one in sent]
        )
        waiting = []
        refused: dict[str, int] = defaultdict(int)
        for one, answer in zip(sent, answers, strict=True):
            try:
                result_of(answer)
            except ChainError as error:
                if "known" not in error.user_message:
                    outcomes[one.place] = Outcome(None, error)
                    refused[one.act.key.address] += 1
                    continue
            waiting.append(one)
        for one in sent:
            if refused.pop(one.act.key.address, 0):
                self._close_gap(one.act.key)
        return waiting

    def _close_gap(self, key: Key) -> None:
        """Use up the numbers of refused transactions, so that those behind them can go on."""
        assert self._fees is not None
        start = quantity(self.connection.request("eth_getTransactionCount", key.address, "pending"))
        nothing = Call(to=key.address, data=b"", gas=GAS_OF_A_TRANSFER)
        for nonce in range(start, self._nonces[key.address]):
            raw = key.sign_transaction(
                nothing, nonce=nonce, chain_id=self.connection.chain_id, fees=self._fees
            )
            self.connection.batch([("eth_sendRawTransaction", ["0x" + raw.hex()])])
        self._nonces[key.address] = quantity(
            self.connection.request("eth_getTransactionCount", key.address, "pending")
        )

    def _wait(self, waiting: list[_Sent], outcomes: dict[int, Outcome]) -> None:
        pause, deadline = POLL_FIRST_SECONDS, time.monotonic() + self.timeout
        while waiting:
            answers = self.connection.batch(
                [("eth_getTransactionReceipt", [one.tx_hash]) for one in waiting]
            )
            left = []
            for one, answer in zip(waiting, answers, strict=True):
                receipt = result_of(answer)
                if receipt is None:
                    left.append(one)
                    continue
                sender = Sender(self.connection, one.act.key)
                outcomes[one.place] = outcome_of(
                    sender.connection, sender.address, one.act.call, receipt
                )
            if len(left) < len(waiting):
                pause, deadline = POLL_FIRST_SECONDS, time.monotonic() + self.timeout
            elif time.monotonic() > deadline:
                for one in left:
                    error = TransactionTimeout(
                        f"Transaction {one.tx_hash} is in no block after {self.timeout:.0f} s; "
                        "look whether the chain makes blocks before repeating the act.",
                        tx_hash=one.tx_hash,
                    )
                    outcomes[one.place] = Outcome(None, error)
                return
            waiting = left
            if waiting:
                time.sleep(pause)
                pause = min(pause * 1.5, POLL_LAST_SECONDS)
