import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tanlian.accounts.secrets_box import SecretsBox, SecretUnreadable
from tanlian.accounts.tables import metadata


def test_migrate__empty_database__equals_the_tables(office) -> None:
    with office.engine.begin() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_secrets_box__key_of_another_installation__named(tmp_path) -> None:
    locked = SecretsBox.at(tmp_path / "a.key").lock(b"secret")
    assert SecretsBox.at(tmp_path / "a.key").open(locked) == b"secret"
    with pytest.raises(SecretUnreadable, match="restore the key file"):
        SecretsBox.at(tmp_path / "b.key").open(locked)
    assert (tmp_path / "a.key").stat().st_mode & 0o077 == 0
