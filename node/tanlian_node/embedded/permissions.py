"""Who may send transactions: Besu's local account allowlist, in Besu's own file.

As with Besu this is a fence at the door of one node, not a rule of the chain: the contracts decide
what an account may do.
"""

import re
import threading
import tomllib
from pathlib import Path

from tanlian_node.embedded import errors
from tanlian_node.embedded.errors import ChainError, RpcError

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
KEY = "accounts-allowlist"


class Allowlist:
    """The allowed accounts; without a file everybody is allowed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._allowed: dict[str, None] | None = None  # a set that keeps the order of the file
        if path.exists():
            try:
                self._allowed = self._read()
            except (OSError, ValueError) as error:
                raise ChainError(f"{path} is no list of accounts: {error}") from error

    @property
    def is_enabled(self) -> bool:
        return self._allowed is not None

    def allows(self, sender: bytes) -> bool:
        return self._allowed is None or "0x" + sender.hex() in self._allowed

    def accounts(self) -> list[str]:
        return list(self._enabled())

    def add(self, accounts: list[str]) -> None:
        """Allow further accounts, all or none; the file is written before anybody is let in."""
        with self._lock:
            allowed = self._enabled()
            for account in self._checked(accounts):
                if account in allowed:
                    raise RpcError(errors.ALLOWLIST_EXISTING_ENTRY)
                allowed = {**allowed, account: None}
            self._write(allowed)

    def remove(self, accounts: list[str]) -> None:
        with self._lock:
            allowed = dict(self._enabled())
            for account in self._checked(accounts):
                if account not in allowed:
                    raise RpcError(errors.ALLOWLIST_ABSENT_ENTRY)
                del allowed[account]
            self._write(allowed)

    def reload(self) -> None:
        with self._lock:
            self._enabled()
            try:
                self._allowed = self._read()
            except (OSError, ValueError) as error:
                raise RpcError(errors.ALLOWLIST_RELOAD_ERROR) from error

    def enable(self, accounts: list[str]) -> None:
        """Start with exactly these accounts, whatever was allowed before."""
        with self._lock:
            self._write(dict.fromkeys(self._checked(accounts)) if accounts else {})

    def _enabled(self) -> dict[str, None]:
        if self._allowed is None:
            raise RpcError(errors.ALLOWLIST_NOT_ENABLED)
        return self._allowed

    @staticmethod
    def _checked(accounts: list[str]) -> list[str]:
        if not accounts:
            raise RpcError(errors.ALLOWLIST_EMPTY_ENTRY)
        if not all(isinstance(account, str) and ADDRESS.fullmatch(account) for account in accounts):
            raise RpcError(errors.ALLOWLIST_INVALID_ENTRY)
        lower = [account.lower() for account in accounts]
        if len(set(lower)) != len(lower):
            raise RpcError(errors.ALLOWLIST_DUPLICATED_ENTRY)
        return lower

    def _read(self) -> dict[str, None] | None:
        found = tomllib.loads(self._path.read_text(encoding="utf-8")).get(KEY)
        if found is None:
            return None
        if not isinstance(found, list) or not all(
            isinstance(account, str) and ADDRESS.fullmatch(account) for account in found
        ):
            raise ValueError(f"{KEY} must list addresses")
        return dict.fromkeys(account.lower() for account in found)

    def _write(self, allowed: dict[str, None]) -> None:
        others = []
        if self._path.exists():
            text = self._path.read_text(encoding="utf-8")
            others = [line for line in text.splitlines() if not line.startswith(KEY)]
        listed = ", ".join(f'"{account}"' for account in allowed)
        draft = self._path.with_suffix(".new")
        draft.write_text("\n".join([f"{KEY}=[{listed}]", *others]) + "\n", encoding="utf-8")
        draft.replace(self._path)
        self._allowed = allowed
