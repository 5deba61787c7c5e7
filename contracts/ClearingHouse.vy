# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The clearing house: opening, clearing, block trades, debts, close
@license AGPL-3.0-or-later
@notice The market's procedures beside quoting. CarbonMarket runs this code on its own storage
        (delegatecall, to one address fixed at its deployment), because both do not fit into one
        contract's 24,576 bytes. Called directly it works on its own empty storage, where no session
        exists, and refuses everything.
@custom:layout The storage of the market is that of the modules below, in this order; CarbonMarket
        lists them in the same order first. tests/unit/market/test_layout.py compares the two.
@custom:reentrancy The market's lock is held while this code runs; a lock here would be the same one.
"""

from .interfaces import ICarbonMarket
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

from .modules import member_guard

initializes: member_guard

from .modules import locks

initializes: locks[price_book := price_book, trading_account := trading_account]

from .modules import auction

initializes: auction[debts := debts, locks := locks, price_book := price_book, session := session]

from .modules import trading_rule

initializes: trading_rule[debts := debts, session := session]

from .modules import obligation_codec
from .modules import order_codec
from .modules import refusal

exports: member_guard.membership

utc_offset: public(immutable(uint256))  # seconds; where the market's day begins


@deploy
def __init__(membership: address, utc_offset_: uint256):
    assert utc_offset_ < trading_rule.DAY, "clearing_house: offset out of range"
    member_guard.__init__(membership)
    utc_offset = utc_offset_


@external
def list_instrument(instrument: uint256) -> uint256:
    refusal._require(msg.sender == desks.sessions, refusal.NOT_WIRED)
    return trading_account._list(instrument)


@external
def open_session(instrument: uint256, hot: uint256, sectors: uint256, cold: uint256) -> uint256:
    refusal._require(msg.sender == desks.sessions, refusal.NOT_WIRED)
    return session._open(hot, trading_account._list(instrument), sectors, cold)


@external
def set_paused(session_id: uint256, paused: bool):
    refusal._require(msg.sender == desks.sessions, refusal.NOT_WIRED)
    hot: uint256 = session._standing_session(session_id) & ~session.PAUSED
    if paused:
        hot |= session.PAUSED
    session._hot[session_id] = hot


@external
def clear(session_id: uint256, max_steps: uint256) -> bool:
    """
    @notice Match what the auction has gathered, at most `max_steps` orders met; anyone may call.
    @return True when nothing is left to match and continuous trading begins.
    """
    hot: uint256 = session._hot[session_id]
    refusal._require(session._phase(hot) == session.CLEARING, refusal.NOT_CLEARING)
    refusal._require(hot & session.PAUSED == 0, refusal.IS_PAUSED)
    done: bool = auction._clear(session_id, hot, max_steps, trading_rule._today(utc_offset))
    if done:
        session._hot[session_id] = hot | session.CLEARED
        listed: uint256 = session._listed[session_id]
        log ICarbonMarket.SessionCleared(
            session_id=session_id,
            volume_lots=listed & (2**64 - 1),
            turnover_half_ticks=listed >> 64,
        )
    return done


@external
def settle_block(
    session_id: uint256, buyer: uint256, seller: uint256, tick: uint256, lots: uint256
):
    # Only BlockTrades, which has both signatures and has checked the limits for blocks.
    refusal._require(msg.sender == desks.block_desk, refusal.NOT_WIRED)
    hot: uint256 = session._quotable(session_id)
    today: uint256 = trading_rule._today(utc_offset)
    base: uint256 = (hot & session.M12) << 24
    weighted: uint256 = unsafe_mul(lots, tick)

    rights: uint256 = trading_rule._rights(session_id, hot, member_guard._standing_of(seller))
    account: uint256 = trading_account._accounts[base | seller]
    refusal._raise(rights >> 8)
    refusal._raise(
        trading_rule._funds(session_id, hot, base | seller, account, 0, tick, lots, today)
    )
    trading_account._accounts[base | seller] = trading_rule._sold(hot, account, lots, weighted)

    rights = trading_rule._rights(session_id, hot, member_guard._standing_of(buyer))
    account = trading_account._accounts[base | buyer]
    refusal._raise(rights & 255)
    refusal._raise(
        trading_rule._funds(
            session_id, hot, base | buyer, account, trading_rule.BUY, tick, lots, today
        )
    )
    trading_account._accounts[base | buyer] = trading_rule._bought(
        hot, account, lots, weighted, today
    )

    owed: uint256 = 0
    if session._margin_bps(hot) != session.FULL_MARGIN:
        owed = debts._owe(
            buyer,
            seller,
            lots,
            tick << 1,
            hot & session.M12,
            session._margin_bps(hot),
            session._due_at(session_id),
            session_id,
            today,
        )
    log ICarbonMarket.Traded(
        session_id=session_id,
        fills=[
            order_codec._fill(
                order_codec._bid_part(buyer, tick, order_codec.MAX_POSITION)
                | order_codec._ask_part(seller, tick, order_codec.MAX_POSITION),
                lots,
                tick << 1,
                order_codec.BLOCK,
                owed,
            )
        ],
    )


@external
def discharge(obligation: uint256, paid: bool):
    # Only MarginSettlement, which keeps the obligation and has checked who may do this, and when.
    refusal._require(msg.sender == debts._settlement.address, refusal.NOT_WIRED)
    debts._forget(obligation)
    base: uint256 = obligation_codec._book(obligation) << 24
    buyer: uint256 = base | obligation_codec._buyer(obligation)
    seller: uint256 = base | obligation_codec._seller(obligation)
    lots: uint256 = obligation_codec._lots(obligation)
    margin: uint256 = obligation_codec._margin(obligation)
    account: uint256 = trading_account._accounts[buyer]
    if debts._awaiting[buyer] == 0:
        account = account & ~(1 << trading_account.AWAITING_AT)
    if paid:
        price: uint256 = obligation_codec._price(obligation)
        rest: uint256 = unsafe_sub(price, margin)
        refusal._require(account & trading_account.MONEY >= rest, refusal.MONEY)
        account = unsafe_add(unsafe_sub(account, rest), unsafe_mul(lots, trading_account.ONE_LOT))
        today: uint256 = trading_rule._today(utc_offset)
        if today == obligation_codec._day(obligation):
            account = trading_account._note_bought(account, lots, today)
        trading_account._accounts[buyer] = account
        trading_account._accounts[seller] = unsafe_add(trading_account._accounts[seller], price)
    else:
        trading_account._accounts[buyer] = account
        trading_account._accounts[seller] = unsafe_add(
            trading_account._accounts[seller],
            unsafe_add(margin, unsafe_mul(lots, trading_account.ONE_LOT)),
        )


@external
def close(session_id: uint256, max_steps: uint256) -> bool:
    """
    @notice After the closing time, release standing orders, at most `max_steps`; anyone may call.
    @return True when all are released and the closing price is fixed.
    """
    hot: uint256 = session._standing_session(session_id)
    refusal._require(session._phase(hot) == session.CLOSING, refusal.NOT_CLOSING)
    done: bool = auction._sweep(session_id, hot, max_steps)
    if done:
        tick: uint256 = 0
        volume: uint256 = 0
        turnover: uint256 = 0
        tick, volume, turnover = session._close(session_id, hot)
        log ICarbonMarket.SessionClosed(
            session_id=session_id,
            instrument=trading_account._instruments[hot & session.M12],
            closing_tick=tick,
            volume_lots=volume,
            turnover_half_ticks=turnover,
        )
    return done
