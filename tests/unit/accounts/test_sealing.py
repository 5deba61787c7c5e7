"""What acts are about lies encrypted: nothing of it is in the files of the database."""

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from harness.boxes import BOX
from harness.post_office import settle_in
from tanlian.accounts import api_access, approvals, outbox
from tanlian.accounts.api_access import Once
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.secrets_box import SecretsBox, SecretUnreadable
from tanlian.accounts.store import MIGRATIONS, open_store
from tanlian.database import changing

BEFORE = "0008"  # the last version that kept them in clear
WORDS = "correct-horse-secret-words"
DETAILS = {"auction": "1", "price": "59.0123", "secret": WORDS, "备注": "底价"}
CALLS = [{"to": None, "data": "c0ffee" * 20, "gas": 7, "value": 0}]
CLEAR = (WORDS.encode(), b"59.0123", b"c0ffee" * 20)
ORIGIN = Origin("test", 1_800_000_000)
BODY = json.dumps(DETAILS).encode()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'accounts.sqlite'}"
    postgres, name = request.getfixturevalue("postgres"), f"sealing_{abs(hash(tmp_path))}"
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    return postgres.replace("/postgres?", f"/{name}?")


def in_files(engine) -> set[bytes]:
    """Which of the clear words are in the files that the database writes its tables to."""
    if engine.dialect.name == "sqlite":
        files = list(Path(engine.url.database).parent.glob("accounts.sqlite*"))
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("CHECKPOINT"))
            number = db.scalar(
                text("SELECT oid FROM pg_database WHERE datname = current_database()")
            )
        folder = Path(engine.url.query["host"]) / "data" / "base" / str(number)
        files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    written = b"".join(path.read_bytes() for path in files)
    return {words for words in CLEAR if words in written}


def act_and_approval(engine, who):
    with engine.connect() as db:
        (act,) = outbox.acts_of(db, who.organisation, before=None, limit=9, open_only=False)
        return act, approvals.approval(db, who, act.approval)


def store(engine, who) -> None:
    with engine.begin() as db:
        number = approvals.ask(db, ORIGIN, who, "auction.bid", DETAILS)
        act_id = outbox.add(
            db, ORIGIN, who, chain="0xab", account="0x1", act="auction.bid", details=DETAILS,
            calls=CALLS, tried_at=1, approval=number,
        )  # fmt: skip
        api_access.remember(db, who.organisation, Once.of("k", BODY), act_id, 1)


def store_in_clear(engine, who) -> None:
    """As versions before did."""
    values = {"who": who.id, "organisation": who.organisation, "details": json.dumps(DETAILS)}
    with engine.begin() as db:
        number = db.scalar(
            text(
                "INSERT INTO approvals (organisation, act, details, asked_by, asked_at, expires_at,"
                " status) VALUES (:organisation, 'auction.bid', :details, :who, 1, 9, 'asked')"
                " RETURNING id"
            ),
            values,
        )
        db.execute(
            text(
                "INSERT INTO acts (id, chain, organisation, user_id, account, act, details, calls,"
                " state, waits_for, approval, created_at) VALUES ('an-act', '0xab', :organisation,"
                " :who, '0x1', 'auction.bid', :details, :calls, 'asked', '', :number, 1)"
            ),
            {**values, "calls": json.dumps(CALLS), "number": number},
        )
        request = {**values, "hash": Once.of("k", BODY).request_hash}
        db.execute(
            text(
                "INSERT INTO idempotent_answers (organisation, key, request_hash, act, created_at)"
                " VALUES (:organisation, 'k', :hash, 'an-act', 1)"
            ),
            request,
        )
        db.execute(
            text(
                "INSERT INTO act_transactions (act, position, chain, account, nonce, tx_hash,"
                " signed_in, state) SELECT number, 0, '0xab', '0x1', 5, '0x77', 'here', 'signed'"
                " FROM acts"
            )
        )


def assert_read(engine, who) -> None:
    act, approval = act_and_approval(engine, who)
    assert (act.details, act.calls, approval.details) == (DETAILS, CALLS, DETAILS)
    with engine.connect() as db:
        assert api_access.answer(db, who.organisation, Once.of("k", BODY)) == act.id


def test_act__stored_and_changed__read_as_it_was_and_nowhere_in_the_files(url) -> None:
    engine = open_store(url, BOX)
    who = settle_in(engine)["wang"]
    store(engine, who)
    act, _ = act_and_approval(engine, who)
    with engine.begin() as db:
        assert outbox.move(db, act, ["asked"], state="signed", calls=[*CALLS, *CALLS])
    act, _ = act_and_approval(engine, who)
    assert (act.details, act.calls) == (DETAILS, CALLS * 2)
    with engine.begin() as db:
        assert outbox.move(db, act, ["signed"], state="asked", calls=CALLS)
    assert_read(engine, who)
    assert in_files(engine) == set()
    engine.dispose()


def test_request__remembered__not_to_be_found_by_trying_without_the_key(url) -> None:
    engine = open_store(url, BOX)
    store(engine, settle_in(engine)["wang"])
    with engine.connect() as db:
        kept = db.scalar(text("SELECT request_hash FROM idempotent_answers"))
    assert kept != Once.of("k", BODY).request_hash
    engine.dispose()


def test_upgrade__rows_in_clear__encrypted_and_gone_from_the_files(url) -> None:
    engine = open_store(url, BOX, BEFORE)
    who = settle_in(engine)["wang"]
    store_in_clear(engine, who)
    assert in_files(engine) == set(CLEAR)
    engine.dispose()
    engine = open_store(url, BOX)
    assert_read(engine, who)
    assert in_files(engine) == set()
    with engine.connect() as db:
        act, _ = act_and_approval(engine, who)
        (step,) = outbox.steps_of(db, [act.number])[act.number]
    assert (step.act, step.tx_hash) == (act.number, "0x77")
    engine.dispose()


def test_upgrade__many_rows__each_with_its_own(url) -> None:
    engine = open_store(url, BOX, BEFORE)
    who = settle_in(engine)["wang"]
    insert = text(
        "INSERT INTO acts (id, chain, organisation, user_id, account, act, details, calls, state,"
        " waits_for, created_at) VALUES (:id, '0xab', :organisation, :who, '0x1', 'x', :details,"
        " '[]', 'drafted', '', 1)"
    )
    rows = [
        {"id": str(n), "organisation": who.organisation, "who": who.id, "details": f'{{"n": {n}}}'}
        for n in range(1_203)
    ]
    with engine.begin() as db:
        db.execute(insert, rows)
    engine.dispose()
    engine = open_store(url, BOX)
    with engine.connect() as db:
        found = outbox.acts_of(db, who.organisation, before=None, limit=2_000, open_only=False)
    assert {act.id: act.details for act in found} == {str(n): {"n": n} for n in range(1_203)}
    engine.dispose()


def test_downgrade__read_again_by_the_version_before(url) -> None:
    engine = open_store(url, BOX)
    who = settle_in(engine)["wang"]
    store(engine, who)
    with changing(engine) as db:
        config = Config(attributes={"connection": db})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.downgrade(config, BEFORE)
    with engine.connect() as db:
        found = db.execute(text("SELECT CAST(details AS TEXT), CAST(calls AS TEXT) FROM acts"))
        assert [[json.loads(one) for one in row] for row in found] == [[DETAILS, CALLS]]
    engine.dispose()
    engine = open_store(url, BOX)
    act, approval = act_and_approval(engine, who)
    assert (act.details, act.calls, approval.details) == (DETAILS, CALLS, DETAILS)
    engine.dispose()


def test_read__key_of_another_installation__said_and_nothing_changed(url, tmp_path) -> None:
    engine = open_store(url, BOX)
    who = settle_in(engine)["wang"]
    store(engine, who)
    engine.dispose()
    other = open_store(url, SecretsBox.at(tmp_path / "other.key"))
    with pytest.raises(SecretUnreadable, match="restore the key file"):
        act_and_approval(other, who)
    other.dispose()
    engine = open_store(url, BOX)
    assert_read(engine, who)
    engine.dispose()
