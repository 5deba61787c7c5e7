# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title A contract of the protocol as the tokens see it: takes units and money, and gives them back
@license AGPL-3.0-or-later
@notice Remembers what its callbacks were told. Once armed, it calls back into `target` from inside
        the next callback, as a hostile receiver would, and keeps whether the call went through.
"""

ACCEPT_UNITS: constant(bytes4) = 0xF23A6E61
ACCEPT_BATCH: constant(bytes4) = 0xBC197C81
ACCEPT_MONEY: constant(bytes4) = 0x88A7CA5C


struct Receipt:
    operator: address
    owner: address
    id: uint256
    amount: uint256
    data: Bytes[1024]


last_receipt: public(Receipt)
is_refusing: public(bool)
has_reentered: public(bool)

_target: address
_attack: Bytes[2048]


@external
def arm(target: address, attack: Bytes[2048]):
    self._target = target
    self._attack = attack


@external
def refuse(refusing: bool):
    self.is_refusing = refusing


@external
def act(target: address, call: Bytes[2048]) -> Bytes[64]:
    return raw_call(target, call, max_outsize=64)


@external
def onERC1155Received(
    operator: address, owner: address, id: uint256, amount: uint256, data: Bytes[1024]
) -> bytes4:
    self._receive(operator, owner, id, amount, data)
    if self.is_refusing:
        return empty(bytes4)
    return ACCEPT_UNITS


@external
def onERC1155BatchReceived(
    operator: address,
    owner: address,
    ids: DynArray[uint256, 128],
    amounts: DynArray[uint256, 128],
    data: Bytes[1024],
) -> bytes4:
    for index: uint256 in range(len(ids), bound=128):
        self._receive(operator, owner, ids[index], amounts[index], data)
    if self.is_refusing:
        return empty(bytes4)
    return ACCEPT_BATCH


@external
def onTransferReceived(
    operator: address, owner: address, amount: uint256, data: Bytes[1024]
) -> bytes4:
    self._receive(operator, owner, 0, amount, data)
    if self.is_refusing:
        return empty(bytes4)
    return ACCEPT_MONEY


@internal
def _receive(operator: address, owner: address, id: uint256, amount: uint256, data: Bytes[1024]):
    self.last_receipt = Receipt(operator=operator, owner=owner, id=id, amount=amount, data=data)
    if self._target != empty(address):
        self.has_reentered = raw_call(self._target, self._attack, revert_on_failure=False)
