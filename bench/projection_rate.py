"""Events a second into the read model, against web3.py with an ORM, of one node in one run.

    python bench/projection_rate.py [--events 100000] [--rounds 3] [--besu] [--folder PATH]

On the embedded chain, or with --besu on four throw-away validators, members trade in transactions
of their own: one half of the events are orders, a quarter fills, a quarter cancellations. Then, in
turn, both read all events since the deployment from the same node into new SQLite tables:

- peer: `get_logs` of web3.py, the contract's ABI, one ORM object an event, one commit a chunk; it
  keeps the events as they are, without the time of their block;
- projector: the read model as the application keeps it: events, organisations named in them,
  blocks, and the tables of orders, fills, sessions, accounts made from them.

The peer asks for as many blocks at once as hold 5,000 events. The node alone is measured beside:
the same ranges, the answers dropped. The ratios count, not the figures; on a busy
machine that of the processor time which each took in its own process says more than that of the
wall clock, in which the node's is contained. --folder keeps an embedded chain for the next run,
which then only measures.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from besu_orders import TICK, Orders, network
from sqlalchemy import Text, create_engine, event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from web3 import HTTPProvider, Web3
from web3._utils.encoding import Web3JsonEncoder
from web3.middleware import ExtraDataToPOAMiddleware

from tanlian.chain.connection import chunks
from tanlian.chain.contracts import Contracts
from tanlian.domain.market_events import records
from tanlian.domain.quotes import Quote
from tanlian.domain.roles import Role
from tanlian.domain.target import Target
from tanlian.domain.units import Lots, Ticks
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.tables import events
from tanlian.services.consortium import Consortium
from tanlian.services.embedded_process import embedded_chain
from tanlian.services.narration import SilentNarrator
from tanlian.services.run_folder import RunFolder, open_consortium
from tanlian.services.session_run import SessionRun
from tanlian.services.session_terms import Clock, terms_of

LEVELS = 4
ACTS_AT_ONCE = 400
EVENTS_AT_ONCE = 5_000
SECONDS_OF_TRADING = 86_400


class Traders(Orders):
    """Members who trade continuously: asks of one lot, of which half are bought, half recalled."""

    def trade(self, count: int) -> None:
        run = self._announce()
        sellers, buyers = self._members[::2], self._members[1::2]
        first = self._consortium.access.connection.head() + 1
        self._send([
            run.trade_limit(
                sellers[n % len(sellers)], Quote(False, Ticks(TICK + 1 + n % LEVELS), Lots(1))
            )
            for n in range(count // 2)
        ])  # fmt: skip
        standing = sorted(
            (record for event in self._consortium.access.contracts.events().read(
                first, contracts=["market"], names=["OrdersPlaced"]
            ) for record in records(event["records"])),
            key=lambda record: (record.tick, record.position),
        )  # fmt: skip
        assert len(standing) == count // 2, "an order does not stand"
        by_number = {member.organisation: member for member in sellers}
        self._send([
            act
            for n, record in enumerate(standing[count // 4 :])
            for act in (
                run.cancel(by_number[record.organisation], record.order_id(run.number)),
                run.trade_limit(
                    buyers[n % len(buyers)], Quote(True, Ticks(TICK + LEVELS), Lots(1))
                ),
            )
        ])  # fmt: skip

    def _announce(self) -> SessionRun:
        now = self._consortium.access.connection.now()
        clock = Clock(
            now + 5, now + 6, now + 7, now + SECONDS_OF_TRADING, now + 2 * SECONDS_OF_TRADING
        )
        run = SessionRun.announced(self._consortium, self._exchange, terms_of(
            "cn_market_2021", instrument=self._instrument, clock=clock, reference_tick=TICK,
            buy_roles=int(Role.EMITTER), sell_roles=int(Role.EMITTER), next_day_sale=False,
        ))  # fmt: skip
        run.wait_until(clock.auction_ends_at, "until the auction ends")
        run.clear()
        return run

    def _send(self, acts: list) -> None:
        began, done = time.monotonic(), 0
        for some in chunks(acts, ACTS_AT_ONCE):
            self._consortium.crowd.send_all(some)
            done += len(some)
            if done % (10 * ACTS_AT_ONCE) == 0:
                print(
                    f"  {done} acts, {done / (time.monotonic() - began):.0f} a second", flush=True
                )


class Row(DeclarativeBase):
    """The peer's only kind of row."""


class Said(Row):
    __tablename__ = "said"

    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    contract: Mapped[str]
    name: Mapped[str]
    tx_hash: Mapped[str]
    body: Mapped[str] = mapped_column(Text)


class Peer:
    """What one writes first: web3.py, its contracts, an ORM."""

    def __init__(self, rpc: str, contracts: Contracts) -> None:
        self.web3 = Web3(HTTPProvider(rpc, request_kwargs={"timeout": 600}))
        self.web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        self._names, self._events = {}, {}
        for name in contracts:
            bound = contracts[name]
            address = Web3.to_checksum_address(bound.address)
            contract = self.web3.eth.contract(address, abi=list(bound.interface.abi))
            self._names[address] = name
            for kind in contract.events:
                self._events[address, bytes.fromhex(kind(contract).topic[2:])] = kind()

    def read(self, file: Path, first: int, last: int, at_once: int) -> int:
        engine = create_engine(f"sqlite:///{file}")
        event.listen(engine, "connect", lambda db, _: db.execute("PRAGMA journal_mode=WAL"))
        Row.metadata.create_all(engine)
        count = 0
        for start in range(first, last + 1, at_once):
            logs = self.web3.eth.get_logs({
                "address": list(self._names), "fromBlock": start,
                "toBlock": min(start + at_once - 1, last),
            })  # fmt: skip
            with Session(engine) as session:
                for log in logs:
                    kind = self._events.get((log["address"], bytes(log["topics"][0])))
                    if kind is None:
                        continue
                    found = kind.process_log(log)
                    session.add(Said(
                        block=found["blockNumber"], log_index=found["logIndex"],
                        contract=self._names[found["address"]], name=found["event"],
                        tx_hash=found["transactionHash"].to_0x_hex(),
                        body=json.dumps(found["args"], cls=Web3JsonEncoder),
                    ))  # fmt: skip
                    count += 1
                session.commit()
        engine.dispose()
        return count


def projected(engine: Engine, contracts: Contracts, last: int) -> int:
    Projector(engine, contracts).catch_up(last)
    with engine.connect() as db:
        return db.scalar(select(func.count()).select_from(events))


def asked_only(contracts: Contracts, first: int, last: int, at_once: int) -> int:
    """Ask the node for the same, and keep nothing; the floor of both."""
    asked = {"address": [contracts[name].address for name in contracts]}
    count = 0
    for start in range(first, last + 1, at_once):
        upto = min(start + at_once - 1, last)
        span = {"fromBlock": hex(start), "toBlock": hex(upto)}
        count += len(contracts.connection.request("eth_getLogs", {**asked, **span}))
    return count


def measure(rpc: str, contracts: Contracts, rounds: int) -> None:
    first, last = contracts.book.first_block(), contracts.connection.head()
    count = asked_only(contracts, first, last, last - first + 1)
    at_once = max(1, (last - first + 1) * EVENTS_AT_ONCE // count)
    peer = Peer(rpc, contracts)
    rates: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as place:

        def timed(name: str, act: Callable[[], int]) -> int:
            began, busy = time.perf_counter(), time.process_time()
            count = act()
            took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - busy}
            for clock, seconds in took.items():
                rates.setdefault((name, clock), []).append(count / seconds)
            print(
                f"  {name}: {count} events, {count / took['wall']:.0f} a second, "
                f"{count / took['cpu']:.0f} a second of its own processor",
                flush=True,
            )
            return count

        for number in range(1, rounds + 1):
            print(f"round {number}", flush=True)
            files = [Path(place) / f"{name}-{number}.sqlite" for name in ("peer", "projector")]
            timed("node alone", lambda: asked_only(contracts, first, last, at_once))
            tables = open_read_model(f"sqlite:///{files[1]}")
            ours = timed("projector", lambda: projected(tables, contracts, last))  # noqa: B023
            tables.dispose()
            theirs = timed("peer", lambda: peer.read(files[0], first, last, at_once))  # noqa: B023
            assert theirs == ours, "one of them missed an event"
            for file in files:
                file.unlink()
    for clock in ("wall", "cpu"):
        pairs = zip(rates["projector", clock], rates["peer", clock], strict=True)
        ratios = [ours / theirs for ours, theirs in pairs]
        print(
            f"projector over peer, {clock}: {min(ratios):.2f} to {max(ratios):.2f}, "
            f"median {statistics.median(ratios):.2f}"
        )


@contextmanager
def chain(place: Path, *, besu: bool) -> Iterator[Target]:
    if besu:
        with network(place / "network") as rpc:
            yield Target(network="consortium", rpc=rpc)
    else:
        with embedded_chain(place / "chain") as found:
            yield Target(rpc=found.url)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--besu", action="store_true", help="four real validators; BESU_HOME")
    parser.add_argument("--folder", type=Path, help="an embedded chain to keep and to use again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        kept = options.folder or Path(place)
        with chain(kept, besu=options.besu) as target:
            folder = RunFolder(kept / "run")
            folder.prepare()
            consortium: Consortium = open_consortium(folder, target, SilentNarrator())
            if not folder.notes():
                Traders(folder, consortium, options.events, 1).trade(options.events)
                folder.note({"traded": options.events})
            measure(target.rpc, consortium.access.contracts, options.rounds)


if __name__ == "__main__":
    main()
