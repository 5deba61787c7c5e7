"""A back-up taken while people work, brought back elsewhere: everybody can go on."""

import json
import shutil
import threading
from dataclasses import replace
from hashlib import sha256

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_account import Account
from sqlalchemy import create_engine, func, select, text

from harness.post_office import settle_in
from harness.postgres import server
from tanlian.accounts import (
    api_access,
    audit_log,
    form_drafts,
    kept_documents,
    keystore,
    outbox,
    people,
    sign_in,
)
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.store import open_store
from tanlian.accounts.tables import sessions
from tanlian.chain.keys import Key
from tanlian.domain.holder import holder_address
from tanlian.services.backup.backup import Installation, check, restore, take
from tanlian.services.backup.errors import BackupRefused
from tanlian.services.documents import Documents, FolderStore, Reader
from tanlian.services.gateway.store import GatewayStore

NOW = 1_800_000_000
PASSWORD = "correct horse battery"
KEY = bytes(range(1, 33))


@pytest.fixture(scope="module")
def postgres():
    with server() as url:
        yield url


def database(folder, kind, postgres) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'web-test' / 'accounts.sqlite'}"
    name = f"d{abs(hash(folder))}"
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    return postgres.replace("/postgres?", f"/{name}?")


class Place:
    """One installation with a clock."""

    def __init__(self, folder, url: str, *, gateway: bool = True) -> None:
        self.folder, self.url, self.now = folder, url, NOW
        folder.mkdir(exist_ok=True)
        self.gateway = folder / "gateway" / "plant.toml"
        self.installation = Installation(
            "test", 7, url, folder / "web-test", folder / "keys", folder / "book.json",
            folder / "readings", (self.gateway,) if gateway else (),
        )  # fmt: skip

    def open(self):
        box = SecretsBox.at(self.installation.folder / "accounts.key")
        return open_store(self.url, box), box

    def origin(self) -> Origin:
        return Origin("test", self.now)

    def documents(self) -> Documents:
        folder = self.installation.folder / "documents"
        folder.mkdir(parents=True, exist_ok=True)
        return Documents(FolderStore(folder / "blobs"), folder / "grants.jsonl", lambda: NOW)

    def enter(self, secret: str):
        engine, box = self.open()
        self.now += 60
        code = pyotp.TOTP(secret).at(self.now)
        return sign_in.sign_in(
            engine, box, self.origin(), login="wang", password=PASSWORD, code=code
        )


def inhabit(place: Place) -> dict:
    """Somebody joins, stores a key, files a document; a gateway takes readings."""
    engine, box = place.open()
    with engine.begin() as db:
        token = people.invite(db, box, place.origin(), organisation=3, name="王 Wang", by="x")
        secret = people.welcome(db, box, token, place.now).totp_secret
        wang = people.accept(
            db, box, place.origin(), token=token, login="wang", password=PASSWORD,
            code=pyotp.TOTP(secret).at(place.now), language="zh",
        )  # fmt: skip
        keyfile = Account.encrypt(KEY, "open sesame", kdf="pbkdf2", iterations=2)
        keystore.keep(db, place.origin(), wang, label="first", keyfile=keyfile)
        api = api_access.issue(db, place.origin(), wang, label="erp", may_write=True, days=9)
        kept = kept_documents.keep(
            db, box, place.origin(), wang, name="报告.pdf", content=b"%PDF-1.7 kept"
        )
        draft = form_drafts.save(db, place.origin(), wang, act="order.place", given={"side": "buy"})
    place.enter(secret)
    reader = X25519PrivateKey.generate()
    sealed = place.documents().file(
        b"report", holder_address(3), Key(KEY).sign, [Reader("regulator", reader.public_key())]
    )
    place.gateway.parent.mkdir()
    place.gateway.write_text(
        'store = "plant.db"\ndevices = "devices.csv"\nyear = 2024\nfirst_hour = 1\nend_hour = 9\n'
        '[kinds]\n1 = "coal"\n'
    )
    (place.gateway.parent / "devices.csv").write_text(
        "source,device,source_name,device_name,signer\n"
    )
    store = GatewayStore(place.gateway.parent / "plant.db")
    from tanlian.domain.monitoring.plausibility import Doubt

    store.put_aside(Doubt.LATE, "detail", b"payload", "test", NOW)
    (place.folder / "keys").mkdir()
    (place.folder / "keys" / "regulator.json").write_text("{}")
    (place.folder / "book.json").write_text("{}")
    (place.folder / "readings" / "5").mkdir(parents=True)
    (place.folder / "readings" / "5" / "2024.csv").write_text("readings")
    return {"totp": secret, "api": api, "reader": reader, "document": sealed.address,
            "kept": kept, "draft": draft.id}  # fmt: skip


@pytest.mark.parametrize("there", ["sqlite", "postgresql"])
@pytest.mark.parametrize("here", ["sqlite", "postgresql"])
def test_restore__elsewhere__people_sign_in_and_find_everything(
    tmp_path, postgres, here, there
) -> None:
    old = Place(tmp_path / "old", database(tmp_path / "old", here, postgres))
    known = inhabit(old)
    taken = take(old.installation, tmp_path / "copy")
    assert (taken.rows["users"], "sessions" in taken.rows) == (1, False)
    shutil.rmtree(old.folder)  # the machine is lost

    new = Place(tmp_path / "new", database(tmp_path / "new", there, postgres))
    restore(new.installation, tmp_path / "copy")
    new.now = old.now
    token, who = new.enter(known["totp"])
    engine, box = new.open()
    assert (who.name, who.organisation) == ("王 Wang", 3)
    with engine.begin() as db:
        assert db.scalar(select(func.count()).select_from(sessions)) == 1  # the new one only
        assert api_access.bearer(db, known["api"], new.now, writes=True).login == "wang"
        session = sign_in.session(db, token, new.now)
        (key,) = keystore.keys_of(db, 3)
        cookie = keystore.unlock(
            db, new.origin(), session, address=key.address, passphrase="open sesame"
        )
        assert keystore.unlocked_key(db, session, cookie, new.now) == KEY
        acts = [e.act for e in audit_log.entries(db, organisation=None, before=None, limit=9)]
        assert acts[-2:] == ["joined", "invited"]
        (kept,) = kept_documents.documents_of(db, 3)
        assert kept == known["kept"]
        assert kept_documents.content(db, box, kept) == b"%PDF-1.7 kept"
        assert form_drafts.given(db, 3, known["draft"]) == {"side": "buy"}
    assert new.documents().open(known["document"], known["reader"]).content == b"report"
    (aside,) = GatewayStore(new.gateway.parent / "plant.db").quarantine()
    assert aside.payload == b"payload"
    assert (new.folder / "keys" / "regulator.json").read_text() == "{}"
    assert (new.folder / "readings" / "5" / "2024.csv").read_text() == "readings"


def test_restore__acts__signed_ones_go_on_and_drafts_are_closed(tmp_path) -> None:
    """A draft may have been signed after the back-up: signed again it would happen twice."""
    old = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'old.sqlite'}", gateway=False)
    engine, _ = old.open()
    wang, states = settle_in(engine)["wang"], ("drafted", "asked", "approved", "signed", "done")
    with engine.begin() as db:
        for state in (*states, "overtaken"):
            act_id = outbox.add(
                db, old.origin(), wang, chain="0xab", account="0x1", act="test.act", details={},
                calls=[{"to": None, "data": "00", "gas": 1, "value": 0}], tried_at=NOW, approval=None,
            )  # fmt: skip
            act = outbox.act_of(db, wang.organisation, act_id)
            outbox.move(db, act, ["drafted"], state=state)
            outbox.add_step(
                db, act, 0, nonce=act.number, tx_hash=f"0x{act.number}", raw=b"\1\2",
                signed_in=outbox.HERE, state="done" if state == "done" else "signed",
            )  # fmt: skip
    take(old.installation, tmp_path / "copy")
    new = Place(tmp_path / "new", f"sqlite:///{tmp_path / 'new.sqlite'}", gateway=False)
    restore(new.installation, tmp_path / "copy")
    with new.open()[0].connect() as db:
        found = outbox.acts_of(db, wang.organisation, before=None, limit=9, open_only=False)
        steps = outbox.steps_of(db, [act.number for act in found])
    assert [act.state for act in found[::-1]] == ["lapsed"] * 3 + ["signed", "done", "lapsed"]
    assert {(s.raw, s.error) for some in steps.values() for s in some} == {(b"\1\2", None)}


def test_restore__of_a_version_that_kept_acts_in_clear__encrypted_there(tmp_path) -> None:
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'old.sqlite'}", gateway=False)
    engine, _ = place.open()
    wang = settle_in(engine)["wang"]
    with engine.begin() as db:
        outbox.add(
            db, place.origin(), wang, chain="0xab", account="0x1", act="auction.bid",
            details={"secret": "words"}, calls=[{"data": "c0ffee"}], tried_at=NOW, approval=None,
        )  # fmt: skip
    engine.dispose()
    take(place.installation, tmp_path / "copy")
    rows, manifest = tmp_path / "copy" / "accounts.rows", tmp_path / "copy" / "manifest.json"
    assert '"secret"' not in rows.read_text()
    lines = [json.loads(line) for line in rows.read_text().splitlines()]
    lines[0]["revision"] = "0008"
    for line in lines[1:]:
        if line["table"] == "acts":
            line["row"] |= {"details": {"secret": "words"}, "calls": [{"data": "c0ffee"}]}
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    sealed = json.loads(manifest.read_text())
    sealed["files"]["accounts.rows"] = sha256(rows.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(sealed))

    new = Place(tmp_path / "new", f"sqlite:///{tmp_path / 'new.sqlite'}", gateway=False)
    restore(new.installation, tmp_path / "copy")
    engine, _ = new.open()
    with engine.connect() as db:
        (act,) = outbox.acts_of(db, wang.organisation, before=None, limit=9, open_only=False)
    assert (act.state, act.details, act.calls) == (
        "lapsed", {"secret": "words"}, [{"data": "c0ffee"}],
    )  # fmt: skip
    engine.dispose()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("new.sqlite*"))
    assert b"c0ffee" not in written


def test_take__while_people_write__one_moment_of_all_tables(tmp_path) -> None:
    """Each joined person has one line in the log; a copy torn in between would differ."""
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.sqlite'}", gateway=False)
    engine, box = place.open()
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with engine.begin() as db:
                people.invite(db, box, place.origin(), organisation=1, name=f"{number}", by="test")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for number in range(20):
            taken = take(place.installation, tmp_path / f"copy-{number}")
            assert taken.rows["invitations"] == taken.rows["audit"]
    finally:
        stop.set()
        worker.join()
    assert taken.rows["audit"] > 20


def test_take__log_line_half_written__left_out(tmp_path) -> None:
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.sqlite'}", gateway=False)
    log = place.installation.folder / "documents" / "grants.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"whole": 1}\n{"hal')
    take(place.installation, tmp_path / "copy")
    assert (tmp_path / "copy/folder/documents/grants.jsonl").read_text() == '{"whole": 1}\n'


def test_take__secrets__readable_by_the_owner_only(tmp_path) -> None:
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.sqlite'}")
    inhabit(place)
    take(place.installation, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "copy").rglob("*") if p.is_file())
    assert KEY.hex() not in (tmp_path / "copy" / "accounts.rows").read_text()


def test_take__folder_exists__refused(tmp_path) -> None:
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.sqlite'}", gateway=False)
    (tmp_path / "copy").mkdir()
    with pytest.raises(BackupRefused, match="exists; name a folder that does not"):
        take(place.installation, tmp_path / "copy")


def test_take__gateway_missing__refused_and_no_folder_that_looks_whole(tmp_path) -> None:
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.sqlite'}")
    with pytest.raises(BackupRefused, match="named by the setting `gateways`, is missing"):
        take(place.installation, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.fixture
def copy(tmp_path):
    place = Place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.sqlite'}")
    inhabit(place)
    take(place.installation, tmp_path / "copy")
    return tmp_path / "copy"


def target(tmp_path, **changes) -> Installation:
    place = Place(tmp_path / "new", f"sqlite:///{tmp_path / 'b.sqlite'}", **changes)
    return place.installation


def untouched(installation: Installation) -> bool:
    return not installation.folder.exists() and not installation.keys.exists()


@pytest.mark.parametrize(
    "name", ["accounts.rows", "folder/accounts.key", "gateways/plant/plant.db"]
)
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_restore__damaged__refused_by_name_and_nothing_written(tmp_path, copy, name, how) -> None:
    path = copy / name
    if how == "changed":
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    else:
        path.unlink()
    installation = target(tmp_path)
    with pytest.raises(BackupRefused, match="missing or was changed"):
        restore(installation, copy)
    assert untouched(installation)


def test_restore__file_put_in__refused(tmp_path, copy) -> None:
    (copy / "folder" / "extra").write_text("x")
    with pytest.raises(BackupRefused, match="put there later"):
        restore(target(tmp_path), copy)


def test_restore__interrupted_backup__is_none(tmp_path, copy) -> None:
    (copy / "manifest.json").unlink()
    with pytest.raises(BackupRefused, match=r"manifest\.json is missing"):
        check(copy)


def test_restore__other_chain__refused(tmp_path, copy) -> None:
    other = target(tmp_path)
    other = replace(other, chain_id=8)
    with pytest.raises(BackupRefused, match="of chain 7, not of 8"):
        restore(other, copy)
    assert untouched(other)


def test_restore__gateway_that_nobody_named__refused(tmp_path, copy) -> None:
    installation = target(tmp_path, gateway=False)
    with pytest.raises(BackupRefused, match="'plant', which the setting"):
        restore(installation, copy)
    assert untouched(installation)


def test_restore__installation_in_use__refused_and_kept(tmp_path, copy) -> None:
    installation = target(tmp_path)
    restore(installation, copy)
    with pytest.raises(BackupRefused, match="already holds rows"):
        restore(installation, copy)
    other = installation.folder / "accounts.key"
    other.write_bytes(b"another key")
    with pytest.raises(BackupRefused, match=r"accounts\.key exists and is another one"):
        restore(installation, copy)
    assert other.read_bytes() == b"another key"


def test_restore__newer_version__refused(tmp_path, copy) -> None:
    rows = copy / "accounts.rows"
    first, _, rest = rows.read_text().partition("\n")
    rows.write_text(json.dumps({**json.loads(first), "revision": "9999"}) + "\n" + rest)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["accounts.rows"] = sha256(rows.read_bytes()).hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupRefused, match="version 9999, which this program does not know"):
        restore(target(tmp_path), copy)
