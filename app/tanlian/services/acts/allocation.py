"""Acts on caps and allocations."""

from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, call
from tanlian.services.acts.fields import (
    FLAG,
    TONNES,
    Field,
    document,
    each,
    organisation,
    whole,
    year,
)

_REGION = Field(
    "region", whole(0, 2**16 - 1), N_("Region"), N_("The number of the region, such as 42.")
)
_AMOUNT = Field("amount", TONNES, N_("Amount"))
_GRANTS = Field(
    "grants",
    each((organisation(), _AMOUNT)),
    N_("Allocations"),
    N_("One line for each organisation."),
)
_ATOMIC = Field(
    "atomic",
    FLAG,
    N_("All or nothing"),
    N_("Otherwise a refused line is reported and the rest go through."),
)

ACTS = (
    Act(
        "cap",
        "set",
        N_("Set cap, target and capacity"),
        N_("Fixes a region's environmental capacity, cap and target for a year."),
        Role.REGULATOR,
        (
            _REGION,
            year(),
            Field("cap", TONNES, N_("Cap")),
            Field("target", TONNES, N_("Target")),
            Field("capacity", TONNES, N_("Environmental capacity")),
            document(),
        ),
        call("allocation", "set_plan", "region", "year", "cap", "target", "capacity", "document"),
        sensitive=True,
    ),
    *(
        Act(
            "allocation",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (organisation(), year(), _AMOUNT, document()),
            call("allocation", function, "organisation", "year", "amount", "document"),
            sensitive=True,
        )
        for verb, function, title, explains in (
            (
                "pre",
                "pre_allocate",
                N_("Pre-allocate"),
                N_("Issues the provisional part of a year's allowances; once for each emitter."),
            ),
            (
                "final",
                "finalise",
                N_("Allocate finally"),
                N_("States the whole entitlement; the difference is topped up or clawed back."),
            ),
            (
                "top-up",
                "top_up",
                N_("Top up an allocation"),
                N_("Adds to a final allocation."),
            ),
            (
                "claw-back",
                "claw_back",
                N_("Claw back an allocation"),
                N_("Takes allowances back; what is no longer held is withheld from the next ones."),
            ),
        )
    ),
    *(
        Act(
            "allocation",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (year(), _GRANTS, _ATOMIC, document()),
            call("allocation", function, "year", "grants", "atomic", "document"),
            sensitive=True,
        )
        for verb, function, title, explains in (
            (
                "pre-many",
                "pre_allocate_many",
                N_("Pre-allocate to many"),
                N_("Pre-allocates to up to 256 organisations at once."),
            ),
            (
                "final-many",
                "finalise_many",
                N_("Allocate finally to many"),
                N_("Allocates finally to up to 256 organisations at once."),
            ),
        )
    ),
    Act(
        "allocation",
        "set-aside",
        N_("Set aside for sale"),
        N_("Issues allowances to your own organisation, for the auction."),
        Role.REGULATOR,
        (_REGION, year(), _AMOUNT, document()),
        call("allocation", "set_aside", "region", "year", "amount", "document"),
        sensitive=True,
        command="set-aside",
    ),
)
