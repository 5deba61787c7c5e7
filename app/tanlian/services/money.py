"""Settlement money: issued by a bank for yuan received, redeemed for yuan paid out."""

from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.identity import reference_of
from tanlian.domain.texts import MAX_REASON, fitting
from tanlian.services.access import Access
from tanlian.services.organisations import find


def issue(access: Access, sender: Sender, name: str, amount: int, payment: str) -> Receipt:
    """Issue money to an organisation for a payment received; a bank's act.

    The bank's payment number counts once: issuing for it again is refused.
    """
    return access.act(sender, "money", "issue", find(access, name), amount, reference_of(payment))


def request_redemption(access: Access, sender: Sender, bank: str, amount: int, payee: str) -> int:
    """Hand money back to a bank, to be paid out to a payee. Returns the redemption's number."""
    receipt = access.act(
        sender, "money", "request_redemption", find(access, bank), amount, reference_of(payee)
    )
    return int(access.event(receipt, "money", "RedemptionRequested")["redemption"])


def pay_out(access: Access, sender: Sender, redemption: int, payment: str) -> Receipt:
    """Record that a redemption was paid out; the bank's act, which burns the money."""
    return access.act(sender, "money", "pay_out", redemption, reference_of(payment))


def reject_redemption(access: Access, sender: Sender, redemption: int, reason: str) -> Receipt:
    """Refuse a redemption with a reason; the bank's act, which gives the money back."""
    return access.act(
        sender, "money", "reject_redemption", redemption, fitting("reason", reason, MAX_REASON)
    )


def balance(access: Access, organisation: int) -> int:
    """An organisation's money outside of the trading accounts, in micro-yuan."""
    from tanlian.domain.holder import holder_address

    return int(access.contracts.money.read("balanceOf", holder_address(organisation)))
