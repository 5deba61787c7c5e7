"""The register with one mock contract wired in as facility, issuer of credits, retirer, recorder."""

from harness.consortium import Consortium, deploy_register, deployer_of, seal_register


def with_facility() -> Consortium:
    """Deploy the register, sealed, with `it.facility` in every part a contract can have."""
    it = deploy_register()
    it.contracts.facility = deployer_of("tests/mocks/FacilityMock.vy").deploy()
    return seal_register(
        it,
        unit_facilities=(it.facility,),
        money_facilities=(it.facility,),
        issuers=((2, it.facility),),
        retirers=(it.facility,),
        recorders=(it.facility,),
    )
