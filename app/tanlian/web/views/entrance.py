"""The front door: home, signing in and out, accepting an invitation, choosing a language."""

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from tanlian.accounts import people
from tanlian.accounts import sign_in as signing_in
from tanlian.accounts.errors import (
    InvitationRefused,
    LoginTaken,
    SignInRefused,
    TooManyAttempts,
    WeakPassword,
)
from tanlian.domain.errors import NotFound
from tanlian.web import current
from tanlian.web.guards import SESSION_COOKIE, public
from tanlian.web.language import LANGUAGE_COOKIE, LANGUAGES, sentence_of
from tanlian.web.security import local_target, set_secret_cookie

_YEAR_SECONDS = 365 * 24 * 60 * 60
_CODE = Regexp(r"^\d{6}$", message="Six digits, as your authenticator app shows them.")
_LOGIN = Regexp(r"^[A-Za-z0-9._-]{3,32}$", message="3 to 32 letters, digits, dots or dashes.")


class SignInForm(FlaskForm):
    login = StringField(validators=[InputRequired(), Length(max=64)])
    password = PasswordField(validators=[InputRequired(), Length(max=256)])
    code = StringField(validators=[InputRequired(), _CODE])


class JoinForm(FlaskForm):
    login = StringField(validators=[InputRequired(), _LOGIN])
    password = PasswordField(validators=[InputRequired(), Length(max=256)])
    code = StringField(validators=[InputRequired(), _CODE])


@public
def home() -> ResponseReturnValue:
    return render_template("home.html", session=g.session, roles=g.roles)


@public
def language(code: str) -> ResponseReturnValue:
    if code not in LANGUAGES:
        raise NotFound("This site does not speak that language.", language=code)
    response = make_response(redirect(local_target(request.form.get("back"), url_for("home")), 303))
    set_secret_cookie(response, current.config(), LANGUAGE_COOKIE, code, seconds=_YEAR_SECONDS)
    return response


@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("sign_in.html", form=form), 422 if form.is_submitted() else 200
    office = current.office()
    try:
        token, _ = signing_in.sign_in(
            office.engine,
            office.box,
            current.origin(),
            login=form.login.data,
            password=form.password.data,
            code=form.code.data,
        )
    except (SignInRefused, TooManyAttempts) as error:
        status = 429 if isinstance(error, TooManyAttempts) else 401
        return render_template("sign_in.html", form=form, refusal=error), status
    response = make_response(redirect(local_target(request.args.get("next"), url_for("desk")), 303))
    longest = signing_in.LONGEST_SECONDS
    set_secret_cookie(response, current.config(), SESSION_COOKIE, token, seconds=longest)
    return response


@public
def sign_out() -> ResponseReturnValue:
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        with current.office().engine.begin() as db:
            signing_in.sign_out(db, token)
    response = make_response(redirect(url_for("home"), 303))
    response.delete_cookie(SESSION_COOKIE)
    return response


@public
def join(token: str) -> ResponseReturnValue:
    office, form = current.office(), JoinForm()
    with office.engine.begin() as db:
        welcome = people.welcome(db, office.box, token, office.now())
    page = {"form": form, "welcome": welcome}
    if not form.validate_on_submit():
        return render_template("join.html", **page), 422 if form.is_submitted() else 200
    try:
        with office.engine.begin() as db:
            people.accept(
                db,
                office.box,
                current.origin(),
                token=token,
                login=form.login.data,
                password=form.password.data,
                code=form.code.data,
                language=request.accept_languages.best_match(list(LANGUAGES)) or "zh",
            )
    except LoginTaken as error:
        form.login.errors = (sentence_of(error),)
    except WeakPassword as error:
        form.password.errors = (sentence_of(error),)
    except InvitationRefused as error:
        form.code.errors = (sentence_of(error),)
    else:
        return redirect(url_for("sign_in"), 303)
    return render_template("join.html", **page), 422
