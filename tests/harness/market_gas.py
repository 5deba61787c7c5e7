"""Market scenarios on the mini chain: the same rules as in production, exact gas."""

import random
import statistics
from dataclasses import dataclass, field
from typing import Any

import coincurve
import eth_abi
from eth_utils import keccak

from harness.consortium import CEA24, NORTH, deployer_of
from harness.double_auction import Quote, match
from harness.mini_chain import CHAIN_ID, Deployed, MiniChain, Receipt
from tanlian.domain import market_events
from tanlian.domain.holder import holder_address
from tanlian.domain.roles import Role
from tanlian_contracts import artifact

START = 1_740_000_000
HOUR = 3_600
DEPLOYER = b"\x01" * 20
REGULATOR = b"\x02" * 20
EXCHANGE = b"\x03" * 20
BANK = b"\x04" * 20
RELAYER = b"\x77" * 20
RICH = 10**14
PLENTY = 10**6
QUOTES_TYPE = keccak(
    text="Quotes(uint256 session,uint256 organisation,uint256 nonce,uint256 expiresAt,"
    "uint256 quotes1,uint256 quotes2,uint256 quotes3,uint256 quotes4)"
)


@dataclass
class Participant:
    """One organisation with one key."""

    org_id: int
    key: coincurve.PrivateKey
    address: bytes
    nonce: int = 0


@dataclass
class Trader:
    """A market with participants, ready for sessions one after the other."""

    chain: MiniChain
    market: Deployed
    sessions: Deployed
    participants: list[Participant]
    sizes: dict[str, int]
    session: int = 0
    quotes: list[Quote] = field(default_factory=list)

    def open(self) -> None:
        now = self.chain.timestamp
        reference = 0 if self.market.call(DEPLOYER, "closing_tick", CEA24) else 6_000
        terms = (
            *(CEA24, now, now + HOUR // 2, now + HOUR, now + 2 * HOUR, now + 24 * HOUR),
            *(reference, 1_000, 10_000, 2**28 - 1, 2**32 - 1, True),
            *(int(Role.EMITTER | Role.TRADER), int(Role.EMITTER | Role.TRADER), 0, 0),
            *(100_000, 3_000),
        )
        self.session = self.sessions.call(EXCHANGE, "announce_session", terms)
        self.quotes = []

    def close(self) -> Receipt:
        self.chain.timestamp += 2 * HOUR
        receipt = self.market.send(RELAYER, "close", self.session, 2**20)
        self.chain.timestamp += 24 * HOUR
        return receipt

    def place(self, who: Participant, buy: bool, tick: int, lots: int) -> int:
        receipt = self.market.send(
            who.address, "place", self.session, buy, tick * 10_000, lots * 1_000
        )
        self._note(int.from_bytes(receipt.output, "big"), who, buy, tick, lots)
        return receipt.gas

    def message(self, who: Participant, rows: list[tuple[bool, int, int]]) -> list[int]:
        """A signed message of up to sixteen quotes, as place_signed takes it."""
        words = market_events.quote_words([market_events.quote(*row) for row in rows])
        expires_at = self.chain.timestamp + 2 * HOUR
        padded = [*words, *[0] * (4 - len(words))]
        struct = keccak(
            QUOTES_TYPE
            + eth_abi.encode(
                ["uint256"] * 4 + ["uint256[4]"],
                [self.session, who.org_id, who.nonce, expires_at, padded],
            )
        )
        signature = who.key.sign_recoverable(
            keccak(b"\x19\x01" + self._domain() + struct), hasher=None
        )
        header = market_events.message_header(who.org_id, who.nonce, expires_at, len(words))
        who.nonce += 1
        r = int.from_bytes(signature[:32], "big")
        vs = int.from_bytes(signature[32:64], "big") | signature[64] << 255
        return [header, *words, r, vs]

    def _domain(self) -> bytes:
        kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        text = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        return keccak(
            eth_abi.encode(
                kinds,
                [
                    keccak(text=text),
                    keccak(text="Tanlian CarbonMarket"),
                    keccak(text="1"),
                    CHAIN_ID,
                    self.market.address,
                ],
            )
        )

    def relay(self, rows: list[tuple[int, bool, int, int]], per_message: int, batch: int) -> int:
        """Place rows (participant, buy, tick, lots) as signed messages in batches: total gas.

        All rows of one message must be of one participant.
        """
        messages = []
        for at in range(0, len(rows), per_message):
            part = rows[at : at + per_message]
            who = self.participants[part[0][0]]
            messages.append(self.message(who, [row[1:] for row in part]))
        gas = 0
        for at in range(0, len(messages), batch):
            flat = [word for message in messages[at : at + batch] for word in message]
            receipt = self.market.send(RELAYER, "place_signed", self.session, flat)
            accepted = int.from_bytes(receipt.output, "big")
            count = min(batch, len(messages) - at) * per_message
            assert accepted == min(count, len(rows) - at * per_message), accepted
            gas += receipt.gas
            for record in market_events.records(_words(receipt, "OrdersPlaced")):
                self._note(
                    record.order_id(self.session),
                    None,
                    record.buy,
                    record.tick,
                    record.lots,
                    record.organisation,
                )
        return gas

    def clear(self, steps: int = 2**20) -> Receipt:
        """Clear in one transaction and compare every fill with the brute force."""
        self.chain.timestamp += HOUR
        receipt = self.market.send(RELAYER, "clear", self.session, steps)
        assert int.from_bytes(receipt.output, "big") == 1, "not finished"
        got = [
            (f.bid_tick, f.bid_position, f.ask_tick, f.ask_position, f.lots, f.buyer, f.seller)
            for f in market_events.fills(_words(receipt, "Traded"))
        ]
        mask = market_events.NEVER_STOOD
        wanted = [
            (
                p.bid.tick,
                p.bid.key & mask,
                p.ask.tick,
                p.ask.key & mask,
                p.lots,
                p.bid.organisation,
                p.ask.organisation,
            )
            for p in match(self.quotes).pairs
        ]
        assert got == wanted
        self.fills = len(got)
        return receipt

    def _note(
        self,
        order_id: int,
        who: Participant | None,
        buy: bool,
        tick: int,
        lots: int,
        organisation: int = 0,
    ) -> None:
        self.quotes.append(
            Quote(
                order_id,
                who.org_id if who else organisation,
                buy,
                tick,
                lots,
                len(self.quotes),
            )
        )


def _words(receipt: Receipt, event: str) -> list[int]:
    topic = int.from_bytes(keccak(text=f"{event}(uint256,uint256[])"), "big")
    return [
        word
        for _, topics, data in receipt.logs
        if topics[0] == topic
        for word in eth_abi.decode(["uint256[]"], data)[0]
    ]


def trading(participants: int) -> Trader:
    """Deploy everything and fund so many participants, half of their lives as buyers."""
    chain = MiniChain(START)

    def deploy(name: str, *args: Any) -> Deployed:
        return chain.deploy(artifact(name), *args, sender=DEPLOYER)

    membership = deploy("Membership", b"\x01" * 32, "regulator", 0, NORTH, b"\x01" * 32, REGULATOR)
    ledger = deploy("CarbonLedger", membership.address, "https://example.org/units/")
    money = deploy("SettlementToken", membership.address)
    house = deploy("ClearingHouse", membership.address, 8 * HOUR)
    market = deploy(
        "CarbonMarket", membership.address, ledger.address, money.address, house.address
    )
    sessions = deploy("TradingSessions", membership.address, market.address)
    margin = deploy("MarginSettlement", membership.address, market.address)
    blocks = deploy("BlockTrades", membership.address, market.address, sessions.address)
    mock = deployer_of("tests/mocks/UnitIssuerMock.vy").compiler_data
    issuer = chain.deploy(
        {"bytecode": "0x" + mock.bytecode.hex(), "abi": _abi(mock)}, ledger.address, sender=DEPLOYER
    )
    ledger.send(DEPLOYER, "wire", [(1, issuer.address)], [], [market.address])
    money.send(DEPLOYER, "wire", [market.address])
    market.send(DEPLOYER, "wire", sessions.address, margin.address, blocks.address)
    for contract in (ledger, money, market):
        contract.send(DEPLOYER, "seal")

    def admit(name: str, role: Role, address: bytes) -> int:
        return membership.call(
            REGULATOR,
            "admit",
            keccak(text=name),
            name,
            int(role),
            1,
            NORTH,
            keccak(text=name),
            address,
        )

    admit("exchange", Role.EXCHANGE, EXCHANGE)
    admit("bank", Role.BANK, BANK)
    sessions.send(EXCHANGE, "list_instrument", CEA24)
    found = []
    for number in range(participants):
        key = coincurve.PrivateKey((number + 7).to_bytes(32, "big"))
        address = keccak(key.public_key.format(compressed=False)[1:])[-20:]
        org_id = admit(f"participant {number}", Role.EMITTER, address)
        money.send(BANK, "issue", org_id, RICH, keccak(text=f"payment {number}"))
        money.send(address, "approve", market.address, 2**256 - 1)
        market.send(address, "deposit_money", CEA24, RICH)
        issuer.send(DEPLOYER, "issue", org_id, CEA24, PLENTY * 1_000)
        ledger.send(
            address,
            "safeTransferFrom",
            holder_address(org_id),
            market.address,
            CEA24,
            PLENTY * 1_000,
            b"",
        )
        found.append(Participant(org_id, key, address))
    sizes = {
        name: deployed.size
        for name, deployed in {
            "CarbonMarket": market,
            "ClearingHouse": house,
            "TradingSessions": sessions,
            "MarginSettlement": margin,
            "BlockTrades": blocks,
        }.items()
    }
    return Trader(chain, market, sessions, found, sizes)


def _abi(data: Any) -> list[dict[str, Any]]:
    from vyper.compiler.output import build_abi_output

    return build_abi_output(data)


def flow(
    count: int, participants: int, per_message: int, seed: int
) -> list[tuple[int, bool, int, int]]:
    """Orders around 60 yuan in runs of one participant; even participants buy, odd ones sell."""
    draw = random.Random(seed)
    rows = []
    order = []
    for at in range(0, count, per_message):
        if at // per_message % participants == 0:
            order = list(range(participants))
            draw.shuffle(order)
        who = order[at // per_message % participants]
        for _ in range(min(per_message, count - at)):
            tick = max(5_400, min(6_600, int(draw.gauss(6_000, 60))))
            rows.append((who, who % 2 == 0, tick, draw.randint(1, 500)))
    return rows


def lives(
    it: Trader, orders: int, per_message: int, batch: int, rounds: int = 2
) -> dict[str, float]:
    """Whole lives of orders through relayed batches; the last round re-uses all storage."""
    result: dict[str, float] = {}
    for number in range(rounds):
        it.open()
        placed = it.relay(
            flow(orders, len(it.participants), per_message, number + 1), per_message, batch
        )
        cleared = it.clear()
        result = {
            "place": placed / orders,
            "clear": cleared.gas / orders,
            "life": (placed + cleared.gas) / orders,
            "clear_total": cleared.gas,
            "per_fill": cleared.gas / it.fills,
            "fills": it.fills,
        }
        closed = it.close()
        result["close_per_order"] = closed.gas / orders
    return result


def own_transactions(it: Trader, orders: int) -> dict[str, float]:
    """Each order its own transaction: place median and growth, life, cancel."""
    result: dict[str, float] = {}
    for number in range(2):
        it.open()
        rows = flow(orders, len(it.participants), 1, number + 1)
        gas = [it.place(it.participants[who], buy, tick, lots) for who, buy, tick, lots in rows]
        tenth = max(len(gas) // 10, 1)
        result = {
            "place_median": statistics.median(gas),
            "place_first_decile": statistics.median(gas[:tenth]),
            "place_last_decile": statistics.median(gas[-tenth:]),
        }
        cancelled = []
        draw = random.Random(5)
        owners = {p.org_id: p for p in it.participants}
        for quote in draw.sample(it.quotes, tenth):
            receipt = it.market.send(owners[quote.organisation].address, "cancel", quote.key)
            cancelled.append(receipt.gas)
            it.quotes.remove(quote)
        cleared = it.clear()
        result["cancel_median"] = statistics.median(cancelled)
        result["life"] = statistics.mean(gas) + cleared.gas / orders
        it.close()
    return result


def taker(it: Trader, makers: int) -> dict[str, float]:
    """A buyer takes one, then so many standing orders of one price, each of another seller."""
    it.open()
    buyer = it.participants[0]
    for seller in it.participants[1 : makers + 2]:
        it.place(seller, False, 6_000, 10)
    it.chain.timestamp += HOUR
    it.market.send(RELAYER, "clear", it.session, 1)
    one = it.market.send(buyer.address, "trade_market", it.session, True, 10_000, 1).gas
    many = it.market.send(
        buyer.address, "trade_market", it.session, True, makers * 10_000, makers
    ).gas
    it.close()
    return {"one": one, "marginal": (many - one) / (makers - 1)}
