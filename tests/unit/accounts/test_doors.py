import pytest
from sqlalchemy import func, select

from tanlian.accounts import doors, people, sign_in
from tanlian.accounts.errors import DoorClosed, SessionEnded
from tanlian.accounts.tables import sessions

HOURS = 60 * 60


@pytest.fixture
def wang(office):
    """Somebody of a demonstration; Li beside her is nobody of it."""
    found = office.join("wang", 2)
    office.join("li-na", 1)
    with office.engine.begin() as db:
        doors.let_in(db, found)
    return found


def made(office) -> str:
    with office.engine.begin() as db:
        return doors.make(db, office.origin())


def opened(office, token: str) -> str:
    with office.engine.begin() as db:
        return doors.open_door(db, office.origin(), token)


def entered(office, browser: str | None, user_id: int) -> str:
    with office.engine.begin() as db:
        return doors.enter(db, office.origin(), browser, user_id)


def session_count(office) -> int:
    with office.engine.begin() as db:
        return db.scalar(select(func.count()).select_from(sessions))


def test_enter__person_of_the_demonstration__signed_in_without_a_password(office, wang) -> None:
    token = entered(office, opened(office, made(office)), wang.id)
    with office.engine.begin() as db:
        session = sign_in.session(db, token, office.now)
    assert session.person == wang
    assert not session.is_confirmed(office.now)  # sensitive acts ask for the password


def test_make__installation_without_a_demonstration__refused(office) -> None:
    office.join("real", 1)
    with pytest.raises(DoorClosed, match="Nobody may come in by a door here"):
        made(office)


def test_enter__anybody_else__refused(office, wang) -> None:
    browser = opened(office, made(office))
    with office.engine.begin() as db:
        (li,) = people.people_of(db, 1)
        assert doors.people_behind(db, browser, office.now) == [wang]
    for number in (li.id, 999):
        with pytest.raises(DoorClosed, match="Nobody of that number"):
            entered(office, browser, number)
    assert session_count(office) == 0


def test_link__second_use__refused_and_the_first_browser_stays(office, wang) -> None:
    token = made(office)
    browser = opened(office, token)
    with pytest.raises(DoorClosed, match="unknown, used or expired"):
        opened(office, token)
    entered(office, browser, wang.id)
    assert session_count(office) == 1


@pytest.mark.parametrize("browser", [None, "", "made up"])
def test_enter__browser_that_used_no_link__refused(office, wang, browser) -> None:
    made(office)
    with pytest.raises(DoorClosed, match="no open door"):
        entered(office, browser, wang.id)
    assert session_count(office) == 0


def test_door__after_eight_hours__closed(office, wang) -> None:
    unused, browser = made(office), opened(office, made(office))
    office.now += 8 * HOURS
    with pytest.raises(DoorClosed):
        opened(office, unused)
    with pytest.raises(DoorClosed):
        entered(office, browser, wang.id)
    with office.engine.begin() as db:
        assert doors.sweep(db, office.now) == 2


def test_enter__removed_person__refused(office, wang) -> None:
    browser = opened(office, made(office))
    session = entered(office, browser, wang.id)
    with office.engine.begin() as db:
        people.deactivate(db, office.origin(), wang.id, wang)
    with pytest.raises(DoorClosed):
        entered(office, browser, wang.id)
    with office.engine.begin() as db, pytest.raises(SessionEnded):
        sign_in.session(db, session, office.now)
