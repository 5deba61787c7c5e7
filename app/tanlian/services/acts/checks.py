"""Acts on periodic checks and ratings."""

from tanlian.domain.credit_rating import CheckKind
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, call
from tanlian.services.acts.fields import NUMBER, Field, choice, document, organisation, whole, year

MOST_MEMBERS = 64  # of one call of PeriodicCheck
_ROUND = Field("round", NUMBER, N_("Check"))
_KIND = Field(
    "kind",
    choice(
        {kind.name.lower(): int(kind) for kind in CheckKind},
        {"month": N_("month"), "quarter": N_("quarter"), "year": N_("year")},
    ),
    N_("Of each"),
)

ACTS = (
    Act(
        "check",
        "open",
        N_("Open a periodic check"),
        N_("Of a month, quarter or compliance year that is over; anyone may."),
        Role(0),
        (
            _KIND,
            year(),
            Field(
                "part",
                whole(1, 12),
                N_("Which one"),
                N_("Month 1 to 12, quarter 1 to 4, or 1."),
                preset="1",
            ),
        ),
        call("periodic_check", "open_round", "kind", "year", "part"),
        created=("RoundOpened", "round"),
        command="check open",
    ),
    Act(
        "check",
        "advance",
        N_("Push a check on"),
        N_("Looks at the next members, records shortfalls, opens cases, rates."),
        Role(0),
        (
            _ROUND,
            Field("members", whole(1, MOST_MEMBERS), N_("Members at once"), preset="16"),
        ),
        call("periodic_check", "advance", "round", "members"),
        command="check advance",
    ),
    Act(
        "check",
        "defaults",
        N_("Check defaults in the market"),
        N_("Opens the cases of defaulted obligations, in their order."),
        Role(0),
        (Field("obligations", whole(1, MOST_MEMBERS), N_("Obligations at once"), preset="64"),),
        call("periodic_check", "check_obligations", "obligations"),
        command="check defaults",
    ),
    Act(
        "rating",
        "contest",
        N_("Contest your rating"),
        N_("In the time for it; the facts are then looked at again."),
        Role.EMITTER | Role.VERIFIER,
        (_ROUND, document()),
        call("periodic_check", "contest", "round", "document"),
        sensitive=True,
        command="rating contest",
    ),
    Act(
        "rating",
        "review",
        N_("Review a contested rating"),
        N_("Rates anew from the facts as they stand now; no opinion enters."),
        Role.REGULATOR,
        (_ROUND, organisation(), document()),
        call("periodic_check", "review", "round", "organisation", "document"),
        sensitive=True,
        command="rating review",
    ),
)
