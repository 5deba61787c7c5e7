"""The people of a demonstration: two for each member, who come in by the door.

They are people like all others (password, one-time codes, a key encrypted in the store), but for
the mark that lets them use doors. Names are invented.
"""

from collections.abc import Sequence

import pyotp
from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine

from tanlian.accounts import doors, keystore, people
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.tables import users
from tanlian.chain.keyfiles import QUICK
from tanlian.domain.roles import role_names
from tanlian.services.consortium import Member

NAMES = (
    "王敏 Wang Min", "李娜 Li Na", "赵强 Zhao Qiang", "陈静 Chen Jing", "刘洋 Liu Yang",
    "黄磊 Huang Lei", "周婷 Zhou Ting", "吴昊 Wu Hao", "徐丽 Xu Li", "孙涛 Sun Tao",
    "马超 Ma Chao", "朱琳 Zhu Lin", "胡斌 Hu Bin", "郭颖 Guo Ying", "何晨 He Chen",
    "林芳 Lin Fang",
)  # fmt: skip
PEOPLE_EACH = 2  # an act may need a second person
_STEP_SECONDS = 30


def seat_people(
    engine: Engine, box: SecretsBox, members: Sequence[Member], passphrase: str, now: int
) -> None:
    """Make two people for each member who has none yet, and keep its key encrypted for them.

    `passphrase` becomes everybody's password and opens the keys.
    """
    origin = Origin("demonstration", now)
    names = iter(NAMES * (1 + len(members) * PEOPLE_EACH // len(NAMES)))
    for member in members:
        for number in range(1, PEOPLE_EACH + 1):
            name, login = next(names), _login(member, number)
            with engine.begin() as db:
                if db.scalar(select(users.c.id).where(users.c.login == login)) is None:
                    joined = _joined(
                        db, box, origin, member=member, name=name, login=login, password=passphrase
                    )
                    doors.let_in(db, joined)
        with engine.begin() as db:
            _keep_key(db, origin, member, passphrase)


def _login(member: Member, number: int) -> str:
    return f"{role_names(member.role)[0]}-{member.organisation}-{number}"


def _joined(
    db: Connection,
    box: SecretsBox,
    origin: Origin,
    *,
    member: Member,
    name: str,
    login: str,
    password: str,
) -> Person:
    """Invite and join, as a person does with an authenticator app."""
    token = people.invite(
        db, box, origin, organisation=member.organisation, name=name, by="demonstration"
    )
    secret = people.welcome(db, box, token, origin.now).totp_secret
    return people.accept(
        db,
        box,
        origin,
        token=token,
        login=login,
        password=password,
        code=pyotp.TOTP(secret, interval=_STEP_SECONDS).at(origin.now),
        language="",  # as the browser asks
    )


def _keep_key(db: Connection, origin: Origin, member: Member, passphrase: str) -> None:
    """Keep the key that the run acts with, unless it is kept already."""
    address = member.key.address.lower()
    if any(key.address == address for key in keystore.keys_of(db, member.organisation)):
        return
    first = select(users.c.id).where(users.c.login == _login(member, 1))
    owner = people.person(db, db.execute(first).scalar_one())
    keyfile = member.key.keyfile(passphrase, cost=QUICK)
    keystore.keep(db, origin, owner, label="demonstration", keyfile=keyfile)
