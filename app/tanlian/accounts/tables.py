"""The tables of people, sessions and keys: times in UTC seconds, secrets hashed or encrypted."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in INTEGER columns

users = Table(
    "users",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(96), nullable=False),
    Column("language", String(8), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("totp_secret", LargeBinary, nullable=False),  # encrypted
    Column("totp_last_step", BigInteger, nullable=False),  # a code is good once
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("organisation", Integer, nullable=False),
    Column("name", String(96), nullable=False),
    Column("invited_by", String(64), nullable=False),
    Column("totp_secret", LargeBinary, nullable=False),  # encrypted; becomes the user's
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger, nullable=False),  # last time the password was asked
    Column("unlocked", LargeBinary),  # the key, encrypted with a secret only the browser holds
    Column("unlocked_until", BigInteger),
)

keys = Table(
    "keys",
    metadata,
    Column("address", String(42), primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("label", String(64), nullable=False),
    Column("keyfile", JSON, nullable=False),  # Ethereum V3, encrypted with its own passphrase
    Column("created_at", BigInteger, nullable=False),
)

trusted_payees = Table(
    "trusted_payees",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False),
    Column("payee", String(66), nullable=False),  # hash of the bank account, as on the chain
    Column("label", String(96), nullable=False),
    Column("added_by", ForeignKey("users.id"), nullable=False),
    Column("usable_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    Index("ix_trusted_payees_owner", "organisation", "payee"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("act", String(64), nullable=False),
    Column("details", LargeBinary, nullable=False),  # sealed
    Column("asked_by", ForeignKey("users.id"), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),  # asked, approved, refused, done, withdrawn
    Column("decided_by", ForeignKey("users.id")),
    Column("decided_at", BigInteger),
)

policies = Table(
    "policies",
    metadata,
    Column("organisation", Integer, primary_key=True, autoincrement=False),
    Column("second_person", Boolean, nullable=False),  # sensitive acts need two people
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("label", String(96), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("may_write", Boolean, nullable=False),
    Column("signer", String(42)),  # account that signs for the program; empty: it signs itself
    Column("signing", LargeBinary),  # its key, encrypted with the token, which is not here
    Column("sensitive", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

answers = Table(
    "idempotent_answers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False),
    Column("key", String(128), nullable=False),
    Column("request_hash", String(64), nullable=False),  # with the key of the installation
    Column("act", String(16), nullable=False),  # the act that the request became
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("organisation", "key", name="uq_idempotent_answers_owner"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("subject", String(128), primary_key=True),  # what is slowed: a login, an address
    Column("failures", Integer, nullable=False),
    Column("retry_at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("organisation", Integer, index=True),
    Column("user_id", Integer),
    Column("act", String(64), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("origin", String(64), nullable=False),  # network address the request came from
)

acts = Table(
    "acts",
    metadata,
    Column("number", _ID, primary_key=True),  # the order in which they were drafted
    Column("id", String(16), nullable=False, unique=True),  # what addresses show: unguessable
    Column("chain", String(66), nullable=False),  # genesis hash: signed bytes are for one chain
    Column("organisation", Integer, nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("account", String(42), nullable=False),  # address that signs
    Column("act", String(64), nullable=False),  # its name in the catalogue
    Column("details", LargeBinary, nullable=False),  # sealed: what the form showed
    Column("calls", LargeBinary, nullable=False),  # sealed: to, data, gas, value of each
    Column("state", String(16), nullable=False, index=True),
    Column("waits_for", String(16), nullable=False),  # why nothing happens at this moment
    Column("approval", ForeignKey("approvals.id")),
    Column("tried_at", BigInteger),  # when the chain last said that it would take the first call
    Column("offered_nonce", BigInteger),  # the account's next number when a wallet was asked
    Column("created_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("error", JSON(none_as_null=True)),  # code, sentence, fields
)

act_transactions = Table(
    "act_transactions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("act", ForeignKey("acts.number"), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # which call of the act
    Column("chain", String(66), nullable=False),
    Column("account", String(42), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("tx_hash", String(66), nullable=False, unique=True),
    Column("raw", LargeBinary),  # as signed; empty where it could not be had from a wallet
    Column("signed_in", String(8), nullable=False),  # here, wallet, program
    Column("state", String(16), nullable=False, index=True),
    Column("block", BigInteger),
    Column("gas_used", BigInteger),
    Column("error", JSON(none_as_null=True)),
    # no two transactions of the outbox share a number, unless one of them never happens
    Index(
        "uq_act_transactions_number",
        "chain",
        "account",
        "nonce",
        unique=True,
        sqlite_where=text("state NOT IN ('overtaken', 'void')"),
        postgresql_where=text("state NOT IN ('overtaken', 'void')"),
    ),
)

signing_accounts = Table(
    "signing_accounts",  # a row to lock while an account's transactions are numbered
    metadata,
    Column("chain", String(66), primary_key=True),
    Column("account", String(42), primary_key=True),
    Column("signed", BigInteger, nullable=False),  # how many so far
)

doors = Table(
    "doors",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # of the link, which works once
    Column("expires_at", BigInteger, nullable=False),
    Column("browser_hash", String(64), unique=True),  # of the cookie of the browser that used it
)

door_people = Table(
    "door_people",  # who may come in by a door: people of a demonstration, never others
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True, autoincrement=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("url", String(512), nullable=False),
    Column("kinds", JSON, nullable=False),  # contract or contract.Event; empty: everything
    Column("secret", LargeBinary, nullable=False),  # encrypted
    Column("former_secret", LargeBinary),  # encrypted; signs beside the new one for a while
    Column("former_until", BigInteger),
    Column("block", BigInteger, nullable=False),  # the last event that was delivered or not wanted
    Column("log_index", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # since the last success
    Column("failing_since", BigInteger),
    Column("retry_at", BigInteger, nullable=False),
    Column("paused_at", BigInteger),
    Column("tried_at", BigInteger),
    Column("answer", String(200)),  # what the last try came to
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("organisation", "url", name="uq_webhooks_receiver"),
)

kept_documents = Table(
    "kept_documents",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", Integer, nullable=False),  # whose person gave it
    Column("sha256", String(64), nullable=False),  # what goes on chain
    Column("name", String(128), nullable=False),
    Column("kind", String(8), nullable=False),  # as found in its bytes
    Column("size", Integer, nullable=False),  # bytes, before encryption
    Column("content", LargeBinary, nullable=False),  # encrypted
    Column("kept_by", ForeignKey("users.id"), nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),  # when an act first named it; it stays from then on
    UniqueConstraint("organisation", "sha256", name="uq_kept_documents_owner"),
)

form_drafts = Table(
    "form_drafts",  # forms of acts that somebody has begun to fill in
    metadata,
    Column("id", String(16), primary_key=True),
    Column("organisation", Integer, nullable=False, index=True),
    Column("act", String(64), nullable=False),
    Column("given", LargeBinary, nullable=False),  # encrypted: it may hold the words of a bid
    Column("version", Integer, nullable=False),  # so that nobody saves over what another saved
    Column("saved_by", ForeignKey("users.id"), nullable=False),
    Column("saved_at", BigInteger, nullable=False),
)
