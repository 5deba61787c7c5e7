# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The sessions of the market
@license AGPL-3.0-or-later
@notice The exchange lists instruments and announces sessions, the regulator pauses and resumes them.
        Terms are checked here and fixed from then on; the market keeps what it needs of them. The
        reference price of a session is the close of the one before.
@custom:kill None. Without this contract no new session opens; those announced run to their end.
"""

from .interfaces import ICarbonMarket
from .interfaces import ITradingSessions

implements: ITradingSessions

from .modules import instrument as instrument_codec
from .modules import member_guard

initializes: member_guard

from .modules import order_codec
from .modules import price_book
from .modules import role
from .modules import session

exports: member_guard.membership

BPS: constant(uint256) = 10_000
MAX_TIME: constant(uint256) = 2**32 - 1
MAX_SPAN: constant(uint256) = 2**22 - 1  # seconds, 48 days
# An instrument has one session at a time, and bought units lie until they are paid for or in default:
# a time mistyped by a century would keep the instrument from trading, or the units, for ever.
MAX_WAIT: constant(uint256) = 92 * 86_400
MAX_MASK: constant(uint256) = 2**128 - 1

market: public(immutable(ICarbonMarket))

_terms: HashMap[uint256, ITradingSessions.SessionTerms]


@deploy
def __init__(membership: address, market_: address):
    assert market_ != empty(address), "trading_sessions: no market"
    member_guard.__init__(membership)
    market = ICarbonMarket(market_)


@external
def list_instrument(instrument: uint256):
    member_guard._check_role(role.EXCHANGE, msg.sender)
    instrument_codec._check(instrument)
    extcall market.list_instrument(instrument)
    log ITradingSessions.InstrumentListed(instrument=instrument, listed_by=msg.sender)


@external
def announce_session(terms: ITradingSessions.SessionTerms) -> uint256:
    """
    @notice Announce a session of an instrument whose last one is closed.
    @return The number of the session.
    """
    member_guard._check_role(role.EXCHANGE, msg.sender)
    instrument_codec._check(terms.instrument)
    assert block.timestamp <= terms.opens_at, "trading_sessions: opens in the past"
    assert terms.opens_at < terms.cancels_until, "trading_sessions: times out of order"
    assert terms.cancels_until <= terms.auction_ends_at, "trading_sessions: times out of order"
    assert terms.auction_ends_at < terms.closes_at, "trading_sessions: times out of order"
    assert terms.closes_at <= terms.pay_by, "trading_sessions: times out of order"
    assert terms.pay_by <= MAX_TIME, "trading_sessions: time out of range"
    assert terms.closes_at - terms.opens_at <= MAX_SPAN, "trading_sessions: session too long"
    assert terms.opens_at - block.timestamp <= MAX_WAIT, "trading_sessions: opens too late"
    assert terms.pay_by - terms.closes_at <= MAX_WAIT, "trading_sessions: payment too late"

    in_force: ITradingSessions.SessionTerms = terms
    close: uint256 = staticcall market.closing_tick(terms.instrument)
    if close != 0:
        assert terms.reference_tick == 0 or terms.reference_tick == close, (
            "trading_sessions: reference is the last close"
        )
        in_force.reference_tick = close
    assert 0 < in_force.reference_tick and in_force.reference_tick <= order_codec.MAX_TICK, (
        "trading_sessions: reference price out of range"
    )
    assert 0 < terms.band_bps and terms.band_bps < BPS, "trading_sessions: band out of range"
    assert terms.block_band_bps < BPS, "trading_sessions: block band out of range"
    assert 0 < terms.margin_bps and terms.margin_bps <= BPS, "trading_sessions: margin out of range"
    assert 0 < terms.max_order_lots and terms.max_order_lots <= order_codec.MAX_LOTS, (
        "trading_sessions: order limit out of range"
    )
    assert 0 < terms.position_limit_lots and terms.position_limit_lots <= session.M32, (
        "trading_sessions: position limit out of range"
    )
    assert terms.buy_roles <= role.ALL and terms.sell_roles <= role.ALL, (
        "trading_sessions: unknown roles"
    )
    assert terms.buy_sectors <= MAX_MASK and terms.sell_sectors <= MAX_MASK, (
        "trading_sessions: unknown sectors"
    )
    assert terms.block_min_lots <= order_codec.MAX_LOTS, (
        "trading_sessions: block minimum out of range"
    )
    low: uint256 = 0
    high: uint256 = 0
    low, high = self._band(in_force.reference_tick, terms.band_bps)
    assert high - low < price_book.RANKS, "trading_sessions: band out of range"

    hot: uint256 = session._hot_word(
        low,
        high,
        terms.opens_at,
        terms.cancels_until,
        terms.auction_ends_at,
        terms.closes_at,
        terms.margin_bps,
        terms.max_order_lots,
        terms.position_limit_lots,
        terms.buy_roles,
        terms.sell_roles,
    )
    if terms.next_day_sale:
        hot |= session.NEXT_DAY_SALE
    sectors: uint256 = terms.buy_sectors | (terms.sell_sectors << 128)
    if sectors != 0:
        hot |= session.SECTORS_RESTRICTED
    session_id: uint256 = extcall market.open_session(
        terms.instrument, hot, sectors, terms.pay_by | (in_force.reference_tick << 40)
    )
    self._terms[session_id] = in_force
    log ITradingSessions.SessionAnnounced(
        session_id=session_id,
        instrument=terms.instrument,
        terms=in_force,
        low_tick=low,
        high_tick=high,
        announced_by=msg.sender,
    )
    return session_id


@external
def pause_session(session_id: uint256, reason: bytes32):
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert not (staticcall market.state(session_id)).paused, "trading_sessions: already paused"
    extcall market.set_paused(session_id, True)
    log ITradingSessions.SessionPaused(session_id=session_id, reason=reason, paused_by=msg.sender)


@external
def resume_session(session_id: uint256):
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert (staticcall market.state(session_id)).paused, "trading_sessions: not paused"
    extcall market.set_paused(session_id, False)
    log ITradingSessions.SessionResumed(session_id=session_id, resumed_by=msg.sender)


@external
@view
def terms(session_id: uint256) -> ITradingSessions.SessionTerms:
    return self._terms[session_id]


@external
@view
def block_limits(session_id: uint256) -> (uint256, uint256, uint256):
    # least lots (0: no block trades), lowest tick, highest tick
    low: uint256 = 0
    high: uint256 = 0
    low, high = self._band(
        self._terms[session_id].reference_tick, self._terms[session_id].block_band_bps
    )
    return self._terms[session_id].block_min_lots, low, high


@internal
@pure
def _band(reference: uint256, band_bps: uint256) -> (uint256, uint256):
    # reference +- band; a bound that falls between two ticks moves inwards, and stays above zero.
    distance: uint256 = reference * band_bps // BPS
    return max(reference - distance, 1), min(reference + distance, order_codec.MAX_TICK)
