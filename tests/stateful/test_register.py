"""The register under random acts of everybody, beside a model in another shape.

The model keeps serials as sorted interval lists and balances as plain dictionaries, and says of each
act whether it must go through. Laws that need no model: issued = held + surrendered + cancelled,
intervals of one token id neither overlap nor leave a gap, money is what the banks issued and did not
pay out, and a balance falls only by an act of its owner or of a regulator.
"""

from collections import Counter

import boa
from eth_utils import keccak
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from harness.access.membership import add_account
from harness.consortium import CEA24, DOCUMENT, REASON, key_of
from harness.facility import with_facility
from harness.refusal import reason_of
from tanlian.domain.instrument import allowance, offset

CEA25 = allowance(2025).token_id
CREDIT = offset(7, 2024).token_id
TOKENS = (CEA24, CREDIT)
PEOPLE = ("emitter", "other_emitter", "trader")
SURRENDER, CANCELLATION = 1, 2
CAP = 2_000

REACHED: set[str] = set()
BOTH_WAYS = {
    "allocate",
    "cancel",
    "claw back",
    "deposit",
    "issue money",
    "pay",
    "pay in",
    "surrender",
    "transfer",
    "unfreeze",
    "withdraw",
    "issue",
    "pay back",
    "ask redemption",
}
ONE_WAY = {
    "withdraw allocation",
    "freeze",
    "freeze holder",
    "pay out",
    "cancel redemption",
    "reject",
}

people = st.sampled_from(PEOPLE)
tokens = st.sampled_from(TOKENS)
amounts = st.one_of(st.integers(1, 40), st.integers(1, 700))
thieves = st.one_of(st.none(), st.none(), people)


class Register(RuleBasedStateMachine):
    @initialize()
    def deploy(self):
        self.it = with_facility()
        self.it.set_cap(CAP)
        self.units = {token: Counter() for token in TOKENS}  # by name
        self.frozen = {token: Counter() for token in TOKENS}
        self.whole = set()
        self.suspended = set()
        self.retired = {token: [] for token in TOKENS}  # purposes and amounts, in order
        self.issued = {token: [] for token in TOKENS}
        self.money = Counter()
        self.escrow = {}
        self.books = Counter()
        self.keys = {name: self.it.members[name].account for name in PEOPLE}
        self.turns = 0
        for name in PEOPLE:
            self.issue_credits(name=name, amount=300)
            self.issue_money(name=name, amount=300, replay=False)
            self.deposit(owner=name, token=CREDIT, amount=100)
            self.pay_facility(owner=name, amount=100, back=False)
            self.freeze(owner=name, token=CREDIT, amount=60)
            for _ in range(2):
                self.ask_redemption(owner=name, amount=20)
        for name in PEOPLE[:2]:
            self.allocate(name=name, amount=300)
            self.deposit(owner=name, token=CEA24, amount=100)

    # --- doing and judging one act

    def act(self, name, may, call):
        """Do it; it must go through exactly if the model says so."""
        if currently_in_test_context():
            note(f"{name}: {'goes' if may else 'refused'}")
        try:
            result = call()
        except boa.BoaError as refusal:
            assert not may, f"{name} refused: {reason_of(refusal)}"  # noqa: PT017
            REACHED.add(f"{name} refused")
            return None
        assert may, f"{name} went through"
        REACHED.add(name)
        return result

    def free(self, name, token):
        if name in self.whole:
            return 0
        return max(0, self.units[token][name] - self.frozen[token][name])

    def member(self, name):
        return self.it.members[name]

    # --- units

    @rule(name=people, amount=amounts)
    def issue_credits(self, name, amount):
        may = name not in self.suspended
        self.act(
            "issue",
            may,
            lambda: self.it.ledger.issue(
                self.member(name).org_id, CREDIT, amount, DOCUMENT, sender=self.it.facility.address
            ),
        )
        if may:
            self.units[CREDIT][name] += amount
            self.issued[CREDIT].append(amount)

    @rule(name=st.sampled_from(PEOPLE[:2]), amount=amounts)
    def allocate(self, name, amount):
        member, it = self.member(name), self.it
        first = it.allocation.account(member.org_id, 2024).stage == 0
        taken = sum(self.issued[CEA24]) - sum(
            amount for kind, amount in self.retired[CEA24] if kind == "allocation"
        )
        may = name not in self.suspended and taken + amount <= CAP
        function = it.allocation.pre_allocate if first else it.allocation.top_up
        self.act(
            "allocate",
            may,
            lambda: function(member.org_id, 2024, amount, DOCUMENT, sender=it.regulator.account),
        )
        if may:
            self.units[CEA24][name] += amount
            self.issued[CEA24].append(amount)

    @rule(name=st.sampled_from(PEOPLE[:2]), amount=amounts)
    def withdraw_allocation(self, name, amount):
        member, it = self.member(name), self.it
        account = it.allocation.account(member.org_id, 2024)
        may = account.stage != 0 and amount <= account.entitled_kg
        owed = it.allocation.owed_kg(member.org_id)
        if owed or not may:
            return  # what is owed is unit-tested; here it would only repeat the contract
        reach = min(amount, account.issued_kg, self.units[CEA24][name])
        if reach < amount:
            return
        self.act(
            "withdraw allocation",
            may,
            lambda: it.allocation.claw_back(
                member.org_id, 2024, amount, DOCUMENT, sender=it.regulator.account
            ),
        )
        self.units[CEA24][name] -= amount
        self.retired[CEA24].append(("allocation", amount))

    @rule(owner=people, to=people, token=tokens, amount=amounts, thief=thieves)
    def transfer(self, owner, to, token, amount, thief):
        actor = thief or owner
        may = (
            actor == owner
            and not {owner, to} & self.suspended
            and amount <= self.units[token][owner]
            and amount <= self.free(owner, token)
        )
        self.act(
            "transfer",
            may,
            lambda: self.it.ledger.safeTransferFrom(
                self.member(owner).holder,
                self.member(to).holder,
                token,
                amount,
                b"",
                sender=self.keys[actor],
            ),
        )
        if may:
            self.units[token][owner] -= amount
            self.units[token][to] += amount

    @rule(owner=people, token=tokens, amount=amounts)
    def deposit(self, owner, token, amount):
        may = owner not in self.suspended and amount <= self.free(owner, token)
        self.act(
            "deposit",
            may,
            lambda: self.it.ledger.safeTransferFrom(
                self.keys[owner],
                self.it.facility.address,
                token,
                amount,
                b"",
                sender=self.keys[owner],
            ),
        )
        if may:
            self.units[token][owner] -= amount
            self.units[token]["facility"] += amount

    @rule(to=people, token=tokens, amount=amounts)
    def withdraw(self, to, token, amount):
        """A facility pays out to anybody, suspended or not."""
        facility = self.it.facility.address
        may = amount <= self.units[token]["facility"]
        self.act(
            "withdraw",
            may,
            lambda: self.it.ledger.safeTransferFrom(
                facility, self.member(to).holder, token, amount, b"", sender=facility
            ),
        )
        if may:
            self.units[token]["facility"] -= amount
            self.units[token][to] += amount

    @rule(owner=people, token=tokens, amount=amounts, thief=thieves)
    def cancel_units(self, owner, token, amount, thief):
        actor = thief or owner
        may = actor == owner and owner not in self.suspended and amount <= self.free(owner, token)
        self.retire("cancel", may, owner, token, amount, CANCELLATION, self.keys[actor])

    @rule(owner=people, token=tokens, amount=amounts)
    def surrender(self, owner, token, amount):
        """By the wired contract, whatever the owner's standing."""
        may = amount <= self.free(owner, token)
        facility = self.it.facility.address
        self.retire("surrender", may, owner, token, amount, SURRENDER, facility)

    def retire(self, name, may, owner, token, amount, purpose, sender):
        org_id, ledger = self.member(owner).org_id, self.it.ledger
        self.act(
            name,
            may,
            lambda: ledger.retire(org_id, token, amount, purpose, DOCUMENT, sender=sender),
        )
        if may:
            self.units[token][owner] -= amount
            self.retired[token].append((name, amount))

    @rule(owner=people, token=tokens, amount=amounts)
    def claw_back(self, owner, token, amount):
        if token == CEA24:
            return  # the regulator does it through Allocation, see withdraw_allocation
        may = amount <= self.units[token][owner]
        self.act(
            "claw back",
            may,
            lambda: self.it.ledger.claw_back(
                self.member(owner).org_id,
                token,
                amount,
                REASON,
                DOCUMENT,
                sender=self.it.regulator.account,
            ),
        )
        if may:
            self.units[token][owner] -= amount
            self.retired[token].append(("cancel", amount))

    @rule(owner=people, token=tokens, amount=amounts)
    def freeze(self, owner, token, amount):
        self.act(
            "freeze",
            True,
            lambda: self.it.ledger.freeze(
                self.member(owner).org_id, token, amount, REASON, sender=self.it.regulator.account
            ),
        )
        self.frozen[token][owner] += amount

    @rule(owner=people, token=tokens, amount=amounts)
    def unfreeze(self, owner, token, amount):
        may = amount <= self.frozen[token][owner]
        self.act(
            "unfreeze",
            may,
            lambda: self.it.ledger.unfreeze(
                self.member(owner).org_id, token, amount, REASON, sender=self.it.regulator.account
            ),
        )
        if may:
            self.frozen[token][owner] -= amount

    @rule(owner=people)
    def turn_holder_freeze(self, owner):
        owner = next(iter(self.whole), owner)
        frozen = owner in self.whole
        function = self.it.ledger.unfreeze_holder if frozen else self.it.ledger.freeze_holder
        self.act(
            "freeze holder",
            True,
            lambda: function(self.member(owner).org_id, REASON, sender=self.it.regulator.account),
        )
        self.whole ^= {owner}

    # --- organisations

    @rule(name=people)
    def turn_suspension(self, name):
        """One at a time, so that the others can go on dealing."""
        name = next(iter(self.suspended), name)
        suspended = name in self.suspended
        (self.it.reinstate if suspended else self.it.suspend)(self.member(name))
        self.suspended ^= {name}

    @rule(name=people)
    def replace_key(self, name):
        """Holdings, freezes and suspension stay; the old key is nobody's."""
        self.turns += 1
        old, new = self.keys[name], key_of(f"key {self.turns}").address
        membership = self.it.membership
        replacement = membership.propose_replacement(
            old, new, True, REASON, sender=self.it.exchange.account
        )
        membership.approve_replacement(replacement, sender=self.it.regulator.account)
        self.keys[name] = new
        assert membership.standing(old) == 0

    @rule(name=people)
    def change_account(self, name):
        """Add an account and remove the one before."""
        if name in self.suspended:
            return
        self.turns += 1
        new = key_of(f"key {self.turns}")
        member = self.member(name)
        acting = type(member)(name, member.org_id, _Key(self.keys[name]), member.roles, 0)
        add_account(self.it, acting, new)
        self.it.membership.remove_account(self.keys[name], REASON, sender=new.address)
        self.keys[name] = new.address

    # --- money

    @rule(name=people, amount=amounts, replay=st.booleans())
    def issue_money(self, name, amount, replay):
        number = max(0, self.turns - 1) if replay else self.turns + 1
        used = self.it.money.is_payment_used(self.it.bank.org_id, _payment(number))
        may = name not in self.suspended and not used
        self.act(
            "issue money",
            may,
            lambda: self.it.money.issue(
                self.member(name).org_id, amount, _payment(number), sender=self.it.bank.account
            ),
        )
        if may:
            self.turns = max(self.turns, number)
            self.money[name] += amount
            self.books["issued"] += amount

    @rule(owner=people, to=people, amount=amounts, thief=thieves)
    def pay(self, owner, to, amount, thief):
        actor = thief or owner
        may = actor == owner and not {owner, to} & self.suspended and amount <= self.money[owner]
        self.act(
            "pay",
            may,
            lambda: self.it.money.transferFrom(
                self.member(owner).holder, self.member(to).holder, amount, sender=self.keys[actor]
            ),
        )
        if may:
            self.money[owner] -= amount
            self.money[to] += amount

    @rule(owner=people, amount=amounts, back=st.booleans())
    def pay_facility(self, owner, amount, back):
        facility = self.it.facility.address
        if back:
            may = amount <= self.money["facility"]
            self.act(
                "pay back",
                may,
                lambda: self.it.money.transfer(self.member(owner).holder, amount, sender=facility),
            )
            moved = ("facility", owner)
        else:
            may = owner not in self.suspended and amount <= self.money[owner]
            self.act(
                "pay in",
                may,
                lambda: self.it.money.transferAndCall(
                    facility, amount, b"", sender=self.keys[owner]
                ),
            )
            moved = (owner, "facility")
        if may:
            self.money[moved[0]] -= amount
            self.money[moved[1]] += amount

    @rule(owner=people, amount=amounts)
    def ask_redemption(self, owner, amount):
        may = owner not in self.suspended and amount <= self.money[owner]
        number = self.act(
            "ask redemption",
            may,
            lambda: self.it.money.request_redemption(
                self.it.bank.org_id, amount, DOCUMENT, sender=self.keys[owner]
            ),
        )
        if may:
            self.money[owner] -= amount
            self.escrow[number] = (owner, amount)

    @precondition(lambda self: self.escrow)
    @rule(which=st.integers(0, 9))
    def pay_out(self, which):
        number, _, amount = self.pending(which)
        self.act(
            "pay out",
            True,
            lambda: self.it.money.pay_out(
                number, _payment(10**6 + number), sender=self.it.bank.account
            ),
        )
        self.books["paid out"] += amount

    @precondition(lambda self: self.escrow)
    @rule(which=st.integers(0, 9))
    def reject(self, which):
        number, owner, amount = self.pending(which)
        bank = self.it.bank.account
        self.act(
            "reject", True, lambda: self.it.money.reject_redemption(number, REASON, sender=bank)
        )
        self.money[owner] += amount

    @precondition(lambda self: self.escrow)
    @rule(which=st.integers(0, 9))
    def take_back(self, which):
        """By the member, suspended or not."""
        number, owner, amount = self.pending(which)
        key = self.keys[owner]
        self.act(
            "cancel redemption", True, lambda: self.it.money.cancel_redemption(number, sender=key)
        )
        self.money[owner] += amount

    def pending(self, which):
        """Take one of the open redemptions out of the model."""
        number = sorted(self.escrow)[which % len(self.escrow)]
        return number, *self.escrow.pop(number)

    # --- laws

    @invariant()
    def units_are_where_the_model_says(self):
        ledger = self.it.ledger
        for token in TOKENS:
            supply = ledger.supply(token)
            surrendered = sum(a for kind, a in self.retired[token] if kind == "surrender")
            assert supply.issued_kg == sum(self.issued[token])
            assert supply.surrendered_kg == surrendered
            assert supply.held_kg == sum(self.units[token].values())
            assert supply.issued_kg == supply.held_kg + supply.surrendered_kg + supply.cancelled_kg
            for name in PEOPLE:
                org_id = self.member(name).org_id
                assert ledger.balanceOf(self.keys[name], token) == self.units[token][name]
                assert ledger.free_holding(org_id, token) == self.free(name, token)
            assert (
                ledger.balanceOf(self.it.facility.address, token) == self.units[token]["facility"]
            )

    @invariant()
    def money_is_where_the_model_says(self):
        money = self.it.money
        totals = money.bank_totals(self.it.bank.org_id)
        pending = sum(amount for _, amount in self.escrow.values())
        assert tuple(totals) == (self.books["issued"], self.books["paid out"], pending)
        assert money.totalSupply() == totals.issued - totals.paid_out
        assert money.totalSupply() == sum(self.money.values()) + pending
        for name in PEOPLE:
            assert money.balanceOf(self.keys[name]) == self.money[name]
        assert money.balanceOf(self.it.facility.address) == self.money["facility"]

    @invariant()
    def region_stays_under_its_cap(self):
        plan = self.it.allocation.plan(self.it.emitter.region, 2024)
        assert plan.allocated_kg <= plan.cap_kg

    def teardown(self):
        if not hasattr(self, "it"):
            return
        self.intervals_neither_overlap_nor_leave_a_gap()
        self.everything_goes_home()

    def intervals_neither_overlap_nor_leave_a_gap(self):
        ledger = self.it.ledger
        for token in TOKENS:
            books = (
                (ledger.issue_block_count, ledger.issue_block, self.issued[token]),
                (
                    ledger.certificate_count,
                    ledger.certificate,
                    [amount for _, amount in self.retired[token]],
                ),
            )
            for count, entry, expected in books:
                following, found = 1, []
                for number in range(1, count(token) + 1):
                    block = entry(token << 40 | number)
                    assert block.first_serial == following
                    following += block.amount_kg
                    found.append(block.amount_kg)
                assert found == expected

    def everything_goes_home(self):
        """What the facility holds returns to members whatever their standing."""
        facility = self.it.facility.address
        home = self.it.suspended.holder
        for token in TOKENS:
            rest = self.it.ledger.balanceOf(facility, token)
            self.it.ledger.safeTransferFrom(facility, home, token, rest, b"", sender=facility)
            assert self.it.ledger.balanceOf(facility, token) == 0
        self.it.money.transfer(home, self.it.money.balanceOf(facility), sender=facility)
        assert self.it.money.balanceOf(facility) == 0


class _Key:
    """An account known by its address only."""

    def __init__(self, address):
        self.address = address


def _payment(number):
    return keccak(text=f"payment {number}")


TestRegister = Register.TestCase


def test_register__each_act_allowed_and_refused__the_model_agrees():
    """A fixed walk through every act, so that no law above holds only for what never happened."""
    REACHED.clear()
    walk = Register()
    walk.deploy()
    one, other, third = PEOPLE

    def step(act, **arguments):
        act(**arguments)
        walk.units_are_where_the_model_says()
        walk.money_is_where_the_model_says()
        walk.region_stays_under_its_cap()

    def both_ways(act, **arguments):
        """A small amount goes, a huge one does not."""
        step(act, amount=5, **arguments)
        step(act, amount=CAP + 1, **arguments)

    both_ways(walk.allocate, name=one)
    step(walk.withdraw_allocation, name=one, amount=5)
    for token in TOKENS:
        both_ways(walk.transfer, owner=one, to=other, token=token, thief=None)
        step(walk.transfer, owner=one, to=other, token=token, amount=1, thief=third)
        both_ways(walk.deposit, owner=one, token=token)
        both_ways(walk.withdraw, to=one, token=token)
        both_ways(walk.cancel_units, owner=one, token=token, thief=None)
        step(walk.cancel_units, owner=one, token=token, amount=1, thief=other)
        both_ways(walk.surrender, owner=one, token=token)
        step(walk.freeze, owner=one, token=token, amount=150)
        step(walk.transfer, owner=one, to=other, token=token, amount=100, thief=None)
        both_ways(walk.unfreeze, owner=one, token=token)
    both_ways(walk.claw_back, owner=one, token=CREDIT)
    step(walk.turn_holder_freeze, owner=one)
    step(walk.transfer, owner=one, to=other, token=CEA24, amount=1, thief=None)
    step(walk.turn_holder_freeze, owner=one)
    step(walk.replace_key, name=one)
    step(walk.change_account, name=one)
    both_ways(walk.pay, owner=one, to=other, thief=None)
    step(walk.pay, owner=one, to=other, amount=1, thief=third)
    for back in (False, True):
        both_ways(walk.pay_facility, owner=one, back=back)
    step(walk.issue_money, name=one, amount=5, replay=False)
    step(walk.issue_money, name=one, amount=5, replay=True)
    both_ways(walk.ask_redemption, owner=one)
    step(walk.pay_out, which=0)
    step(walk.reject, which=0)
    step(walk.turn_suspension, name=one)
    for act in (walk.issue_credits, walk.allocate):
        step(act, name=one, amount=1)
    step(walk.issue_money, name=one, amount=1, replay=False)
    step(walk.withdraw, to=one, token=CEA24, amount=1)
    step(walk.surrender, owner=one, token=CEA24, amount=1)
    step(walk.take_back, which=len(walk.escrow) - 1)
    step(walk.take_back, which=0)
    walk.teardown()
    missing = {f"{name}{end}" for name in BOTH_WAYS for end in ("", " refused")} - REACHED
    missing |= ONE_WAY - REACHED
    assert not missing, f"the walk never came to: {sorted(missing)}"
