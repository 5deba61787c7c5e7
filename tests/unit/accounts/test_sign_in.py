import pytest
from sqlalchemy import select

from tanlian.accounts import people, sign_in
from tanlian.accounts.errors import SessionEnded, SignInRefused, TooManyAttempts
from tanlian.accounts.tables import audit, sessions

from .conftest import PASSWORD


def enter(office, login="wang", password=PASSWORD, code=None, address="198.51.100.7"):
    return sign_in.sign_in(
        office.engine,
        office.box,
        office.origin(address),
        login=login,
        password=password,
        code=office.code(login) if code is None else code,
    )


def session_of(office, token):
    with office.engine.begin() as db:
        return sign_in.session(db, token, office.now)


def session_count(office) -> int:
    with office.engine.begin() as db:
        return len(db.execute(select(sessions)).all())


@pytest.fixture
def member(office):
    return office.join("wang", 1)


def test_sign_in__right_everything__opens_a_session(office, member) -> None:
    token, who = enter(office)
    assert who == member
    assert session_of(office, token).person == member


@pytest.mark.parametrize("wrong", ["password", "code", "login"])
def test_sign_in__one_thing_wrong__same_refusal_and_no_session(office, member, wrong) -> None:
    given = {"login": "wang", "password": PASSWORD, "code": office.code("wang")}
    given[wrong] = {"login": "nobody", "password": "wrong horse battery", "code": "000000"}[wrong]
    with pytest.raises(SignInRefused, match=r"^Login, password or code is wrong\.$"):
        enter(office, **given)
    assert session_count(office) == 0
    with office.engine.begin() as db:
        last = db.execute(select(audit).order_by(audit.c.id.desc())).mappings().first()
    assert last["act"] == "sign-in refused"
    assert PASSWORD not in repr(dict(last))


def test_sign_in__same_code_again__refused(office, member) -> None:
    code = office.code("wang")
    enter(office, code=code)
    with pytest.raises(SignInRefused):
        enter(office, code=code)
    assert session_count(office) == 1


def test_sign_in__code_of_the_last_step__accepted_older_not(office, member) -> None:
    code = office.code("wang")
    office.now += 60
    with pytest.raises(SignInRefused):
        enter(office, code=code)
    code = office.code("wang")
    office.now += 30
    enter(office, code=code)


def test_sign_in__deactivated_person__refused_and_session_ends(office, member) -> None:
    token, _ = enter(office)
    with office.engine.begin() as db:
        people.deactivate(db, office.origin(), member.id, member)
    with pytest.raises(SessionEnded):
        session_of(office, token)
    office.now += 60
    with pytest.raises(SignInRefused):
        enter(office)


def test_sign_in__brute_force__waits_double_each_time(office, member) -> None:
    waits = []
    for _ in range(8):
        try:
            with pytest.raises(SignInRefused):
                enter(office, code="000000")
        except TooManyAttempts as slowed:
            pytest.fail(f"waited long enough, but {slowed}")
        with office.engine.begin() as db:
            try:
                sign_in.throttle.check(db, f"login:{office.box.mark('wang')}", office.now)
                waits.append(0)
            except TooManyAttempts as slowed:
                waits.append(slowed.fields["retry_at"] - office.now)
                office.now = slowed.fields["retry_at"]
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16]
    enter(office)


def test_sign_in__while_slowed__even_the_right_password_waits(office, member) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            enter(office, code="000000")
    with pytest.raises(TooManyAttempts, match="try again in 2 seconds"):
        enter(office)
    assert session_count(office) == 0


def test_sign_in__many_logins_from_one_address__address_is_slowed(office, member) -> None:
    for number in range(5):
        with pytest.raises(SignInRefused):
            enter(office, login=f"guess{number}", code="000000")
    with pytest.raises(TooManyAttempts):
        enter(office)
    enter(office, address="203.0.113.9")


@pytest.mark.parametrize(
    ("idle", "good"), [(sign_in.IDLE_SECONDS - 1, True), (sign_in.IDLE_SECONDS, False)]
)
def test_session__idle__ends(office, member, idle, good) -> None:
    token, _ = enter(office)
    office.now += idle
    if good:
        assert session_of(office, token).person == member
    else:
        with pytest.raises(SessionEnded, match="sign in again"):
            session_of(office, token)


def test_session__used_all_day__ends_after_its_longest_time(office, member) -> None:
    token, _ = enter(office)
    ends = office.now + sign_in.LONGEST_SECONDS
    while office.now + 1200 < ends:
        office.now += 1200
        session_of(office, token)
    office.now = ends
    with pytest.raises(SessionEnded):
        session_of(office, token)
    with office.engine.begin() as db:
        assert sign_in.sweep(db, office.now) == 1


def test_sign_out__token__good_no_more(office, member) -> None:
    token, _ = enter(office)
    with office.engine.begin() as db:
        sign_in.sign_out(db, token)
    with pytest.raises(SessionEnded):
        session_of(office, token)


def test_confirm__password_again__fresh_for_five_minutes(office, member) -> None:
    token, _ = enter(office)
    office.now += sign_in.CONFIRMED_SECONDS
    current = session_of(office, token)
    assert not current.is_confirmed(office.now)
    with pytest.raises(SignInRefused):
        sign_in.confirm(office.engine, office.origin(), current, "wrong horse battery")
    assert not session_of(office, token).is_confirmed(office.now)
    sign_in.confirm(office.engine, office.origin(), current, PASSWORD)
    assert session_of(office, token).is_confirmed(office.now)
