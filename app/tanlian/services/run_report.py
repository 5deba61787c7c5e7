"""The report of a run: what the rebuilt books say of its sessions, as pictures and tables."""
# ruff: noqa: RUF001 - Chinese sentences have Chinese punctuation

from collections.abc import Mapping, Sequence

from tanlian.domain.audit.brute_force import Standing, queue
from tanlian.domain.audit.sessions import Session, Trade
from tanlian.domain.audit.words import FillKind
from tanlian.domain.instrument import Instrument
from tanlian.domain.trading_need import Side
from tanlian.domain.units import MICRO_YUAN_PER_HALF_TICK
from tanlian.services.auditing import Books
from tanlian.services.report.figures import half_tick_price, price, thousands, tonnes, yuan
from tanlian.services.report.order_book import StandingOrder, draw_order_book, levels
from tanlian.services.report.page import Fact, Key, Picture, Section, Table, render_page
from tanlian.services.report.pairing import Pair, Queued, draw_pairing
from tanlian.services.report.prices import PricedTrade, TradeKind, draw_prices
from tanlian.services.report.words import both

KINDS = {
    FillKind.AUCTION: TradeKind.AUCTION,
    FillKind.BUYER_TOOK: TradeKind.CONTINUOUS,
    FillKind.SELLER_TOOK: TradeKind.CONTINUOUS,
    FillKind.BLOCK: TradeKind.BLOCK,
}
BOOK_KEYS = (
    Key("bid", "买方报价 bids"),
    Key("ask", "卖方报价 asks"),
    Key("band", "涨跌幅限制 price band"),
)
PAIR_KEYS = (
    Key("bid-line", "买方，价格降序 bids, descending"),
    Key("ask-line", "卖方，价格升序 asks, ascending"),
    Key("pair", "一对成交 one pair"),
    Key("middle", "成交价（两报价中点） price: the midpoint of both quotes"),
)
PRICE_KEYS = (
    Key("auction", "双向拍卖 double auction"),
    Key("continuous", "点对点 peer to peer"),
    Key("block", "大宗协议 block trade"),
    Key("reference", "参考价 reference price"),
    Key("closing", "收盘价 closing price"),
)


def run_report(
    title: str,
    introduction: str,
    books: Books,
    sessions: Sequence[int],
    names: Mapping[int, str],
) -> str:
    """Return the HTML page of a run over these sessions."""
    parts: list[Picture | Section] = []
    chosen = [books.session(number) for number in sessions]
    for session in chosen:
        parts += _session_parts(session, names)
    parts += [*_debts(books, sessions, names), _reconciliation(books)]
    return render_page(
        title=title,
        introduction=introduction,
        reconciled=books.verdict,
        balanced=books.balanced,
        facts=_facts(books, chosen, names),
        parts=parts,
    )


def _facts(books: Books, sessions: Sequence[Session], names: Mapping[int, str]) -> list[Fact]:
    trades = [trade for session in sessions for trade in session.trades]
    volume_t = sum(trade.fill.lots for trade in trades)
    turnover = sum(_cost(trade) for trade in trades)
    last = next((s.closing_tick for s in reversed(sessions) if s.closing_tick is not None), None)
    return [
        Fact(thousands(len(names)), "会员 members"),
        Fact(thousands(sum(s.orders for s in sessions)), "报价 orders"),
        Fact(thousands(len(trades)), "成交笔数 trades"),
        Fact(f"{thousands(volume_t)} t", "成交量 volume"),
        Fact(yuan(turnover), "成交额 turnover, yuan"),
        Fact("-" if last is None else price(last), "收盘价 closing price, yuan/t"),
        Fact(thousands(books.compared), "已核对项 views compared"),
    ]


def _session_parts(session: Session, names: Mapping[int, str]) -> list[Picture | Section]:
    number = session.number
    symbol = Instrument.from_token_id(session.instrument).symbol
    head = f"场次 {number} · Session {number} · {symbol}"
    band = (session.low_tick, session.high_tick)
    book = _standing(session.quoted)
    left = _standing(session.after_auction)
    auction = [t for t in session.trades if t.fill.kind == FillKind.AUCTION]
    pictures: list[Picture | Section] = [
        Picture(
            f"{head}: 订单簿 Order book",
            f"竞价截止时的 {len(book)} 个报价。The {len(book)} quotes that stood when the auction "
            "ended.",
            draw_order_book(f"book-{number}", f"订单簿 Order book, session {number}", book, band),
            BOOK_KEYS,
            _book_table(book),
        ),
        Picture(
            f"{head}: 第一阶段配对 Pairing of stage one",
            "买方按价格降序、卖方按价格升序排队，队首相遇，按两报价中点成交。"
            "Bids from the highest, asks from the lowest: the fronts of both queues trade at the "
            "midpoint, while bid >= ask.",
            draw_pairing(
                f"pairs-{number}",
                f"配对 Pairing, session {number}",
                _queued(session.quoted, buy=True),
                _queued(session.quoted, buy=False),
                [_pair(trade, names) for trade in auction],
            ),
            PAIR_KEYS,
            _trade_table(auction, names),
        ),
        Picture(
            f"{head}: 成交价格 Prices",
            "按成交顺序排列；收盘价为挂牌成交的量加权均价。"
            "In their order; the closing price is the volume-weighted mean of the listed trades, "
            "block trades left out.",
            draw_prices(
                f"prices-{number}",
                f"成交价格 Prices, session {number}",
                [_priced(trade, names) for trade in session.trades],
                band=band,
                reference_ticks=session.terms.reference_tick,
                closing_ticks=session.closing_tick,
            ),
            PRICE_KEYS,
            _trade_table(session.trades, names),
        ),
    ]
    if left:
        pictures.insert(
            2,
            Picture(
                f"{head}: 第二阶段开始时的订单簿 The book at the start of stage two",
                f"第一阶段后剩余 {len(left)} 个报价。{len(left)} orders were left after stage one.",
                draw_order_book(
                    f"left-{number}", f"剩余订单 Left over, session {number}", left, band
                ),
                BOOK_KEYS,
                _book_table(left),
            ),
        )
    return pictures


def _standing(orders: Sequence[Standing]) -> list[StandingOrder]:
    return [
        StandingOrder(Side.BUY if order.buy else Side.SELL, order.tick, order.lots)
        for order in orders
    ]


def _queued(orders: Sequence[Standing], *, buy: bool) -> list[Queued]:
    return [Queued(order.tick, order.lots) for order in queue(orders, buy=buy)]


def _pair(trade: Trade, names: Mapping[int, str]) -> Pair:
    fill = trade.fill
    return Pair(
        _name(names, fill.buyer), _name(names, fill.seller), fill.bid_tick, fill.ask_tick, fill.lots
    )


def _priced(trade: Trade, names: Mapping[int, str]) -> PricedTrade:
    fill = trade.fill
    words = f"{_name(names, fill.buyer)} - {_name(names, fill.seller)}"
    return PricedTrade(KINDS[FillKind(fill.kind)], fill.half_ticks, fill.lots, words)


def _book_table(book: Sequence[StandingOrder]) -> Table:
    return Table(
        ["价格 Price (yuan/t)", "买 Bids (t)", "卖 Asks (t)"],
        [[s.label, thousands(s.bid_t), thousands(s.ask_t)] for s in reversed(levels(book))],
        frozenset({1, 2}),
    )


def _trade_table(trades: Sequence[Trade], names: Mapping[int, str]) -> Table:
    rows = []
    for number, trade in enumerate(trades, start=1):
        fill = trade.fill
        rows.append(
            [
                str(number),
                both(KINDS[FillKind(fill.kind)].words),
                _name(names, fill.buyer),
                _name(names, fill.seller),
                thousands(fill.lots),
                price(fill.bid_tick),
                price(fill.ask_tick),
                half_tick_price(fill.half_ticks),
                yuan(_cost(trade)),
                str(trade.block),
            ]
        )
    headings = [
        "#", "方式 Kind", "买方 Buyer", "卖方 Seller", "数量 t", "买价 Bid", "卖价 Ask",
        "成交价 Price", "金额 Amount (yuan)", "区块 Block",
    ]  # fmt: skip
    return Table(headings, rows, frozenset({0, 4, 5, 6, 7, 8, 9}))


def _debts(books: Books, sessions: Sequence[int], names: Mapping[int, str]) -> list[Section]:
    accounts = books.market.accounts
    words = {"paid": "已付款 paid", "defaulted": "违约 defaulted"}
    debts = [(n, debt, "待付款 owed") for n, debt in accounts.owed.items()]
    debts += [(n, debt, words[how]) for n, (debt, how) in accounts.settled.items()]
    rows = [
        [
            str(number),
            str(debt.session_id),
            _name(names, debt.buyer),
            _name(names, debt.seller),
            thousands(debt.lots),
            yuan(debt.margin),
            yuan(debt.rest),
            state,
        ]
        for number, debt, state in sorted(debts)
        if debt.session_id in sessions
    ]
    if not rows:
        return []
    headings = [
        "#", "场次 Session", "买方 Buyer", "卖方 Seller", "数量 t", "保证金 Margin (yuan)",
        "余款 Rest (yuan)", "状态 State",
    ]  # fmt: skip
    return [
        Section(
            "保证金交易 Trades on margin",
            "违约时保证金归卖方，配额退回卖方。On default the margin goes to the seller, and the "
            "units return to it.",
            Table(headings, rows, frozenset({0, 1, 4, 5, 6})),
        )
    ]


def _reconciliation(books: Books) -> Section:
    held = {
        token: sum(kg for (t, _), kg in books.units.balances_kg.items() if t == token)
        for token in books.units.kinds
    }
    rows = [
        [
            Instrument.from_token_id(token).symbol,
            tonnes(kind.issued_kg),
            tonnes(held[token]),
            tonnes(kind.surrendered_kg),
            tonnes(kind.cancelled_kg),
        ]
        for token, kind in sorted(books.units.kinds.items())
    ]
    rows.append(["货币 money (yuan)", yuan(books.money.total), yuan(books.money.total), "-", "-"])
    rows += [
        [
            "差异 Difference",
            difference.what,
            difference.expected,
            difference.actual,
            difference.where,
        ]
        for difference in books.findings.differences
    ]
    return Section(
        "对账 Reconciliation",
        f"由 {books.events} 个事件独立重放，与合约在区块 {books.block} 的"
        f"{books.compared} 项读数比较。"
        f"Rebuilt from {books.events} events by an independent matcher and compared with "
        f"{books.compared} views of the contracts at block {books.block}.",
        Table(
            [
                "品种 Kind",
                "签发 Issued (t)",
                "持有 Held (t)",
                "清缴 Surrendered (t)",
                "注销 Cancelled (t)",
            ],
            rows,
            frozenset({1, 2, 3, 4}),
        ),
    )


def _cost(trade: Trade) -> int:
    return trade.fill.lots * trade.fill.half_ticks * MICRO_YUAN_PER_HALF_TICK


def _name(names: Mapping[int, str], organisation: int) -> str:
    return names.get(organisation, f"#{organisation}")
