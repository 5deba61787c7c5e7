"""Acting: choosing an act, filling in its form, signing it, and following what became of it."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flask import flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tanlian.accounts import form_drafts, kept_documents, keystore, people
from tanlian.accounts.kept_documents import KeptDocument
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.identity import document_hash
from tanlian.domain.roles import ALL_ROLES, Role, role_names
from tanlian.readmodel.queries import members, units
from tanlian.services.acts import catalogue
from tanlian.services.acts.act import Act
from tanlian.services.outbox import key_from
from tanlian.services.submitted import Submitted
from tanlian.web import act_forms, current, signing
from tanlian.web.act_forms import ActForm
from tanlian.web.guards import Forbidden, member
from tanlian.web.security import local_target
from tanlian.web.views import drafts
from tanlian.web.words import ACT_SENTENCES, ACT_STATES, NOUNS

PAGE = 50
FORM_BYTES = 16 * 1024  # of a request, beside the file in it
WAIT_SECONDS = 4  # for a result, so that the page after signing usually shows it


@member
def acts() -> ResponseReturnValue:
    who, before = current.session().person, request.args.get("before")
    found = current.outbox().acts_of(who.organisation, before=before, limit=PAGE + 1)
    with current.office().engine.connect() as db:
        names = {one.id: one.name for one in people.people_of(db, who.organisation)}
        begun = form_drafts.drafts_of(db, who.organisation)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    titles = {name: act.title for name, act in catalogue.catalogue().items()}
    return render_template(
        "acts.html", submitted=found[:PAGE], older=older, titles=titles, people=names,
        act_states=ACT_STATES, drafts=begun,
    )  # fmt: skip


@member
def act_index() -> ResponseReturnValue:
    mine = [act for act in catalogue.catalogue().values() if _may(act)]
    groups = [(noun, list(found)) for noun, found in groupby(mine, key=lambda act: act.noun)]
    return render_template("act_index.html", groups=groups, nouns=NOUNS)


@member
def act_form(name: str) -> ResponseReturnValue:
    act = catalogue.act(name)
    if not _may(act):
        raise Forbidden("Your organisation's role does not include this page.")
    if request.method == "GET":
        return _form_page(drafts.opened(act))
    if "preview" in request.form:
        form = act_forms.filled(act, lambda _name, content: document_hash(content).hex())
        return _preview(form, request.form.get("signer", ""))
    form = act_forms.filled(act, _keep)
    if form.is_wrong:
        return _form_page(form)
    return _saved(form) if "save" in request.form else _sent(form)


def _saved(form: ActForm) -> ResponseReturnValue:
    """Keep the form as a draft, whatever is still missing in it; nothing is sent."""
    try:
        draft = drafts.save(form)
    except TanlianError as error:
        form.refuse(error)
        return _form_page(form)
    flash(gettext("Saved as a draft. Your organisation finds it under Acts."))
    here = url_for(
        "act_form", name=form.act.name, draft=draft.id, next=request.args.get("next"),
        quick=request.args.get("quick"),
    )  # fmt: skip
    return redirect(here, 303)


def _sent(form: ActForm) -> ResponseReturnValue:
    """Draft the act, and sign it where nothing has to be asked any more."""
    account = request.form.get("signer", "")
    try:
        signing.check_account(account)
        act_id = current.window().submit(
            current.origin(), current.session().person, form.act, form.raws(),
            account=account, once=form.once,
        )  # fmt: skip
    except TanlianError as error:
        form.refuse(error)
        return _form_page(form)
    drafts.drop(form)
    if signing.is_ready(form.act, account) and _submitted(act_id).state == "drafted":
        try:
            _sign(act_id)
        except TanlianError as error:
            return _act_page(act_id, error)
        if "quick" in request.args and _submitted(act_id).state == "done":
            flash(gettext("Done: %(act)s.", act=gettext(form.act.title)))
            return redirect(local_target(request.args.get("next"), url_for("acts")), 303)
    return redirect(_here(act_id), 303)


def _preview(form: ActForm, account: str) -> ResponseReturnValue:
    """Show what the values come to; nothing is kept or sent."""
    desk = current.window().desk(current.session().person, account)
    try:
        form.figures = form.act.previewed(desk, form.raws())
    except TanlianError as error:
        form.refuse(error)
    page, _ = _form_page(form)
    return page, 200


def _keep(name: str, content: bytes) -> str:
    office = current.office()
    with office.engine.begin() as db:
        kept = kept_documents.keep(
            db, office.box, current.origin(), current.session().person, name=name, content=content
        )
    return kept.sha256


def _kept(act: Act | None, values: Mapping[str, Any]) -> dict[str, KeptDocument]:
    """Return the own documents among the values of an act, by the hash as it stands there."""
    fields = act.fields if act is not None else ()
    hashes = [
        values[one.name]
        for one in fields
        if one.kind.widget == "document" and isinstance(values.get(one.name), str)
    ]
    organisation = current.session().person.organisation
    with current.office().engine.connect() as db:
        found = kept_documents.at_hand(db, [(organisation, one) for one in hashes])
    return {digest: kept for (_, digest), kept in found.items()}


@member
def act(act_id: str) -> ResponseReturnValue:
    return _act_page(act_id, None)


@member
def sign(act_id: str) -> ResponseReturnValue:
    """Sign with the stored key, unlocking it and asking for the password where that is needed."""
    try:
        signing.confirm_if_asked(catalogue.act(_submitted(act_id).act))
        cookie = signing.unlock_if_asked(_submitted(act_id).account)
        _sign(act_id, cookie)
    except TanlianError as error:
        return _act_page(act_id, error)
    answer = make_response(redirect(_here(act_id), 303))
    if cookie is not None:
        signing.keep_unlocked(answer, cookie)
    return answer


@member
def decide(act_id: str) -> ResponseReturnValue:
    agreed = request.form.get("decision") == "approve"
    try:
        current.outbox().decide(current.origin(), current.session().person, act_id, agreed=agreed)
    except TanlianError as error:
        return _act_page(act_id, error)
    return redirect(_here(act_id), 303)


@member
def withdraw(act_id: str) -> ResponseReturnValue:
    try:
        current.outbox().withdraw(current.origin(), current.session().person, act_id)
    except TanlianError as error:
        return _act_page(act_id, error)
    return redirect(_here(act_id), 303)


@member
def unsigned(act_id: str) -> ResponseReturnValue:
    """What a wallet in the browser (EIP-1193) is asked to sign and send."""
    return jsonify(current.outbox().unsigned(current.session().person, act_id))


@member
def sent_elsewhere(act_id: str) -> ResponseReturnValue:
    """The wallet tells which transaction it sent; it counts once the chain shows it."""
    position = request.form.get("position", type=int)
    if position is None:
        raise InvalidInput("The position of the transaction is missing.")
    who, tx_hash = current.session().person, request.form.get("tx_hash", "")
    current.outbox().sent_elsewhere(current.origin(), who, act_id, position, tx_hash)
    return redirect(_here(act_id), 303)


def _may(act: Act) -> bool:
    """Whether the organisation has a role for the act, also while it is suspended: it may still
    meet duties, and the contract decides.
    """
    with current.tables() as db:
        roles = members.member(db, current.session().person.organisation).roles
    return act.roles == Role(0) or bool(act.roles & roles)


def _submitted(act_id: str) -> Submitted:
    return current.outbox().act(current.session().person, act_id)


def _here(act_id: str) -> str:
    return url_for("act", act_id=act_id, next=request.args.get("next"))


def _sign(act_id: str, cookie: str | None = None) -> None:
    office, session = current.office(), current.session()
    with office.engine.begin() as db:
        secret = keystore.unlocked_key(db, session, cookie or signing.cookie(), office.now())
    current.outbox().sign(current.origin(), session.person, act_id, key_from(secret))
    ended = current.outbox().wait(act_id, WAIT_SECONDS)
    current.await_block(max((t.block or 0 for t in ended.transactions), default=0))


def _form_page(form: ActForm) -> tuple[str, int]:
    who = current.session().person
    signers = signing.signers()
    account = request.form.get("signer") or next((s.address for s in signers), "")
    with current.tables() as db:
        known = members.members(db, limit=2_000)
        instruments = units.known_instruments(db)
    page = render_template(
        "act_form.html",
        form=form,
        signers=signers,
        account=account,
        needs_second=current.window().needs_second_person(who, form.act),
        signs_at_once=signing.is_ready(form.act, account),
        back=local_target(request.args.get("next"), url_for("act_index")),
        known_members=known,
        known_instruments=[one.symbol for one in instruments],
        payees=signing.payees(),
        all_roles=role_names(int(ALL_ROLES)),
        form_lines=act_forms.LINES,
        most_bytes=current.config().max_upload_bytes - FORM_BYTES,
        kept=_kept(form.act, form.given),
    )
    return page, 422 if form.is_wrong else 200


def _act_page(act_id: str, refusal: TanlianError | None) -> ResponseReturnValue:
    submitted, session, office = _submitted(act_id), current.session(), current.office()
    declared = catalogue.catalogue().get(submitted.act)
    asks_password = (
        declared is not None and declared.sensitive and not session.is_confirmed(office.now())
    )
    with current.tables() as db:
        said = units.events_of(db, [t.tx_hash for t in submitted.transactions if t.tx_hash])
    page = render_template(
        "act.html",
        submitted=submitted,
        declared=declared,
        refusal=refusal,
        asks_password=asks_password,
        is_unlocked=signing.is_unlocked(submitted.account),
        is_stored=signing.is_stored(submitted.account),
        is_mine=submitted.user_id == session.person.id,
        said=said,
        kept=_kept(declared, submitted.details),
        act_states=ACT_STATES,
        act_sentences=ACT_SENTENCES,
        next=local_target(request.args.get("next"), url_for("acts")),
    )
    return page, 200 if refusal is None else 422
