# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The pure parts of the register's modules, each function on its own
@license AGPL-3.0-or-later
"""

from ...contracts.modules import allocation_word
from ...contracts.modules import holder
from ...contracts.modules import instrument
from ...contracts.modules import role
from ...contracts.modules import serial_book
from ...contracts.modules import standing

initializes: serial_book


@external
@pure
def roles() -> uint256[9]:
    return [
        role.REGULATOR,
        role.EMITTER,
        role.VERIFIER,
        role.EXCHANGE,
        role.BANK,
        role.OBSERVER,
        role.TRADER,
        role.OPERATOR,
        role.ALL,
    ]


@external
@pure
def holder_of(org_id: uint256) -> address:
    return holder._holder(org_id)


@external
@pure
def organisation_of(account: address) -> uint256:
    return holder._organisation(account)


@external
@pure
def allowance(vintage: uint256) -> uint256:
    return instrument._allowance(vintage)


@external
@pure
def offset(project: uint256, vintage: uint256) -> uint256:
    return instrument._offset(project, vintage)


@external
@pure
def instrument_parts(token_id: uint256) -> (uint256, uint256, uint256):
    instrument._check(token_id)
    return (
        instrument._kind(token_id), instrument._project(token_id), instrument._vintage(token_id)
    )


@external
@pure
def pack_standing(
    org_id: uint256, roles: uint256, sector: uint256, region: uint256, active: bool
) -> uint256:
    return standing._pack(org_id, roles, sector, region, active)


@external
@pure
def standing_parts(word: uint256) -> (uint256, uint256, uint256, uint256, bool):
    return (
        standing._organisation(word),
        standing._roles(word),
        standing._sector(word),
        standing._region(word),
        standing._is_active(word),
    )


@external
@pure
def pack_allocation(
    region: uint256, stage: uint256, entitled_kg: uint256, issued_kg: uint256
) -> uint256:
    return allocation_word._pack(region, stage, entitled_kg, issued_kg)


@external
@pure
def allocation_parts(word: uint256) -> (uint256, uint256, uint256, uint256):
    return (
        allocation_word._region(word),
        allocation_word._stage(word),
        allocation_word._entitled(word),
        allocation_word._issued(word),
    )


@external
@pure
def pack_entry(
    first: uint256, amount_kg: uint256, org_id: uint256, time: uint256, tag: uint256
) -> uint256:
    return serial_book._pack(first, amount_kg, org_id, time, tag)


@external
@pure
def entry_parts(word: uint256) -> (uint256, uint256, uint256, uint256, uint256):
    return (
        serial_book._first(word),
        serial_book._amount(word),
        serial_book._organisation(word),
        serial_book._time(word),
        serial_book._tag(word),
    )


@external
def append(book: uint256, token_id: uint256, amount_kg: uint256) -> (uint256, uint256):
    return serial_book._append(book, token_id, 1, amount_kg, 0, empty(bytes32))


@external
@view
def find(book: uint256, token_id: uint256, serial: uint256) -> uint256:
    return serial_book._find(book, token_id, serial)
