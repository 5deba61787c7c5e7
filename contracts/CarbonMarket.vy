# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The two-stage carbon market
@license AGPL-3.0-or-later
@notice A participant may rely on this: units and money enter only by its own act, leave only to its
        own registry account, and move in between only by trades at prices it quoted or better. What
        is not locked by an order or a debt can be withdrawn at any time, whatever the session, the
        regulator or the organisation's standing. Matching follows price and arrival alone.
@custom:kill The regulator pauses a session: no order, no trade until resumed. Cancelling where the
        session's clock allows it, paying and withdrawing go on; at the close all locks are released.
"""

from .modules import debts

initializes: debts

from .modules import desks

initializes: desks

from .modules import price_book

initializes: price_book

from .modules import trading_account

initializes: trading_account

from .modules import session

initializes: session

from .interfaces import ICarbonLedger
from .interfaces import ICarbonMarket

implements: ICarbonMarket

from .interfaces import IMarginSettlement
from .interfaces import ISettlementToken
from .modules import member_guard

initializes: member_guard

from .modules import locks

initializes: locks[price_book := price_book, trading_account := trading_account]

from .modules import taking

initializes: taking[debts := debts, locks := locks, price_book := price_book, session := session]

from .modules import trading_rule

initializes: trading_rule[debts := debts, session := session]

from .modules import wiring

initializes: wiring

from .modules import holder
from .modules import order_codec
from .modules import refusal
from .modules import standing

exports: (
    desks.block_desk,
    desks.sessions,
    member_guard.membership,
    wiring.is_sealed,
    wiring.seal,
)

QUOTE_WORDS: constant(uint256) = 4  # of a signed message: up to 16 quotes
DEFAULT_MAKERS: constant(uint256) = 32  # a quote of stage two that names no bound meets so many
# the upper half of s values would give every signature a second form
HALF_ORDER: constant(uint256) = (
    57_896_044_618_658_097_711_785_492_504_343_953_926_418_782_139_537_452_191_302_581_570_759_080_747_168
)
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
DOMAIN_NAME: constant(bytes32) = keccak256("Tanlian CarbonMarket")
DOMAIN_VERSION: constant(bytes32) = keccak256("1")
# four words by name: EIP-712 would hash an array apart from the rest
QUOTES_TYPE: constant(bytes32) = keccak256(
    "Quotes(uint256 session,uint256 organisation,uint256 nonce,uint256 expiresAt,uint256 quotes1,uint256 quotes2,uint256 quotes3,uint256 quotes4)"
)
RECEIVED: constant(bytes4) = 0xf23a6e61


interface ClearingHouse:
    def membership() -> address: view
    def utc_offset() -> uint256: view


house: public(immutable(ClearingHouse))
ledger: public(immutable(ICarbonLedger))
money: public(immutable(ISettlementToken))
UTC_OFFSET: immutable(uint256)  # seconds; where the market's day begins


@deploy
def __init__(membership: address, ledger_: address, money_: address, house_: address):
    assert ledger_ != empty(address), "carbon_market: no ledger"
    assert money_ != empty(address), "carbon_market: no settlement token"
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)
    ledger = ICarbonLedger(ledger_)
    money = ISettlementToken(money_)
    house = ClearingHouse(house_)
    assert staticcall house.membership() == membership, "carbon_market: another register"
    UTC_OFFSET = staticcall house.utc_offset()


@external
def wire(sessions: address, margin_settlement: address, block_desk: address):
    wiring._wire(msg.sender)
    desks.sessions = sessions
    desks.block_desk = block_desk
    debts._settlement = IMarginSettlement(margin_settlement)


@external
def onERC1155Received(
    operator: address, owner: address, id: uint256, amount: uint256, data: Bytes[1024]
) -> bytes4:
    wiring._check_sealed()
    refusal._require(msg.sender == ledger.address, refusal.NOT_WIRED)
    organisation: uint256 = holder._organisation(owner)  # no other address holds units
    trading_account._enter((trading_account._list(id) << 24) | organisation, 0, self._lots(amount))
    log ICarbonMarket.UnitsDeposited(organisation_id=organisation, instrument=id, amount_kg=amount)
    return RECEIVED


@external
def deposit_money(instrument: uint256, amount: uint256):
    wiring._check_sealed()
    organisation: uint256 = member_guard._check_member(msg.sender)
    trading_account._enter(trading_account._key(instrument, organisation), amount, 0)
    log ICarbonMarket.MoneyDeposited(
        organisation_id=organisation, instrument=instrument, amount=amount, deposited_by=msg.sender
    )
    refusal._require(
        extcall money.transferFrom(holder._holder(organisation), self, amount), refusal.TRANSFER
    )


@external
def withdraw_units(instrument: uint256, amount_kg: uint256):
    organisation: uint256 = member_guard._check_account(msg.sender)
    trading_account._leave(trading_account._key(instrument, organisation), 0, self._lots(amount_kg))
    log ICarbonMarket.UnitsWithdrawn(
        organisation_id=organisation,
        instrument=instrument,
        amount_kg=amount_kg,
        withdrawn_by=msg.sender,
    )
    extcall ledger.safeTransferFrom(self, holder._holder(organisation), instrument, amount_kg, b"")


@external
def withdraw_money(instrument: uint256, amount: uint256):
    organisation: uint256 = member_guard._check_account(msg.sender)
    trading_account._leave(trading_account._key(instrument, organisation), amount, 0)
    log ICarbonMarket.MoneyWithdrawn(
        organisation_id=organisation, instrument=instrument, amount=amount, withdrawn_by=msg.sender
    )
    refusal._require(extcall money.transfer(holder._holder(organisation), amount), refusal.TRANSFER)


@external
def move_money(from_instrument: uint256, to_instrument: uint256, amount: uint256):
    organisation: uint256 = member_guard._check_account(msg.sender)
    trading_account._leave(trading_account._key(from_instrument, organisation), amount, 0)
    trading_account._enter(trading_account._key(to_instrument, organisation), amount, 0)
    log ICarbonMarket.MoneyMoved(
        organisation_id=organisation,
        from_instrument=from_instrument,
        to_instrument=to_instrument,
        amount=amount,
        moved_by=msg.sender,
    )


@external
def list_instrument(instrument: uint256) -> uint256:
    return self._in_house()


@external
def open_session(instrument: uint256, hot: uint256, sectors: uint256, cold: uint256) -> uint256:
    wiring._check_sealed()
    return self._in_house()


@external
def set_paused(session_id: uint256, paused: bool):
    self._in_house()


@external
def place(session_id: uint256, buy: bool, price_per_tonne: uint256, amount_kg: uint256) -> uint256:
    """
    @notice Place an order; in stage two it first meets up to 32 standing ones.
    @return The id of what stands, 0 if nothing does.
    """
    return self._place_one(
        session_id,
        convert(buy, uint256),
        self._tick(price_per_tonne),
        self._lots(amount_kg),
        DEFAULT_MAKERS,
        True,
    )[0]


@external
def place_many(session_id: uint256, quotes: DynArray[uint256, 128], atomic: bool) -> uint256:
    """
    @notice Place many orders of one organisation. With `atomic` the first bad one reverts all;
            without, bad ones are reported and the good ones stand.
    @return Number of quotes accepted.
    """
    hot: uint256 = session._quotable(session_id)
    who: uint256 = member_guard._standing(msg.sender)
    refusal._require(standing._is_active(who), refusal.INACTIVE)
    rights: uint256 = trading_rule._rights(session_id, hot, who)
    key: uint256 = ((hot & session.M12) << 24) | standing._organisation(who)
    account: uint256 = trading_account._accounts[key]
    today: uint256 = trading_rule._today(UTC_OFFSET)
    records: DynArray[uint256, taking.EVENT_WORDS] = []
    accepted: uint256 = 0
    position: uint256 = 0
    for word: uint256 in quotes:
        early: uint256 = 0
        late: uint256 = 0
        more: uint256 = 0
        account, early, late, more = self._four(
            session_id, hot, key, account, rights, word, 0, position, today, atomic
        )
        accepted = unsafe_add(accepted, more)
        position = unsafe_add(position, 4)
        if len(records) > taking.EVENT_WORDS - 2:
            log ICarbonMarket.OrdersPlaced(session_id=session_id, records=records)
            records = []
        if early != 0:
            records.append(early)
        if late != 0:
            records.append(late)
    trading_account._accounts[key] = account
    if len(records) != 0:
        log ICarbonMarket.OrdersPlaced(session_id=session_id, records=records)
    return accepted


@external
def place_signed(session_id: uint256, messages: DynArray[uint256, 4096]) -> uint256:
    """
    @notice Place the quotes of signed messages; anyone may bring them. A bad message or quote is
            reported, the others stand.
    @param messages One message after the other: header (organisation 24 | nonce 24 | expires at 40 |
           number of quote words 8), one to four words of up to four quotes each, r, vs (EIP-2098).
           The nonce must not lie below the account's next one; a message spends it and all before.
    @return Number of quotes accepted.
    """
    hot: uint256 = session._quotable(session_id)
    domain: bytes32 = self._domain()
    base: uint256 = (hot & session.M12) << 24
    today: uint256 = trading_rule._today(UTC_OFFSET)
    records: DynArray[uint256, taking.EVENT_WORDS] = []
    accepted: uint256 = 0
    at: uint256 = 0
    end: uint256 = len(messages)
    for number: uint256 in range(1024):
        if at == end:
            break
        header: uint256 = messages[at]
        words: uint256 = header >> 88
        refusal._require(
            0 < words and words <= QUOTE_WORDS and unsafe_add(at, words) + 3 <= end,
            refusal.MALFORMED,
        )
        quotes: uint256[QUOTE_WORDS] = empty(uint256[QUOTE_WORDS])
        for i: uint256 in range(words, bound=QUOTE_WORDS):
            quotes[i] = messages[unsafe_add(at, unsafe_add(i, 1))]
        at = unsafe_add(at, unsafe_add(words, 3))

        organisation: uint256 = header & standing.MAX_ORGANISATION
        nonce: uint256 = (header >> 24) & trading_account.NONCES
        expires_at: uint256 = (header >> 48) & session.M40
        key: uint256 = base | organisation
        account: uint256 = trading_account._accounts[key]
        who: uint256 = 0
        reason: uint256 = refusal.FINE
        s: uint256 = messages[unsafe_sub(at, 1)]
        if expires_at < block.timestamp:
            reason = refusal.EXPIRED
        elif (
            nonce < (account >> trading_account.NONCE_AT) & trading_account.NONCES
            or nonce == trading_account.NONCES
        ):
            reason = refusal.NONCE
        else:
            signer: address = ecrecover(
                keccak256(
                    concat(
                        x"1901",
                        domain,
                        keccak256(
                            abi_encode(
                                QUOTES_TYPE,
                                session_id,
                                organisation,
                                nonce,
                                expires_at,
                                quotes,
                            )
                        ),
                    )
                ),
                unsafe_add(27, s >> 255),
                messages[unsafe_sub(at, 2)],
                s & (2**255 - 1),
            )
            who = member_guard._standing(signer)
            if signer == empty(address) or s & (2**255 - 1) > HALF_ORDER:
                reason = refusal.SIGNATURE
            elif who == 0 or standing._organisation(who) != organisation:
                reason = refusal.SIGNER
            elif not standing._is_active(who):
                reason = refusal.INACTIVE
        if reason != refusal.FINE:
            log ICarbonMarket.MessageRefused(
                session_id=session_id,
                organisation_id=organisation,
                message=number,
                nonce=nonce,
                reason=reason,
            )
            continue

        rights: uint256 = trading_rule._rights(session_id, hot, who)
        account = trading_account._with_nonce(account, unsafe_add(nonce, 1))
        for i: uint256 in range(words, bound=QUOTE_WORDS):
            early: uint256 = 0
            late: uint256 = 0
            more: uint256 = 0
            account, early, late, more = self._four(
                session_id, hot, key, account, rights, quotes[i], number, i << 2, today, False
            )
            accepted = unsafe_add(accepted, more)
            if len(records) > taking.EVENT_WORDS - 2:
                log ICarbonMarket.OrdersPlaced(session_id=session_id, records=records)
                records = []
            if early != 0:
                records.append(early)
            if late != 0:
                records.append(late)
        trading_account._accounts[key] = account
    if len(records) != 0:
        log ICarbonMarket.OrdersPlaced(session_id=session_id, records=records)
    return accepted


@external
def skip_nonces(instrument: uint256, next_nonce: uint256):
    """
    @notice Make signed messages with a lower nonce worthless.
    """
    organisation: uint256 = member_guard._check_account(msg.sender)
    key: uint256 = trading_account._key(instrument, organisation)
    account: uint256 = trading_account._accounts[key]
    refusal._require(
        next_nonce <= trading_account.NONCES
        and next_nonce > (account >> trading_account.NONCE_AT) & trading_account.NONCES,
        refusal.NONCE,
    )
    trading_account._accounts[key] = trading_account._with_nonce(account, next_nonce)
    log ICarbonMarket.NoncesSkipped(
        organisation_id=organisation, instrument=instrument, next_nonce=next_nonce
    )


@external
def cancel(order_id: uint256):
    """
    @notice Take an order back: before the cut-off, in stage two, and after the close.
    """
    session_id: uint256 = order_id >> 43
    organisation: uint256 = member_guard._check_account(msg.sender)
    hot: uint256 = session._standing_session(session_id)
    phase: uint256 = session._phase(hot)
    refusal._require(phase != session.ADDITIONS, refusal.ADDITIONS_ONLY)
    refusal._require(phase != session.CLEARING, refusal.NOT_CLEARED)
    self._reduce(order_id, hot, organisation, 0)


@external
def amend(order_id: uint256, price_per_tonne: uint256, amount_kg: uint256) -> uint256:
    """
    @notice Change an order. A smaller quantity at the same price keeps its place; everything else
            is a new order, with the place, the checks and in stage two the matching of one.
    @return The id of what stands now, 0 if nothing does.
    """
    session_id: uint256 = order_id >> 43
    lots: uint256 = self._lots(amount_kg)
    refusal._require(lots != 0, refusal.LOT)
    hot: uint256 = session._quotable(session_id)
    refusal._require(session._phase(hot) != session.ADDITIONS, refusal.ADDITIONS_ONLY)
    organisation: uint256 = member_guard._check_member(msg.sender)
    tick: uint256 = self._tick(price_per_tonne)
    if tick == (order_id >> 22) & order_codec.MAX_TICK and lots < self._order(order_id, hot)[1]:
        self._reduce(order_id, hot, organisation, lots)
        return order_id
    self._reduce(order_id, hot, organisation, 0)
    return self._place_one(session_id, (order_id >> 42) & 1, tick, lots, DEFAULT_MAKERS, True)[0]


@external
def clear(session_id: uint256, max_steps: uint256) -> bool:
    return self._in_house() != 0


@external
def trade_limit(
    session_id: uint256,
    buy: bool,
    price_per_tonne: uint256,
    amount_kg: uint256,
    max_makers: uint256,
) -> (uint256, uint256):
    """
    @notice Stage two: meet the book up to a price; the remainder stands. If `max_makers` ends the
            matching while prices still cross, the remainder is returned instead.
    @return The id of the standing remainder (0: none), the lots traded.
    """
    return self._place_one(
        session_id,
        convert(buy, uint256),
        self._tick(price_per_tonne),
        self._lots(amount_kg),
        self._makers(session_id, max_makers),
        True,
    )


@external
def trade_market(
    session_id: uint256, buy: bool, amount_kg: uint256, max_makers: uint256
) -> uint256:
    """
    @notice Stage two: meet the book at any price inside the band; the remainder is returned. A buyer
            must be able to cover the whole quantity at the upper end of the band.
    @return The lots traded.
    """
    hot: uint256 = session._hot[session_id]
    tick: uint256 = session._low_tick(hot)
    if buy:
        tick = session._high_tick(hot)
    return self._place_one(
        session_id,
        convert(buy, uint256),
        tick,
        self._lots(amount_kg),
        self._makers(session_id, max_makers),
        False,
    )[1]


@external
def discharge(obligation: uint256, paid: bool):
    self._in_house()


@external
def settle_block(
    session_id: uint256, buyer: uint256, seller: uint256, tick: uint256, lots: uint256
):
    self._in_house()


@external
def close(session_id: uint256, max_steps: uint256) -> bool:
    return self._in_house() != 0


@view
@external
def account(instrument: uint256, organisation_id: uint256) -> ICarbonMarket.TradingAccount:
    book: uint256 = trading_account._book_of[instrument]
    if book == 0:
        return empty(ICarbonMarket.TradingAccount)
    key: uint256 = (book << 24) | (organisation_id & standing.MAX_ORGANISATION)
    word: uint256 = trading_account._accounts[key]
    return ICarbonMarket.TradingAccount(
        money_free=word & trading_account.MONEY,
        lots_free=(word >> trading_account.UNITS_AT) & trading_account.LOTS,
        lots_bought_today=trading_account._bought(word, trading_rule._today(UTC_OFFSET)),
        open_buy_lots=(word >> trading_account.BUYS_AT) & trading_account.LOTS,
        open_sell_lots=(word >> trading_account.SELLS_AT) & trading_account.LOTS,
        lots_awaiting_payment=debts._awaiting[key],
        next_nonce=(word >> trading_account.NONCE_AT) & trading_account.NONCES,
    )


@view
@external
def state(session_id: uint256) -> ICarbonMarket.SessionState:
    hot: uint256 = session._hot[session_id]
    listed: uint256 = session._listed[session_id]
    return ICarbonMarket.SessionState(
        phase=session._phase(hot),
        paused=hot & session.PAUSED != 0,
        low_tick=session._low_tick(hot),
        high_tick=session._high_tick(hot),
        volume_lots=listed & (2**64 - 1),
        turnover_half_ticks=listed >> 64,
    )


@view
@external
def live_session(instrument: uint256) -> uint256:
    return session._live[trading_account._book_of[instrument]]


@view
@external
def closing_tick(instrument: uint256) -> uint256:
    return session._closing_ticks[trading_account._book_of[instrument]]


@view
@external
def instrument_of(book: uint256) -> uint256:
    return trading_account._instruments[book]


@view
@external
def order(order_id: uint256) -> ICarbonMarket.Order:
    hot: uint256 = session._hot[order_id >> 43]
    organisation: uint256 = 0
    lots: uint256 = 0
    if hot & session.CLOSED == 0:
        organisation, lots = self._order(order_id, hot)
    return ICarbonMarket.Order(
        organisation_id=organisation,
        buy=(order_id >> 42) & 1 == trading_rule.BUY,
        tick=(order_id >> 22) & order_codec.MAX_TICK,
        lots=lots,
    )


@view
@external
def best_ticks(session_id: uint256) -> (uint256, uint256):
    # best bid, best ask; 0: none. A level counts until its last cancelled order was passed over
    hot: uint256 = session._hot[session_id]
    side: uint256 = (hot & session.M12) << 1
    bid: uint256 = price_book._best_rank(side)
    ask: uint256 = price_book._best_rank(side | 1)
    if hot & session.CLOSED != 0:
        return 0, 0
    if bid != price_book.EMPTY:
        bid = unsafe_sub(session._high_tick(hot), bid)
    else:
        bid = 0
    if ask != price_book.EMPTY:
        ask = unsafe_add(session._low_tick(hot), ask)
    else:
        ask = 0
    return bid, ask


@view
@external
def is_past_due(organisation_id: uint256) -> bool:
    return debts._is_past_due(organisation_id)


@view
@external
def session_count() -> uint256:
    return session._sessions


@view
@external
def message_domain() -> bytes32:
    return self._domain()


@internal
def _in_house() -> uint256:
    # Run the call that came in with the clearing house's code on this contract's storage; its
    # reverts pass through.
    return convert(
        raw_call(house.address, msg.data, max_outsize=32, is_delegate_call=True), uint256
    )


@internal
@view
def _domain() -> bytes32:
    # Computed anew, so that no signature survives a change of the chain id.
    return keccak256(abi_encode(DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION, chain.id, self))


@internal
@pure
def _tick(price_per_tonne: uint256) -> uint256:
    refusal._require(price_per_tonne % trading_rule.MICRO_PER_TICK == 0, refusal.OFF_TICK)
    return unsafe_div(price_per_tonne, trading_rule.MICRO_PER_TICK)


@internal
@pure
def _lots(amount_kg: uint256) -> uint256:
    refusal._require(amount_kg % trading_account.KG_PER_LOT == 0, refusal.LOT)
    return unsafe_div(amount_kg, trading_account.KG_PER_LOT)


@internal
@view
def _makers(session_id: uint256, max_makers: uint256) -> uint256:
    refusal._require(
        session._phase(session._hot[session_id]) == session.CONTINUOUS,
        refusal.NOT_CONTINUOUS,
    )
    refusal._require(0 < max_makers and max_makers <= taking.MAX_MAKERS, refusal.MAKERS)
    return max_makers


@internal
@pure
def _level_key(hot: uint256, buy: uint256, tick: uint256) -> uint256:
    # The level of a tick inside the band.
    if buy == trading_rule.BUY:
        return ((hot & session.M12) << 17) | unsafe_sub(session._high_tick(hot), tick)
    return ((hot & session.M12) << 17) | 65_536 | unsafe_sub(tick, session._low_tick(hot))


@internal
@view
def _order(order_id: uint256, hot: uint256) -> (uint256, uint256):
    # Organisation and lots of a standing order, 0 and 0 if it does not stand.
    tick: uint256 = (order_id >> 22) & order_codec.MAX_TICK
    if tick < session._low_tick(hot) or tick > session._high_tick(hot):
        return 0, 0
    lane: uint256 = price_book._standing_lane(
        self._level_key(hot, (order_id >> 42) & 1, tick),
        (order_id >> 43) & price_book.EPOCHS,
        order_id & order_codec.MAX_POSITION,
    )
    return lane >> 28, lane & price_book.M28


@internal
def _reduce(order_id: uint256, hot: uint256, organisation: uint256, lots: uint256):
    # Leave `lots` of an own standing order, none takes it away; its lock shrinks with it.
    tick: uint256 = (order_id >> 22) & order_codec.MAX_TICK
    position: uint256 = order_id & order_codec.MAX_POSITION
    buy: uint256 = (order_id >> 42) & 1
    owner: uint256 = 0
    before: uint256 = 0
    owner, before = self._order(order_id, hot)
    refusal._require(before != 0, refusal.GONE)
    refusal._require(owner == organisation, refusal.NOT_YOURS)
    price_book._reduce(self._level_key(hot, buy, tick), position, lots)
    locks._release_lock(
        ((hot & session.M12) << 24) | owner,
        buy,
        tick,
        unsafe_sub(before, lots),
        session._margin_bps(hot),
    )
    if lots == 0:
        log ICarbonMarket.OrderCancelled(
            session_id=order_id >> 43,
            organisation_id=owner,
            record=order_codec._record(owner, buy, tick, position, before),
        )
    else:
        log ICarbonMarket.OrderReduced(
            session_id=order_id >> 43,
            organisation_id=owner,
            record=order_codec._record(owner, buy, tick, position, lots),
            lots_before=before,
        )


@internal
def _submit(
    session_id: uint256,
    hot: uint256,
    key: uint256,
    account_before: uint256,
    rights: uint256,
    buy: uint256,
    tick: uint256,
    lots: uint256,
    max_makers: uint256,
    today: uint256,
    keep: bool,
) -> (uint256, uint256, uint256, uint256):
    # One order: the account after it, the record of what stands (0: nothing), the lots traded, and
    # the reason to refuse it (then nothing changed). The caller writes the account back.
    account: uint256 = account_before
    reason: uint256 = rights >> 8
    if buy == trading_rule.BUY:
        reason = rights & 255
    if reason != refusal.FINE:
        return account, 0, 0, reason
    low: uint256 = (hot >> 12) & session.M20
    high: uint256 = unsafe_add(low, (hot >> 32) & session.M16)
    if tick < low or tick > high:
        return account, 0, 0, refusal.OFF_BAND
    if lots == 0:
        return account, 0, 0, refusal.LOT
    if lots > (hot >> 160) & session.M28:
        return account, 0, 0, refusal.TOO_LARGE
    reason = trading_rule._funds(session_id, hot, key, account, buy, tick, lots, today)
    if reason != refusal.FINE:
        return account, 0, 0, reason

    organisation: uint256 = key & standing.MAX_ORGANISATION
    left: uint256 = lots
    bound_hit: bool = False
    if hot & session.CLEARED != 0:
        traded: uint256 = 0
        weighted: uint256 = 0
        traded, weighted, bound_hit = taking._take(
            session_id, hot, organisation, buy, tick, lots, max_makers, today
        )
        left = unsafe_sub(lots, traded)
        if traded != 0:
            if buy == trading_rule.BUY:
                account = trading_rule._bought(hot, account, traded, weighted, today)
            else:
                account = trading_rule._sold(hot, account, traded, weighted)
        if left == 0:
            return account, 0, lots, refusal.FINE
    position: uint256 = price_book.FULL
    if keep and not bound_hit:
        level_key: uint256 = (hot & session.M12) << 17
        if buy == trading_rule.BUY:
            level_key = level_key | unsafe_sub(high, tick)
        else:
            level_key = level_key | 65_536 | unsafe_sub(tick, low)
        position = price_book._append(
            level_key,
            session_id & price_book.EPOCHS,
            (organisation << 28) | left,
        )
    if position == price_book.FULL:
        if hot & session.CLEARED == 0:
            return account, 0, 0, refusal.LEVEL_FULL
        log ICarbonMarket.RemainderReturned(
            session_id=session_id,
            organisation_id=organisation,
            buy=buy == trading_rule.BUY,
            tick=tick,
            lots=left,
            bound_hit=bound_hit,
        )
        return account, 0, unsafe_sub(lots, left), refusal.FINE
    if buy == trading_rule.BUY:
        account = unsafe_add(
            unsafe_sub(account, unsafe_mul(unsafe_mul(left, tick), (hot >> 146) & session.M14)),
            left << trading_account.BUYS_AT,
        )
    else:
        account = unsafe_add(
            unsafe_sub(account, left << trading_account.UNITS_AT),
            left << trading_account.SELLS_AT,
        )
    return (
        account,
        order_codec._record(organisation, buy, tick, position, left),
        unsafe_sub(lots, left),
        refusal.FINE,
    )


@internal
def _four(
    session_id: uint256,
    hot: uint256,
    key: uint256,
    account_before: uint256,
    rights: uint256,
    quotes: uint256,
    message: uint256,
    first: uint256,
    today: uint256,
    atomic: bool,
) -> (uint256, uint256, uint256, uint256):
    # Up to four packed quotes: the account after them, the records of what stands (two in a word),
    # the number accepted. The caller writes the account back.
    account: uint256 = account_before
    rest: uint256 = quotes
    early: uint256 = 0
    late: uint256 = 0
    standing_now: uint256 = 0
    accepted: uint256 = 0
    for i: uint256 in range(4):
        if rest == 0:
            break
        quote: uint256 = rest & (2**64 - 1)
        rest = rest >> 64
        record: uint256 = 0
        traded: uint256 = 0
        reason: uint256 = refusal.OFF_TICK
        if (quote >> 56) & 127 == 0:
            account, record, traded, reason = self._submit(
                session_id,
                hot,
                key,
                account,
                rights,
                quote >> 63,
                (quote >> 32) & (2**24 - 1),
                quote & session.M32,
                DEFAULT_MAKERS,
                today,
                True,
            )
        if reason != refusal.FINE:
            if atomic:
                refusal._raise(reason)
            log ICarbonMarket.QuoteRefused(
                session_id=session_id,
                organisation_id=key & standing.MAX_ORGANISATION,
                message=message,
                position=unsafe_add(first, i),
                quote=quote,
                reason=reason,
            )
            continue
        accepted = unsafe_add(accepted, 1)
        if record != 0:
            if standing_now < 2:
                early = early | (record << (standing_now << 7))
            else:
                late = late | (record << ((standing_now & 1) << 7))
            standing_now = unsafe_add(standing_now, 1)
    return account, early, late, accepted


@internal
def _place_one(
    session_id: uint256,
    buy: uint256,
    tick: uint256,
    lots: uint256,
    max_makers: uint256,
    keep: bool,
) -> (uint256, uint256):
    # One order in a transaction of its own: the id of what stands, the lots traded.
    hot: uint256 = session._quotable(session_id)
    who: uint256 = member_guard._standing(msg.sender)
    key: uint256 = ((hot & session.M12) << 24) | standing._organisation(who)
    account: uint256 = 0
    record: uint256 = 0
    traded: uint256 = 0
    reason: uint256 = 0
    account, record, traded, reason = self._submit(
        session_id,
        hot,
        key,
        trading_account._accounts[key],
        trading_rule._rights(session_id, hot, who),
        buy,
        tick,
        lots,
        max_makers,
        trading_rule._today(UTC_OFFSET),
        keep,
    )
    refusal._raise(reason)
    trading_account._accounts[key] = account
    if record == 0:
        return 0, traded
    log ICarbonMarket.OrdersPlaced(session_id=session_id, records=[record])
    return order_codec._order_id(session_id, record), traded
