# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title A settlement token or a ledger that turns against the market which trusts it
@license AGPL-3.0-or-later
@notice Keeps balances as both do (money under id 0) and asks nobody for an approval. Once armed, it
        calls other contracts from inside the next movement and keeps what came of each call; `run`
        makes the same calls from outside. It may also refuse to move, or say that it moved.
"""

HONEST: constant(uint256) = 0
REFUSING: constant(uint256) = 1  # moves nothing and says so
LYING: constant(uint256) = 2  # moves nothing and says that it did


struct Act:
    target: address
    call: Bytes[1024]


struct Outcome:
    done: bool
    output: Bytes[512]


interface Receiver:
    def onERC1155Received(
        operator: address, owner: address, id: uint256, amount: uint256, data: Bytes[1024]
    ) -> bytes4: nonpayable


_acts: DynArray[Act, 64]
_outcomes: DynArray[Outcome, 64]
_is_armed: bool
_manner: uint256
_balances: HashMap[address, HashMap[uint256, uint256]]


@external
def arm(acts: DynArray[Act, 64]):
    self._acts = acts
    self._is_armed = True


@external
def run(acts: DynArray[Act, 64]):
    self._acts = acts
    self._call_all()


@external
def behave(manner: uint256):
    self._manner = manner


@external
def mint(owner: address, id: uint256, amount: uint256):
    self._balances[owner][id] += amount


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, 0, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    return self._move(owner, to, 0, amount)


@external
def safeTransferFrom(owner: address, to: address, id: uint256, amount: uint256, data: Bytes[1024]):
    self._move(owner, to, id, amount)
    if to.is_contract:
        extcall Receiver(to).onERC1155Received(msg.sender, owner, id, amount, data)


@external
@view
def balanceOf(owner: address, id: uint256 = 0) -> uint256:
    return self._balances[owner][id]


@external
@view
def outcomes() -> DynArray[Outcome, 64]:
    return self._outcomes


@internal
def _move(owner: address, to: address, id: uint256, amount: uint256) -> bool:
    if self._is_armed:
        self._is_armed = False
        self._call_all()
    if self._manner == HONEST:
        self._balances[owner][id] -= amount
        self._balances[to][id] += amount
    return self._manner != REFUSING


@internal
def _call_all():
    self._outcomes = []
    for act: Act in self._acts:
        done: bool = False
        output: Bytes[512] = b""
        done, output = raw_call(act.target, act.call, max_outsize=512, revert_on_failure=False)
        self._outcomes.append(Outcome(done=done, output=output))
