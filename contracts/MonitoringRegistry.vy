# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Sources, monitoring plans, devices and anchored readings
@license AGPL-3.0-or-later
@notice Says which devices watch which sources and with which key they sign, and keeps one logbook a
        gateway and year. A gateway anchors batches of readings by their Merkle-sum root; batches
        follow one another hour by hour, each goes into the head of the logbook by a hash, and mass
        and number of readings add up beside it. So nothing anchored can be altered, left out or
        slipped in later, and anchoring costs the same for one reading or a million. Readings that
        were not taken stand in the batch as missing or substituted. Suspension does not stop
        monitoring: it is a duty.
@custom:kill Devices are retired and gateways replaced by their organisation, with a reason. What is
        anchored stays.
"""
from .interfaces import IMonitoringRegistry
from .modules import logbook
from .modules import member_guard
from .modules import merkle_sum
from .modules import role
from .modules import standing

initializes: member_guard

exports: member_guard.membership

MAX_GATEWAYS: constant(uint256) = 8  # of one organisation in one year
MAX_LATER: constant(uint256) = 400  # batches after the proved one; a year of days and a spare month
MAX_BATCH_HOURS: constant(uint256) = 31 * 24  # one month
_HOUR: constant(uint256) = 3600

source_count: public(uint256)
device_count: public(uint256)
_sources: HashMap[uint256, IMonitoringRegistry.Source]
_devices: HashMap[uint256, IMonitoringRegistry.Device]
_device_of: HashMap[address, uint256]  # by every key it ever had; a key is never used again
_plans: HashMap[uint256, HashMap[uint256, IMonitoringRegistry.Plan]]
_years: HashMap[uint256, IMonitoringRegistry.Year]
_tallies: HashMap[address, HashMap[uint256, uint256]]  # packed by logbook
_heads: HashMap[address, HashMap[uint256, bytes32]]
_gateways: HashMap[uint256, HashMap[uint256, DynArray[address, MAX_GATEWAYS]]]


@deploy
def __init__(membership_: address):
    member_guard.__init__(membership_)


@external
def open_year(year: uint256, starts_at: uint256, ends_at: uint256):
    """
    @notice Fixes the first second of a year and of the next one; only the regulator, once.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert self._years[year].starts_at == 0, "monitoring_registry: year opened before"
    assert starts_at != 0 and starts_at < ends_at, "monitoring_registry: year ends before it starts"
    whole: bool = starts_at % _HOUR == 0 and ends_at % _HOUR == 0
    assert whole, "monitoring_registry: not a full hour"
    self._years[year] = IMonitoringRegistry.Year(starts_at=starts_at, ends_at=ends_at)
    log IMonitoringRegistry.YearOpened(
        year=year, starts_at=starts_at, ends_at=ends_at, signer=msg.sender
    )


@external
def register_source(name: String[64]) -> uint256:
    """
    @notice Registers an emission source of the caller's organisation. Returns its number.
    """
    org_id: uint256 = self._emitter(msg.sender)
    assert len(name) != 0, "monitoring_registry: source without a name"
    source: uint256 = self.source_count + 1
    assert source < 2**32, "monitoring_registry: no more sources"
    self.source_count = source
    self._sources[source] = IMonitoringRegistry.Source(
        organisation=org_id, name=name, registered_at=block.timestamp, closed_at=0
    )
    log IMonitoringRegistry.SourceRegistered(
        source=source, organisation=org_id, name=name, signer=msg.sender
    )
    return source


@external
def close_source(source: uint256, reason: String[160]):
    """
    @notice Records that a source no longer emits; its readings and reports stay.
    """
    org_id: uint256 = self._check_source(source, msg.sender)
    assert len(reason) != 0, "monitoring_registry: no reason"
    self._sources[source].closed_at = block.timestamp
    log IMonitoringRegistry.SourceClosed(
        source=source, organisation=org_id, reason=reason, signer=msg.sender
    )


@external
def file_plan(year: uint256, document: bytes32) -> uint256:
    """
    @notice Files the monitoring plan for a year, or a new version of it. Returns the version.
    """
    org_id: uint256 = self._emitter(msg.sender)
    assert document != empty(bytes32), "monitoring_registry: no document"
    version: uint256 = self._plans[org_id][year].version + 1
    self._plans[org_id][year] = IMonitoringRegistry.Plan(
        document=document, version=version, filed_at=block.timestamp, approved_at=0
    )
    log IMonitoringRegistry.PlanFiled(
        organisation=org_id, year=year, version=version, document=document, signer=msg.sender
    )
    return version


@external
def approve_plan(org_id: uint256, year: uint256, version: uint256):
    """
    @notice Approves the newest version of a plan; only the regulator, never for itself.
    """
    self._check_plan(org_id, year, version)
    self._plans[org_id][year].approved_at = block.timestamp
    log IMonitoringRegistry.PlanApproved(
        organisation=org_id,
        year=year,
        version=version,
        document=self._plans[org_id][year].document,
        signer=msg.sender,
    )


@external
def return_plan(org_id: uint256, year: uint256, version: uint256, reason: String[160]):
    """
    @notice Returns the newest version of a plan with a reason; the emitter files another.
    """
    self._check_plan(org_id, year, version)
    assert len(reason) != 0, "monitoring_registry: no reason"
    log IMonitoringRegistry.PlanReturned(
        organisation=org_id, year=year, version=version, reason=reason, signer=msg.sender
    )


@external
def register_device(source: uint256, key: address, name: String[64]) -> uint256:
    """
    @notice Registers a monitoring device of a source with the key it signs with.
    """
    org_id: uint256 = self._check_source(source, msg.sender)
    assert len(name) != 0, "monitoring_registry: device without a name"
    self._check_fresh_key(key)
    device: uint256 = self.device_count + 1
    assert device < 2**32, "monitoring_registry: no more devices"
    self.device_count = device
    self._device_of[key] = device
    self._devices[device] = IMonitoringRegistry.Device(
        source=source,
        name=name,
        key=key,
        key_since=block.timestamp,
        registered_at=block.timestamp,
        retired_at=0,
    )
    log IMonitoringRegistry.DeviceRegistered(
        device=device,
        source=source,
        organisation=org_id,
        key=key,
        name=name,
        signer=msg.sender,
    )
    return device


@external
def replace_device_key(device: uint256, key: address, reason: String[160]):
    """
    @notice Gives a device a new key; the old one is never valid again.
    """
    org_id: uint256 = self._check_device(device, msg.sender)
    assert len(reason) != 0, "monitoring_registry: no reason"
    self._check_fresh_key(key)
    old_key: address = self._devices[device].key
    self._device_of[key] = device
    self._devices[device].key = key
    self._devices[device].key_since = block.timestamp
    log IMonitoringRegistry.DeviceKeyReplaced(
        device=device,
        source=self._devices[device].source,
        organisation=org_id,
        old_key=old_key,
        new_key=key,
        reason=reason,
        signer=msg.sender,
    )


@external
def retire_device(device: uint256, reason: String[160]):
    org_id: uint256 = self._check_device(device, msg.sender)
    assert len(reason) != 0, "monitoring_registry: no reason"
    self._devices[device].retired_at = block.timestamp
    log IMonitoringRegistry.DeviceRetired(
        device=device,
        source=self._devices[device].source,
        organisation=org_id,
        key=self._devices[device].key,
        reason=reason,
        signer=msg.sender,
    )


@external
def open_logbook(year: uint256, gateway: address):
    """
    @notice Opens the logbook of a gateway for a year whose plan is approved.
    """
    org_id: uint256 = self._emitter(msg.sender)
    assert gateway != empty(address), "monitoring_registry: no gateway"
    span: IMonitoringRegistry.Year = self._years[year]
    assert span.starts_at != 0, "monitoring_registry: year not open"
    approved_at: uint256 = self._plans[org_id][year].approved_at
    assert approved_at != 0, "monitoring_registry: no approved plan"
    assert self._tallies[gateway][year] == 0, "monitoring_registry: gateway taken"
    full: bool = len(self._gateways[org_id][year]) == MAX_GATEWAYS
    assert not full, "monitoring_registry: too many gateways"
    self._gateways[org_id][year].append(gateway)
    first_hour: uint256 = span.starts_at // _HOUR
    self._tallies[gateway][year] = logbook._opened(org_id, first_hour, span.ends_at // _HOUR)
    # the first head names the logbook, so that no two logbooks ever share one
    self._heads[gateway][year] = keccak256(abi_encode(self, org_id, year, gateway))
    log IMonitoringRegistry.LogbookOpened(
        organisation=org_id, year=year, gateway=gateway, first_hour=first_hour, signer=msg.sender
    )


@external
def replace_gateway(year: uint256, old_gateway: address, new_gateway: address, reason: String[160]):
    """
    @notice Lets another key continue a gateway's logbook from the next hour on.
    """
    org_id: uint256 = self._emitter(msg.sender)
    assert len(reason) != 0, "monitoring_registry: no reason"
    assert new_gateway != empty(address), "monitoring_registry: no gateway"
    tally: uint256 = self._tallies[old_gateway][year]
    assert logbook._is_open(tally), "monitoring_registry: not a gateway"
    assert logbook._organisation(tally) == org_id, "monitoring_registry: not your gateway"
    assert self._tallies[new_gateway][year] == 0, "monitoring_registry: gateway taken"
    self._tallies[new_gateway][year] = tally
    self._heads[new_gateway][year] = self._heads[old_gateway][year]
    self._tallies[old_gateway][year] = logbook._replaced(tally)
    for i: uint256 in range(len(self._gateways[org_id][year]), bound=MAX_GATEWAYS):
        if self._gateways[org_id][year][i] == old_gateway:
            self._gateways[org_id][year][i] = new_gateway
    log IMonitoringRegistry.GatewayReplaced(
        organisation=org_id,
        year=year,
        old_gateway=old_gateway,
        new_gateway=new_gateway,
        reason=reason,
        signer=msg.sender,
    )


@external
def anchor(
    year: uint256,
    first_hour: uint256,
    hours: uint256,
    root: bytes32,
    mass_g: uint256,
    count: uint256,
):
    """
    @notice Anchors the next batch of the calling gateway's logbook: `hours` hours from `first_hour`
            (since 1970), all of them past, with the Merkle-sum root over their readings.
    """
    tally: uint256 = self._tallies[msg.sender][year]
    assert logbook._is_open(tally), "monitoring_registry: not a gateway"
    assert hours <= MAX_BATCH_HOURS, "monitoring_registry: batch too long"
    assert root != empty(bytes32), "monitoring_registry: no root"
    over: bool = (first_hour + hours) * _HOUR <= block.timestamp
    assert over, "monitoring_registry: hours not over"
    self._tallies[msg.sender][year] = logbook._with_batch(tally, mass_g, count, first_hour, hours)
    head: bytes32 = self._heads[msg.sender][year]
    batch: IMonitoringRegistry.Batch = IMonitoringRegistry.Batch(
        root=root, mass_g=mass_g, count=count, first_hour=first_hour, hours=hours
    )
    self._heads[msg.sender][year] = self._next_head(head, self._commitment(batch))
    log IMonitoringRegistry.BatchAnchored(
        organisation=logbook._organisation(tally),
        year=year,
        gateway=msg.sender,
        first_hour=first_hour,
        hours=hours,
        root=root,
        mass_g=mass_g,
        count=count,
        previous_head=head,
    )


@view
@external
def is_anchored(
    gateway: address,
    year: uint256,
    previous_head: bytes32,
    batch: IMonitoringRegistry.Batch,
    later: DynArray[bytes32, MAX_LATER],
) -> bool:
    """
    @notice Whether the batch is in the gateway's logbook: hashing it and the commitments of all
            later batches onto the head before it must lead to the head of today.
    """
    return self._is_anchored(gateway, year, previous_head, batch, later)


@view
@external
def is_anchored_reading(
    gateway: address,
    year: uint256,
    previous_head: bytes32,
    batch: IMonitoringRegistry.Batch,
    later: DynArray[bytes32, MAX_LATER],
    body: bytes32[2],
    place: uint256,
    path: DynArray[merkle_sum.SumNode, merkle_sum.MAX_HEIGHT],
    source_root: merkle_sum.SumNode,
    source_place: uint256,
    sources: uint256,
    source_path: DynArray[merkle_sum.SumNode, merkle_sum.MAX_HEIGHT],
) -> bool:
    """
    @notice Whether this very reading was anchored. A path that does not fit reverts.
    """
    merkle_sum._verify_reading(body, place, path, source_root)
    merkle_sum._verify_node(
        source_root,
        source_place,
        sources,
        source_path,
        merkle_sum.SumNode(digest=batch.root, mass_g=batch.mass_g, count=batch.count),
    )
    return self._is_anchored(gateway, year, previous_head, batch, later)


@view
@external
def commitment(batch: IMonitoringRegistry.Batch) -> bytes32:
    """
    @notice What a batch adds to the head of its logbook.
    """
    return self._commitment(batch)


@view
@external
def year_of(year: uint256) -> IMonitoringRegistry.Year:
    return self._years[year]


@view
@external
def source(source_id: uint256) -> IMonitoringRegistry.Source:
    return self._sources[source_id]


@view
@external
def device(device_id: uint256) -> IMonitoringRegistry.Device:
    return self._devices[device_id]


@view
@external
def device_of(key: address) -> uint256:
    """
    @notice The device that has or had this key; 0 is none.
    """
    return self._device_of[key]


@view
@external
def plan(org_id: uint256, year: uint256) -> IMonitoringRegistry.Plan:
    return self._plans[org_id][year]


@view
@external
def gateways(org_id: uint256, year: uint256) -> DynArray[address, MAX_GATEWAYS]:
    return self._gateways[org_id][year]


@view
@external
def logbook_of(gateway: address, year: uint256) -> IMonitoringRegistry.Logbook:
    tally: uint256 = self._tallies[gateway][year]
    return IMonitoringRegistry.Logbook(
        organisation=logbook._organisation(tally),
        is_open=logbook._is_open(tally),
        mass_g=logbook._mass_g(tally),
        count=logbook._count(tally),
        next_hour=logbook._next_hour(tally),
        end_hour=logbook._end_hour(tally),
        batches=logbook._batches(tally),
        head=self._heads[gateway][year],
    )


@view
@external
def measured(org_id: uint256, year: uint256) -> IMonitoringRegistry.Measured:
    """
    @notice What an organisation measured in a year, and the commitment to all its readings.
    """
    found: IMonitoringRegistry.Measured = empty(IMonitoringRegistry.Measured)
    found.complete = len(self._gateways[org_id][year]) != 0
    for gateway: address in self._gateways[org_id][year]:
        tally: uint256 = self._tallies[gateway][year]
        found.mass_g += logbook._mass_g(tally)
        found.count += logbook._count(tally)
        found.gateways += 1
        if logbook._next_hour(tally) != logbook._end_hour(tally):
            found.complete = False
        found.commitment = keccak256(concat(found.commitment, self._heads[gateway][year]))
    return found


@internal
@view
def _is_anchored(
    gateway: address,
    year: uint256,
    previous_head: bytes32,
    batch: IMonitoringRegistry.Batch,
    later: DynArray[bytes32, MAX_LATER],
) -> bool:
    head: bytes32 = self._next_head(previous_head, self._commitment(batch))
    for commitment: bytes32 in later:
        head = self._next_head(head, commitment)
    return self._tallies[gateway][year] != 0 and head == self._heads[gateway][year]


@internal
@pure
def _commitment(batch: IMonitoringRegistry.Batch) -> bytes32:
    return keccak256(abi_encode(batch))


@internal
@pure
def _next_head(head: bytes32, commitment: bytes32) -> bytes32:
    return keccak256(concat(head, commitment))


@internal
@view
def _emitter(actor: address) -> uint256:
    """
    @dev A suspended emitter still has the duty to monitor, hence only the role is asked.
    """
    org_id: uint256 = member_guard._check_account(actor)
    roles: uint256 = standing._roles(member_guard._standing_of(org_id))
    assert roles & role.EMITTER != 0, "monitoring_registry: not an emitter"
    return org_id


@internal
@view
def _check_source(source: uint256, actor: address) -> uint256:
    org_id: uint256 = self._emitter(actor)
    assert self._sources[source].organisation == org_id, "monitoring_registry: not your source"
    assert self._sources[source].closed_at == 0, "monitoring_registry: source closed"
    return org_id


@internal
@view
def _check_device(device: uint256, actor: address) -> uint256:
    org_id: uint256 = self._emitter(actor)
    owner: uint256 = self._sources[self._devices[device].source].organisation
    assert owner == org_id, "monitoring_registry: not your device"
    assert self._devices[device].retired_at == 0, "monitoring_registry: device retired"
    return org_id


@internal
@view
def _check_fresh_key(key: address):
    assert key != empty(address), "monitoring_registry: no key"
    assert self._device_of[key] == 0, "monitoring_registry: key used before"


@internal
@view
def _check_plan(org_id: uint256, year: uint256, version: uint256):
    regulator: uint256 = member_guard._check_role(role.REGULATOR, msg.sender)
    assert regulator != org_id, "monitoring_registry: own plan"
    filed: bool = version != 0 and self._plans[org_id][year].version == version
    assert filed, "monitoring_registry: not the newest version"
    assert self._plans[org_id][year].approved_at == 0, "monitoring_registry: plan approved before"
