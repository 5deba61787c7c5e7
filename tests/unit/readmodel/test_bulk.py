"""Rows in bulk are the rows that SQLAlchemy's own insert makes, and are refused alike."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from tanlian.readmodel.bulk import insert_rows
from tanlian.readmodel.tables import event_subjects, events, issue_blocks, orders

AMOUNT = st.integers(0, 2**256 - 1)
NUMBER = st.integers(0, 2**31 - 1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ROWS = {
    issue_blocks: {
        "id": AMOUNT, "token_id": NUMBER, "organisation": NUMBER, "first_serial": AMOUNT,
        "amount_kg": AMOUNT, "basis": TEXT, "time": NUMBER, "tx_hash": TEXT,
    },
    orders: {
        "session": NUMBER, "buy": st.booleans(), "tick": NUMBER, "position": NUMBER,
        "organisation": NUMBER, "lots": NUMBER, "open_lots": NUMBER,
        "ended": st.none() | st.just("cancelled"), "ended_at": st.none() | NUMBER, "time": NUMBER,
        "block": NUMBER, "log_index": NUMBER, "tx_hash": TEXT,
    },
    events: {
        "block": NUMBER, "log_index": NUMBER, "contract": TEXT, "name": TEXT, "tx_hash": TEXT,
        "body": TEXT.map(lambda text: f'{{"text": "\\N\t{text}\n"}}'),
    },
    event_subjects: {"organisation": NUMBER, "block": NUMBER, "log_index": NUMBER},
}  # fmt: skip


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_insert_rows__any_values__as_sqlalchemy_keeps_them(tables, table, data) -> None:
    def key(row):
        return tuple(row[column.name] for column in table.primary_key)

    rows = data.draw(st.lists(st.fixed_dictionaries(ROWS[table]), min_size=1, unique_by=key))

    def kept(write):
        with tables.begin() as db:
            db.execute(delete(table))
            write(db, [dict(row) for row in rows])
            return sorted(map(tuple, db.execute(select(table))), key=repr)

    assert kept(lambda db, some: insert_rows(db, table, some)) == kept(
        lambda db, some: db.execute(insert(table), some)
    )


ROW = {"organisation": 1, "block": 2, "log_index": 3}


def test_insert_rows__row_twice__refused_and_nothing_kept(tables) -> None:
    with pytest.raises(IntegrityError), tables.begin() as db:
        insert_rows(db, event_subjects, [{**ROW, "block": 1}, dict(ROW), dict(ROW)])
    with tables.begin() as db:
        assert db.execute(select(event_subjects)).all() == []
        insert_rows(db, event_subjects, [dict(ROW)])
        assert db.execute(select(event_subjects)).all() == [(1, 2, 3)]


def test_insert_rows__columns_differ__refused_and_nothing_kept(tables) -> None:
    with pytest.raises(KeyError, match="log_index"), tables.begin() as db:
        insert_rows(db, event_subjects, [dict(ROW), {"organisation": 1, "block": 5}])
    with tables.connect() as db:
        assert db.execute(select(event_subjects)).all() == []
