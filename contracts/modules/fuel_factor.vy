# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title A fuel's factors in one word
@license AGPL-3.0-or-later
@notice
        | bits    | field                       |
        |---------|-----------------------------|
        | 0-7     | unit (never 0: 0 is absent) |
        | 8-15    | status                      |
        | 16-63   | ncv, 10^-6 GJ per unit      |
        | 64-111  | carbon, 10^-9 tC per GJ     |
        | 112-135 | oxidation, 10^-6            |
        | 136-175 | CH4, 10^-6 kg per TJ        |
        | 176-215 | N2O, 10^-6 kg per TJ        |
"""

_ONE: constant(uint256) = 10**6


@internal
@pure
def _pack(
    unit: uint256,
    status: uint256,
    ncv: uint256,
    carbon: uint256,
    oxidation: uint256,
    ch4: uint256,
    n2o: uint256,
) -> uint256:
    assert unit != 0 and unit < 2**8, "fuel_factor: unit out of range"
    assert status < 2**8, "fuel_factor: status out of range"
    assert ncv < 2**48, "fuel_factor: heat out of range"
    assert carbon != 0 and carbon < 2**48, "fuel_factor: carbon out of range"
    assert oxidation != 0 and oxidation <= _ONE, "fuel_factor: oxidation out of range"
    assert ch4 < 2**40 and n2o < 2**40, "fuel_factor: gas out of range"
    return (
        unit
        | (status << 8)
        | (ncv << 16)
        | (carbon << 64)
        | (oxidation << 112)
        | (ch4 << 136)
        | (n2o << 176)
    )


@internal
@pure
def _unit(word: uint256) -> uint256:
    return word & (2**8 - 1)


@internal
@pure
def _status(word: uint256) -> uint256:
    return (word >> 8) & (2**8 - 1)


@internal
@pure
def _ncv(word: uint256) -> uint256:
    return (word >> 16) & (2**48 - 1)


@internal
@pure
def _carbon(word: uint256) -> uint256:
    return (word >> 64) & (2**48 - 1)


@internal
@pure
def _oxidation(word: uint256) -> uint256:
    return (word >> 112) & (2**24 - 1)


@internal
@pure
def _ch4(word: uint256) -> uint256:
    return (word >> 136) & (2**40 - 1)


@internal
@pure
def _n2o(word: uint256) -> uint256:
    return (word >> 176) & (2**40 - 1)
