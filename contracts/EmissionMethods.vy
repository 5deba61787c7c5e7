# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The calculation of emissions
@license AGPL-3.0-or-later
@notice Turns activity data into kilograms of CO2e by factor sets that the regulator loaded, dated
        and sealed. Every line is one fraction of integers, rounded once, half up, to the kilogram;
        lines add up exactly. tanlian.domain.emission_methods gives the same figure on any input.
        An unknown fuel, grid, process, gas or unit reverts, and so does a figure that the method
        does not use, so that nothing is silently ignored.
@custom:kill A sealed set stays as it is. Which sets a year uses is the calendar's choice in
        EmissionRegistry; a wrong set is replaced there by a new one.
"""
from .interfaces import IEmissionMethods
from .interfaces import IMembership
from .modules import fuel_factor
from .modules import member_guard
from .modules import role

implements: IEmissionMethods

initializes: member_guard

exports: member_guard.membership

MAX_LINES: constant(uint256) = 64  # a report of 64 lines stays below a twentieth of a block
MAX_LOAD: constant(uint256) = 64

_FUEL: constant(uint256) = 1
_FUEL_CH4: constant(uint256) = 2
_FUEL_N2O: constant(uint256) = 3
_ELECTRICITY: constant(uint256) = 4
_PROCESS: constant(uint256) = 5
_GAS: constant(uint256) = 6

_DEFAULT: constant(uint256) = 0
_MEASURED_HEAT: constant(uint256) = 1
_MEASURED_HEAT_AND_CARBON: constant(uint256) = 2
_MEASURED_CARBON: constant(uint256) = 3
_MEASURED_AIR_DRY_CARBON: constant(uint256) = 4

_GRID_KIND: constant(uint256) = 1
_PROCESS_KIND: constant(uint256) = 2
_GAS_KIND: constant(uint256) = 3
_CH4_KEY: constant(bytes32) = 0x4348340000000000000000000000000000000000000000000000000000000000
_N2O_KEY: constant(bytes32) = 0x4e324f0000000000000000000000000000000000000000000000000000000000

_TONNE: constant(uint256) = 1
_UNITS: constant(uint256) = 8
_MILLION: constant(uint256) = 10**6  # scale of quantities, heat per unit, shares, gas per TJ
_BILLION: constant(uint256) = 10**9  # scale of carbon, factors and GWP
_KG_PER_TONNE: constant(uint256) = 1000
_GJ_PER_TJ: constant(uint256) = 1000
_CO2_MASS: constant(uint256) = 44  # molar masses: a tonne of carbon burns to 44/12 t of CO2
_CARBON_MASS: constant(uint256) = 12

_sets: HashMap[uint256, IEmissionMethods.FactorSet]
set_count: public(uint256)
_set_named: HashMap[String[31], uint256]
_fuels: HashMap[uint256, HashMap[bytes32, uint256]]  # packed by fuel_factor; 0 is absent
# amount << 16 | status << 8 | unit; the unit is never 0, so that 0 is absent
_factors: HashMap[uint256, HashMap[uint256, HashMap[bytes32, uint256]]]


@deploy
def __init__(membership_: address):
    member_guard.__init__(membership_)


@external
def open_set(
    name: String[31], effective_from: uint256, document: bytes32, source: String[160]
) -> uint256:
    """
    @notice Begins a new factor set under a new name; only the regulator. Returns its number.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert len(name) != 0, "emission_methods: set without a name"
    assert self._set_named[name] == 0, "emission_methods: set name taken"
    assert document != empty(bytes32), "emission_methods: set without a document"
    set_id: uint256 = self.set_count + 1
    self.set_count = set_id
    self._set_named[name] = set_id
    self._sets[set_id] = IEmissionMethods.FactorSet(
        name=name, effective_from=effective_from, document=document, source=source, sealed_at=0
    )
    log IEmissionMethods.FactorSetOpened(
        set_id=set_id,
        name=name,
        effective_from=effective_from,
        document=document,
        source=source,
        signer=msg.sender,
    )
    return set_id


@external
def load_fuels(set_id: uint256, fuels: DynArray[IEmissionMethods.FuelFactor, MAX_LOAD]):
    """
    @notice Adds fuels to a set that is not sealed; each name once.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_open(set_id)
    for fuel: IEmissionMethods.FuelFactor in fuels:
        assert self._fuels[set_id][fuel.key] == 0, "emission_methods: factor loaded before"
        assert self._base(fuel.unit)[0] == fuel.unit, "emission_methods: not a base unit"
        self._check_status(fuel.status)
        self._fuels[set_id][fuel.key] = fuel_factor._pack(
            fuel.unit, fuel.status, fuel.ncv, fuel.carbon, fuel.oxidation, fuel.ch4, fuel.n2o
        )
        log IEmissionMethods.FuelFactorLoaded(
            set_id=set_id,
            key=fuel.key,
            unit=fuel.unit,
            ncv=fuel.ncv,
            carbon=fuel.carbon,
            oxidation=fuel.oxidation,
            ch4=fuel.ch4,
            n2o=fuel.n2o,
            status=fuel.status,
        )


@external
def load_factors(set_id: uint256, factors: DynArray[IEmissionMethods.Factor, MAX_LOAD]):
    """
    @notice Adds grid factors, process factors and GWPs to a set that is not sealed.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_open(set_id)
    for factor: IEmissionMethods.Factor in factors:
        known: bool = factor.kind >= _GRID_KIND and factor.kind <= _GAS_KIND
        assert known, "emission_methods: unknown kind"
        loaded: uint256 = self._factors[set_id][factor.kind][factor.key]
        assert loaded == 0, "emission_methods: factor loaded before"
        assert self._base(factor.unit)[0] == factor.unit, "emission_methods: not a base unit"
        assert factor.amount < 2**64, "emission_methods: factor out of range"
        if factor.kind == _GAS_KIND:
            assert factor.unit == _TONNE, "emission_methods: gases are in tonnes"
        self._check_status(factor.status)
        self._factors[set_id][factor.kind][factor.key] = (
            (factor.amount << 16) | (factor.status << 8) | factor.unit
        )
        log IEmissionMethods.FactorLoaded(
            set_id=set_id,
            kind=factor.kind,
            key=factor.key,
            unit=factor.unit,
            amount=factor.amount,
            status=factor.status,
        )


@external
def seal_set(set_id: uint256):
    """
    @notice Closes a set for ever; from its date on it can be used.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_open(set_id)
    self._sets[set_id].sealed_at = block.timestamp
    log IEmissionMethods.FactorSetSealed(set_id=set_id, signer=msg.sender)


@view
@external
def is_usable(set_id: uint256) -> bool:
    """
    @notice Whether the set is complete, sealed and in effect.
    """
    return self._is_usable(set_id)


@view
@external
def total_kg(
    factor_set: uint256, gas_set: uint256, lines: DynArray[IEmissionMethods.ActivityLine, MAX_LINES]
) -> uint256:
    """
    @notice Emissions of all lines, in kilograms of CO2e.
    """
    assert self._is_usable(factor_set), "emission_methods: factor set not usable"
    assert self._is_usable(gas_set), "emission_methods: gas set not usable"
    total: uint256 = 0
    for line: IEmissionMethods.ActivityLine in lines:
        total += self._line_kg(factor_set, gas_set, line)
    return total


@view
@external
def line_kg(factor_set: uint256, gas_set: uint256, line: IEmissionMethods.ActivityLine) -> uint256:
    """
    @notice Emissions of one line, in kilograms of CO2e.
    """
    assert self._is_usable(factor_set), "emission_methods: factor set not usable"
    assert self._is_usable(gas_set), "emission_methods: gas set not usable"
    return self._line_kg(factor_set, gas_set, line)


@view
@external
def factor_set(set_id: uint256) -> IEmissionMethods.FactorSet:
    return self._sets[set_id]


@view
@external
def set_named(name: String[31]) -> uint256:
    """
    @notice Number of the set with this name; 0 is none.
    """
    return self._set_named[name]


@view
@external
def fuel(set_id: uint256, key: bytes32) -> IEmissionMethods.FuelFactor:
    """
    @notice The factors of a fuel; an unknown one reverts.
    """
    word: uint256 = self._fuel(set_id, key)
    return IEmissionMethods.FuelFactor(
        key=key,
        unit=fuel_factor._unit(word),
        ncv=fuel_factor._ncv(word),
        carbon=fuel_factor._carbon(word),
        oxidation=fuel_factor._oxidation(word),
        ch4=fuel_factor._ch4(word),
        n2o=fuel_factor._n2o(word),
        status=fuel_factor._status(word),
    )


@view
@external
def factor(set_id: uint256, kind: uint256, key: bytes32) -> IEmissionMethods.Factor:
    """
    @notice A grid factor, process factor or GWP; an unknown one reverts.
    """
    word: uint256 = self._factor(set_id, kind, key)
    return IEmissionMethods.Factor(
        kind=kind,
        key=key,
        unit=word & (2**8 - 1),
        amount=word >> 16,
        status=(word >> 8) & (2**8 - 1),
    )


@internal
@view
def _line_kg(factor_set: uint256, gas_set: uint256, line: IEmissionMethods.ActivityLine) -> uint256:
    assert line.quantity < 2**64, "emission_methods: quantity out of range"
    assert line.ncv < 2**48, "emission_methods: heat out of range"
    assert line.carbon < 2**48, "emission_methods: carbon out of range"
    if line.method == _FUEL:
        return self._fuel_kg(factor_set, line)
    if line.method == _FUEL_CH4 or line.method == _FUEL_N2O:
        return self._fuel_gas_kg(factor_set, gas_set, line)
    if line.method == _ELECTRICITY:
        return self._factored_kg(self._factor(factor_set, _GRID_KIND, line.key), line)
    if line.method == _PROCESS:
        return self._factored_kg(self._factor(factor_set, _PROCESS_KIND, line.key), line)
    assert line.method == _GAS, "emission_methods: unknown method"
    return self._factored_kg(self._factor(gas_set, _GAS_KIND, line.key), line)


@internal
@view
def _fuel_kg(factor_set: uint256, line: IEmissionMethods.ActivityLine) -> uint256:
    """
    @dev Below 2^64 * 2^48 * 2^48 * 2^20 * 44,000 the numerator fits in 196 bits.
    """
    word: uint256 = self._fuel(factor_set, line.key)
    divisor: uint256 = self._divisor(line.unit, fuel_factor._unit(word))
    assert line.basis <= _MEASURED_AIR_DRY_CARBON, "emission_methods: unknown basis"
    assert line.share == 0, "emission_methods: share not used"
    if line.basis != _MEASURED_AIR_DRY_CARBON:
        assert line.moisture_received == 0, "emission_methods: moisture not used"
        assert line.moisture_dry == 0, "emission_methods: moisture not used"
    if line.basis == _DEFAULT or line.basis == _MEASURED_HEAT:
        assert line.carbon == 0, "emission_methods: carbon not used"
    else:
        assert line.carbon != 0, "emission_methods: carbon missing"
    numerator: uint256 = (line.quantity * fuel_factor._oxidation(word) * _CO2_MASS * _KG_PER_TONNE)
    denominator: uint256 = divisor * _MILLION * _MILLION * _BILLION * _CARBON_MASS
    if line.basis >= _MEASURED_CARBON:
        assert line.ncv == 0, "emission_methods: heat not used"
        numerator *= line.carbon
        if line.basis == _MEASURED_AIR_DRY_CARBON:
            received: bool = line.moisture_received <= _MILLION
            dry: bool = line.moisture_dry < _MILLION
            assert received and dry, "emission_methods: moisture out of range"
            numerator *= _MILLION - line.moisture_received
            denominator *= _MILLION - line.moisture_dry
    else:
        carbon: uint256 = line.carbon
        if line.basis != _MEASURED_HEAT_AND_CARBON:
            carbon = fuel_factor._carbon(word)
        numerator *= self._heat(word, line) * carbon
        denominator *= _MILLION
    return self._rounded(numerator, denominator)


@internal
@view
def _fuel_gas_kg(
    factor_set: uint256, gas_set: uint256, line: IEmissionMethods.ActivityLine
) -> uint256:
    word: uint256 = self._fuel(factor_set, line.key)
    divisor: uint256 = self._divisor(line.unit, fuel_factor._unit(word))
    assert line.basis <= _MEASURED_HEAT, "emission_methods: carbon not used"
    assert line.carbon == 0, "emission_methods: carbon not used"
    assert line.moisture_received == 0, "emission_methods: moisture not used"
    assert line.moisture_dry == 0, "emission_methods: moisture not used"
    assert line.share == 0, "emission_methods: share not used"
    gas: bytes32 = _CH4_KEY
    mass: uint256 = fuel_factor._ch4(word)
    if line.method == _FUEL_N2O:
        gas = _N2O_KEY
        mass = fuel_factor._n2o(word)
    assert mass != 0, "emission_methods: no gas factor"
    potential: uint256 = self._factor(gas_set, _GAS_KIND, gas) >> 16
    numerator: uint256 = line.quantity * self._heat(word, line) * mass * potential
    denominator: uint256 = divisor * _MILLION * _MILLION * _GJ_PER_TJ * _MILLION * _BILLION
    return self._rounded(numerator, denominator)


@internal
@pure
def _factored_kg(word: uint256, line: IEmissionMethods.ActivityLine) -> uint256:
    divisor: uint256 = self._divisor(line.unit, word & (2**8 - 1))
    assert line.basis == _DEFAULT, "emission_methods: basis not used"
    assert line.ncv == 0, "emission_methods: heat not used"
    assert line.carbon == 0, "emission_methods: carbon not used"
    assert line.moisture_received == 0, "emission_methods: moisture not used"
    assert line.moisture_dry == 0, "emission_methods: moisture not used"
    share: uint256 = _MILLION
    if line.method == _PROCESS:
        share = line.share
        assert share != 0 and share <= _MILLION, "emission_methods: share out of range"
    else:
        assert line.share == 0, "emission_methods: share not used"
    numerator: uint256 = line.quantity * share * (word >> 16) * _KG_PER_TONNE
    return self._rounded(numerator, divisor * _MILLION * _MILLION * _BILLION)


@internal
@pure
def _heat(word: uint256, line: IEmissionMethods.ActivityLine) -> uint256:
    if line.basis == _DEFAULT:
        assert line.ncv == 0, "emission_methods: heat not used"
        ncv: uint256 = fuel_factor._ncv(word)
        assert ncv != 0, "emission_methods: no default heat"
        return ncv
    assert line.ncv != 0, "emission_methods: heat missing"
    return line.ncv


@internal
@pure
def _rounded(numerator: uint256, denominator: uint256) -> uint256:
    """
    @dev Half up: the one rounding point. Every denominator here is even.
    """
    return (numerator + denominator // 2) // denominator


@internal
@pure
def _base(unit: uint256) -> uint256[2]:
    """
    @dev The base of a unit, and how many of the unit make one of it.
    """
    assert unit != 0 and unit <= _UNITS, "emission_methods: unknown unit"
    if unit & 1 == 1:
        return [unit, 1]
    if unit == 4:
        return [3, 10000]  # Nm3
    return [unit - 1, 1000]  # kg, kWh, MJ


@internal
@pure
def _divisor(unit: uint256, wanted: uint256) -> uint256:
    base: uint256[2] = self._base(unit)
    assert base[0] == wanted, "emission_methods: wrong unit"
    return base[1]


@internal
@view
def _fuel(set_id: uint256, key: bytes32) -> uint256:
    word: uint256 = self._fuels[set_id][key]
    assert word != 0, "emission_methods: unknown fuel"
    return word


@internal
@view
def _factor(set_id: uint256, kind: uint256, key: bytes32) -> uint256:
    word: uint256 = self._factors[set_id][kind][key]
    if word == 0:
        assert kind != _GRID_KIND, "emission_methods: unknown grid"
        assert kind != _PROCESS_KIND, "emission_methods: unknown process"
        raise "emission_methods: unknown gas"
    return word


@internal
@pure
def _check_status(status: uint256):
    assert status != 0 and status <= 3, "emission_methods: unknown status"


@internal
@view
def _check_open(set_id: uint256):
    assert set_id != 0 and set_id <= self.set_count, "emission_methods: no such set"
    assert self._sets[set_id].sealed_at == 0, "emission_methods: set is sealed"


@internal
@view
def _is_usable(set_id: uint256) -> bool:
    sealed_at: uint256 = self._sets[set_id].sealed_at
    return sealed_at != 0 and self._sets[set_id].effective_from <= block.timestamp
