"""Orders settled per second on four real Besu validators against token transfers there, in one run.

    BESU_HOME=… python bench/besu_orders.py [--orders 4000] [--transfers 2000] [--rounds 3]

A throw-away network of four validators on this machine (1-second blocks, 30 million gas), the whole
protocol deployed on it. Each round sends pre-signed transfers of a bare ERC-20 in batches, then
pre-signed quotes of as many members, half buying and half selling, 4 and 16 under a signature, and
clears the session. Transfers count from the first sent to the last in a block; orders likewise,
plus the calls that clear, without the wait for the end of the auction between. Every order must be
settled. The ratios count, not the figures.
"""

import argparse
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_speed import GAS, TOKEN

from tanlian.chain.connection import Connection, chunks, quantity, result_of
from tanlian.chain.keys import Call, Fees, Key, contract_address, keccak
from tanlian.chain.transactions import Sender
from tanlian.domain.instrument import allowance
from tanlian.domain.quotes import Quote
from tanlian.domain.roles import Role
from tanlian.domain.target import Target
from tanlian.domain.units import MICRO_YUAN_PER_TICK, Lots, Ticks
from tanlian.services.auditing import audit
from tanlian.services.consortium import Candidate, Consortium, Member
from tanlian.services.eutl_import import institution
from tanlian.services.narration import SilentNarrator
from tanlian.services.run_folder import RunFolder, open_consortium
from tanlian.services.session_run import SessionRun
from tanlian.services.session_terms import Clock, terms_of
from tanlian_node.besu import find_besu
from tanlian_node.local import start_nodes, stop_nodes, wait_for_height
from tanlian_node.network_file import parse_network
from tanlian_node.network_files import write_network

CHAIN_ID = 20_261
YEAR = 2024
TICK = 6_000
SENDERS = 40
MEMBERS = 40
BATCH = 200
SLUGS = ("regulator", "exchange", "bank", "verifier")
A_SIGNATURE = (4, 16)
STEPS = 3_000  # about 4,500 gas each: one call is what every network's block holds


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def network(folder: Path) -> Iterator[str]:
    """Four validators while the block runs; yields the RPC of the first."""
    ports = iter(free_ports(3 * len(SLUGS)))
    table = {
        "network": {
            "name": "bench", "chain_id": CHAIN_ID, "besu_version": 25, "permissioned": False,
            # with 4 s, a busy machine's blocks outlast their rounds, and the back-off is measured
            "request_timeout_seconds": 20,
        },
        "organisations": [
            {"id": number, "slug": slug} for number, slug in enumerate(SLUGS, start=1)
        ],
        "nodes": [
            {
                "name": f"{slug}-1", "organisation": slug, "p2p_port": next(ports),
                "rpc_port": next(ports), "metrics_port": next(ports),
            }
            for slug in SLUGS
        ],
    }  # fmt: skip
    record = write_network(parse_network(table), folder, "for the bench", quick_keys=True)
    start_nodes(record, find_besu(), "")
    try:
        wait_for_height(record, 1)
        yield record.nodes[0].rpc
    finally:
        stop_nodes(record)


class Transfers:
    """A bare ERC-20 and keys that send it around."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys = [Key(keccak(f"bench/{number}".encode())) for number in range(SENDERS)]
        self._nonces = [0] * SENDERS
        Sender(connection, self._keys[0]).send(Call(None, TOKEN, 1_000_000))
        self._token = contract_address(self._keys[0].address, 0)
        self._nonces[0] = 1
        self.run(SENDERS)  # whoever has nothing yet gets something; later balances are warm

    def run(self, count: int) -> float:
        """Send so many; returns how many a second were in blocks."""
        raws, hashes = [], []
        for number in range(count):
            turn = number % SENDERS
            to = self._keys[(turn + 1) % SENDERS].address[2:]
            sender = 0 if count == SENDERS else turn
            data = keccak(b"transfer(address,uint256)")[:4] + bytes(12) + bytes.fromhex(to)
            raw = self._keys[sender].sign_transaction(
                Call(self._token, data + (10**6 if sender == 0 else 1).to_bytes(32), GAS),
                nonce=self._nonces[sender], chain_id=CHAIN_ID, fees=Fees(),
            )  # fmt: skip
            self._nonces[sender] += 1
            raws.append("0x" + raw.hex())
            hashes.append("0x" + keccak(raw).hex())
        began = time.monotonic()
        for some in chunks(raws, BATCH):
            for answer in self._connection.batch([("eth_sendRawTransaction", [r]) for r in some]):
                result_of(answer)
        last = [("eth_getTransactionReceipt", [h]) for h in hashes[-SENDERS:]]  # each sender's last
        while any(result_of(answer) is None for answer in self._connection.batch(last)):
            time.sleep(0.05)
        rate = count / (time.monotonic() - began)
        for some in chunks(hashes, BATCH):
            receipts = self._connection.batch([("eth_getTransactionReceipt", [h]) for h in some])
            assert all(quantity(result_of(answer)["status"]) == 1 for answer in receipts)
        return rate


class Orders:
    """Members with units and money, and sessions in which all of their orders meet."""

    def __init__(self, folder: RunFolder, consortium: Consortium, orders: int, sessions: int):
        self._consortium = consortium
        self._orders = orders
        self._exchange = institution(consortium, folder, "exchange", Role.EXCHANGE)
        bank = institution(consortium, folder, "bank", Role.BANK)
        self._members: list[Member] = consortium.admit(
            [
                Candidate(f"bench:{n}", f"Member {n}", Role.EMITTER, 0, 0, folder.key(f"bench/{n}"))
                for n in range(MEMBERS)
            ]
        )
        each = orders // MEMBERS * sessions
        self._instrument = allowance(YEAR).token_id
        sellers = [(member, each) for member in self._members[::2]]
        buyers = [
            (member, each * (TICK + 1) * MICRO_YUAN_PER_TICK) for member in self._members[1::2]
        ]
        consortium.plan(YEAR, sellers, "bench")
        consortium.allocate(YEAR, sellers, bytes(31) + b"\1")
        consortium.list_instrument(self._exchange, self._instrument)
        consortium.issue_money(bank, buyers, "bench")
        consortium.deposit_units(self._instrument, sellers)
        consortium.deposit_money(self._instrument, buyers)

    def run(self, in_a_message: int, window: int) -> float:
        """One session; returns how many orders a second were settled."""
        now = self._consortium.access.connection.now()
        ends, closes = now + window, now + 2 * window
        clock = Clock(now + 5, ends, ends, closes, closes + 1_000)
        terms = terms_of(
            "cn_market_2021", instrument=self._instrument, clock=clock, reference_tick=TICK,
            buy_roles=int(Role.EMITTER), sell_roles=int(Role.EMITTER), next_day_sale=False,
        )  # fmt: skip
        last = self._consortium.access.contracts.market.read("closing_tick", self._instrument)
        run = SessionRun.announced(
            self._consortium, self._exchange, terms._replace(reference_tick=0) if last else terms
        )
        quotes = [
            (
                member,
                [Quote(bool(n % 2), Ticks(TICK + n % 2), Lots(1))] * (self._orders // MEMBERS),
            )
            for n, member in enumerate(self._members)
        ]
        calls = run.signed(quotes, run.terms.auction_ends_at, in_a_message)
        run.wait_until(run.terms.opens_at, "until the session opens")
        began = time.monotonic()
        tally = run.bring(calls)
        placed = time.monotonic() - began
        assert tally.placed == self._orders, tally.refused[:3]
        run.wait_until(run.terms.auction_ends_at, "until the auction ends")
        began = time.monotonic()
        took = run.clear(STEPS)
        cleared = time.monotonic() - began
        session = audit(self._consortium.access.contracts, confirm=False).session(run.number)
        assert 2 * session.volume_lots == self._orders, "an order was not settled"
        run.wait_until(closes, "until the session closes")  # the next one needs it closed
        run.close()
        print(
            f"  {in_a_message} a signature: placed in {placed:.1f} s, "
            f"cleared in {cleared:.1f} s, {took} calls"
        )
        return self._orders / (placed + cleared)


def main() -> None:
    """Interleave rounds and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=4_000)
    parser.add_argument("--transfers", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--window", type=int, default=120, help="seconds of an auction")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, network(Path(place) / "network") as rpc:
        folder = RunFolder(Path(place) / "run")
        folder.prepare()
        target = Target(network="consortium", rpc=rpc)
        consortium = open_consortium(folder, target, SilentNarrator())
        transfers = Transfers(consortium.access.connection)
        sessions = options.rounds * len(A_SIGNATURE)
        orders = Orders(folder, consortium, options.orders, sessions)
        rates: dict[int, list[float]] = {each: [] for each in A_SIGNATURE}
        bare: list[float] = []
        for number in range(1, options.rounds + 1):
            bare.append(transfers.run(options.transfers))
            print(f"round {number}: {bare[-1]:.0f} transfers a second", flush=True)
            for each in A_SIGNATURE:
                rates[each].append(orders.run(each, options.window))
                bare.append(transfers.run(options.transfers))
                print(f"  {rates[each][-1]:.0f} orders a second; {bare[-1]:.0f} transfers a second")
        peer = statistics.median(bare)
        print(f"transfers: {min(bare):.0f} to {max(bare):.0f} a second, median {peer:.0f}")
        for each, found in rates.items():
            print(
                f"orders, {each} a signature: {min(found):.0f} to {max(found):.0f} a second, "
                f"median {statistics.median(found):.0f}, {statistics.median(found) / peer:.1f} "
                "times the transfers"
            )


if __name__ == "__main__":
    main()
