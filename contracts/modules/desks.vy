# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The contracts that may act on the market beside its members
@license AGPL-3.0-or-later
"""

sessions: public(address)  # TradingSessions
block_desk: public(address)  # BlockTrades
