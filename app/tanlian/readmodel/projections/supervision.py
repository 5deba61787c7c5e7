"""Granted views and complaints, as `contracts/Supervision.vy` keeps them."""

from typing import Any

from tanlian.domain.supervision import ComplaintStatus
from tanlian.readmodel.bulk import Row
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, takes
from tanlian.readmodel.tables.supervision import complaint_steps, complaints, view_grants


@takes("supervision", "ViewGranted")
def granted(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(view_grants, id=said["grant"]).update(
        **said["extent"]._asdict(),
        grantee=said["grantee"],
        granted_at=fact.time,
        expires_at=said["expires_at"],
        revoked_at=0,
        document=hexadecimal(said["document"]),
        signer=said["signer"].lower(),
        tx_hash=fact.tx_hash,
        revoked_for=None,
        revoked_by=None,
        revoked_in=None,
    )


@takes("supervision", "ViewRevoked")
def revoked(draft: Draft, fact: Fact) -> None:
    draft.row(view_grants, id=fact.said["grant"]).update(
        revoked_at=fact.time,
        revoked_for=fact.said["reason"],
        revoked_by=fact.said["signer"].lower(),
        revoked_in=fact.tx_hash,
    )


@takes("supervision", "ComplaintFiled")
def filed(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, draft.row(complaints, id=fact.said["complaint"])
    for name in ("complainant", "subject", "kind", "period", "statement", "act_by"):
        row[name] = said[name]
    row.update(
        evidence=hexadecimal(said["evidence"]),
        status=ComplaintStatus.FILED,
        filed_at=fact.time,
        escalated=False,
        route=0,
        reference=0,
        regulator=0,
        document=None,
    )
    _step(
        draft, fact, row, reason=said["statement"], document=row["evidence"], act_by=said["act_by"]
    )


@takes("supervision", "ComplaintTakenUp")
def taken_up(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, _decided(draft, fact)
    row.update(
        status=ComplaintStatus.TAKEN_UP,
        act_by=said["act_by"],
        escalated=False,
        route=said["route"],
        reference=said["reference"],
    )
    _opened(draft, fact, row)


@takes("supervision", "ComplaintPursued")
def pursued(draft: Draft, fact: Fact) -> None:
    row = _decided(draft, fact)
    row.update(route=fact.said["new_route"], reference=fact.said["new_reference"])
    _opened(draft, fact, row)


@takes("supervision", "ComplaintResolved")
def resolved(draft: Draft, fact: Fact) -> None:
    row = _decided(draft, fact)
    upheld = fact.said["upheld"]
    row["status"] = ComplaintStatus.UPHELD if upheld else ComplaintStatus.DISMISSED
    row["act_by"] = 0
    _step(draft, fact, row, reason=fact.said["reason"], document=row["document"])


@takes("supervision", "ComplaintWithdrawn")
def withdrawn(draft: Draft, fact: Fact) -> None:
    row = draft.row(complaints, id=fact.said["complaint"])
    row.update(status=ComplaintStatus.WITHDRAWN, act_by=0)
    _step(draft, fact, row, reason=fact.said["reason"])


@takes("supervision", "ComplaintEscalated")
def escalated(draft: Draft, fact: Fact) -> None:
    row = draft.row(complaints, id=fact.said["complaint"])
    row["escalated"] = True
    _step(draft, fact, row, signer=fact.said["caller"].lower(), act_by=fact.said["overdue_since"])


def _decided(draft: Draft, fact: Fact) -> Row:
    """The complaint that a regulator acted on."""
    row = draft.row(complaints, id=fact.said["complaint"])
    row["regulator"] = fact.said["regulator"]
    row["document"] = hexadecimal(fact.said["document"])
    return row


def _opened(draft: Draft, fact: Fact, row: Row) -> None:
    _step(
        draft,
        fact,
        row,
        route=row["route"],
        reference=row["reference"],
        document=row["document"],
        act_by=row["act_by"],
    )


def _step(draft: Draft, fact: Fact, row: Row, **stated: Any) -> None:
    row["changed_at"] = fact.time
    values: Row = {
        "route": None,
        "reference": None,
        "reason": None,
        "document": None,
        "act_by": None,
        "signer": fact.said.get("signer", "").lower(),
        **stated,
    }
    draft.add(
        complaint_steps,
        block=fact.block,
        log_index=fact.log_index,
        complaint=row["id"],
        event=fact.name,
        status=row["status"],
        time=fact.time,
        tx_hash=fact.tx_hash,
        **values,
    )
