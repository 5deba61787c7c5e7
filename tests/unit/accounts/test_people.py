import pytest
from sqlalchemy import func, select

from tanlian.accounts import people
from tanlian.accounts.errors import InvitationRefused, LoginTaken, WeakPassword
from tanlian.accounts.tables import invitations, users
from tanlian.domain.errors import NotFound


def head_count(office) -> int:
    with office.engine.begin() as db:
        return db.scalar(select(func.count()).select_from(users))


def invited(office, organisation=1) -> tuple[str, str]:
    with office.engine.begin() as db:
        token = people.invite(
            db, office.box, office.origin(), organisation=organisation, name="Wang Li", by="reg"
        )
        return token, people.welcome(db, office.box, token, office.now).totp_secret


def accept(office, token, login="wang", password="correct horse battery", code=None):
    with office.engine.begin() as db:
        return people.accept(
            db,
            office.box,
            office.origin(),
            token=token,
            login=login,
            password=password,
            code=code or office.code(login),
            language="zh",
        )


def test_accept__right_code__joins_the_organisation_that_invited(office) -> None:
    token, office.secrets["wang"] = invited(office, organisation=7)
    joined = accept(office, token)
    assert (joined.organisation, joined.login, joined.active) == (7, "wang", True)
    with office.engine.begin() as db:
        assert people.people_of(db, 7) == [joined]
        assert people.people_of(db, 8) == []


def test_accept__second_time__refused(office) -> None:
    token, office.secrets["wang"] = invited(office)
    accept(office, token)
    office.secrets["other"] = office.secrets["wang"]
    with pytest.raises(InvitationRefused, match="unknown, used or expired"):
        accept(office, token, login="other")
    assert head_count(office) == 1


@pytest.mark.parametrize(("after", "good"), [(7 * 86400 - 1, True), (7 * 86400, False)])
def test_accept__age_of_the_invitation__decides(office, after, good) -> None:
    token, office.secrets["wang"] = invited(office)
    office.now += after
    if good:
        accept(office, token)
    else:
        with pytest.raises(InvitationRefused, match="expired"):
            accept(office, token)
    assert head_count(office) == int(good)


def test_accept__wrong_code__refused_and_invitation_kept(office) -> None:
    token, office.secrets["wang"] = invited(office)
    wrong = f"{(int(office.code('wang')) + 1) % 1_000_000:06}"
    with pytest.raises(InvitationRefused, match="code"):
        accept(office, token, code=wrong)
    assert head_count(office) == 0
    accept(office, token)


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaaaaaaaaaa", "my name is wang!"])
def test_accept__weak_password__refused_and_invitation_kept(office, password) -> None:
    token, office.secrets["wang"] = invited(office)
    with pytest.raises(WeakPassword):
        accept(office, token, password=password)
    assert head_count(office) == 0
    accept(office, token)


def test_accept__login_of_another__refused_whatever_its_case(office) -> None:
    office.join("wang", 1)
    token, office.secrets["WANG"] = invited(office)
    with pytest.raises(LoginTaken, match="choose another"):
        accept(office, token, login="WANG")
    assert head_count(office) == 1


def test_invite__database__holds_no_token_and_no_secret(office, tmp_path) -> None:
    token, secret = invited(office)
    with office.engine.begin() as db:
        row = db.execute(select(invitations)).mappings().one()
    stored = repr(dict(row))
    assert token not in stored
    assert secret not in stored


def test_deactivate__person_of_another_organisation__refused(office) -> None:
    mine, theirs = office.join("mine", 1), office.join("theirs", 2)
    with (
        office.engine.begin() as db,
        pytest.raises(NotFound, match=f"no user {theirs.id}"),
    ):
        people.deactivate(db, office.origin(), theirs.id, mine)
    with office.engine.begin() as db:
        assert people.person(db, theirs.id).active
