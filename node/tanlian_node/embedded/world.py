"""World state: what py-evm's machine reads and writes while it executes, undo included.

py-evm's own account database keeps five layers of journals and encodes at each; this one keeps
plain integers and a list of what to undo, and touches the tries once, when a block is finished.
A `Layer` is the state after one block, shared by all who execute on top of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from eth_hash.auto import keccak

from tanlian_node.embedded import rlp_codec, trie
from tanlian_node.embedded.storage import Nodes

EMPTY_CODE_HASH: bytes = keccak(b"")
CACHED_SLOTS = 65_536  # of one contract, before its cached slots are dropped
CACHED_ACCOUNTS = 200_000


class Account(NamedTuple):
    nonce: int = 0
    balance: int = 0
    storage_root: bytes = trie.BLANK_ROOT
    code_hash: bytes = EMPTY_CODE_HASH

    @property
    def is_empty(self) -> bool:
        return not self.nonce and not self.balance and self.code_hash == EMPTY_CODE_HASH

    def encode(self) -> bytes:
        integer = rlp_codec.encode_int
        return rlp_codec.encode(
            [integer(self.nonce), integer(self.balance), self.storage_root, self.code_hash]
        )

    @classmethod
    def decode(cls, data: bytes) -> "Account":
        nonce, balance, storage_root, code_hash = rlp_codec.decode(data)
        return cls(
            int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage_root, code_hash
        )


NO_ACCOUNT = Account()
Slots = dict[int, int]


@dataclass(slots=True)
class Layer:
    """The state at one root with what has been read of it; readers only ever add to the caches."""

    nodes: Nodes
    root: bytes
    accounts: dict[bytes, Account | None] = field(default_factory=dict)
    slots: dict[bytes, Slots] = field(default_factory=dict)

    def account(self, address: bytes) -> Account | None:
        try:
            return self.accounts[address]
        except KeyError:
            data = trie.get(self.nodes, self.root, keccak(address))
            account = self.accounts[address] = Account.decode(data) if data else None
            return account

    def slot(self, address: bytes, slot: int) -> int:
        known = self.slots.get(address)
        if known is None:
            known = self.slots.setdefault(address, {})
        try:
            return known[slot]
        except KeyError:
            account = self.account(address)
            value = 0
            if account is not None and account.storage_root != trie.BLANK_ROOT:
                data = trie.get(self.nodes, account.storage_root, keccak(slot.to_bytes(32, "big")))
                value = int.from_bytes(rlp_codec.decode(data), "big") if data else 0
            known[slot] = value
            return value


class World:
    """The state while a block or a call is executed (py-evm's AccountDatabaseAPI by shape)."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self._accounts: dict[bytes, Account | None] = {}
        self._slots: dict[bytes, Slots] = {}
        self._wiped: set[bytes] = set()  # accounts whose storage below this block counts as empty
        self.code: dict[bytes, bytes] = {}
        self._originals: dict[tuple[bytes, int], int] = {}  # at the start of the transaction
        self._warm: set[bytes | tuple[bytes, int]] = set()
        self.transient: dict[tuple[bytes, int], bytes] = {}  # EIP-1153
        self._undo: list[Callable[[], object]] = []

    # accounts

    def _account(self, address: bytes) -> Account | None:
        try:
            return self._accounts[address]
        except KeyError:
            return self.layer.account(address)

    def _set_account(self, address: bytes, account: Account | None) -> None:
        accounts = self._accounts
        if address in accounts:
            old = accounts[address]
            self._undo.append(lambda: accounts.__setitem__(address, old))
        else:
            self._undo.append(lambda: accounts.__delitem__(address))
        accounts[address] = account

    def get_balance(self, address: bytes) -> int:
        return (self._account(address) or NO_ACCOUNT).balance

    def set_balance(self, address: bytes, balance: int) -> None:
        account = self._account(address) or NO_ACCOUNT
        self._set_account(address, account._replace(balance=balance))

    def get_nonce(self, address: bytes) -> int:
        return (self._account(address) or NO_ACCOUNT).nonce

    def set_nonce(self, address: bytes, nonce: int) -> None:
        account = self._account(address) or NO_ACCOUNT
        self._set_account(address, account._replace(nonce=nonce))

    def increment_nonce(self, address: bytes) -> None:
        self.set_nonce(address, self.get_nonce(address) + 1)

    def account_exists(self, address: bytes) -> bool:
        return self._account(address) is not None

    def account_is_empty(self, address: bytes) -> bool:
        account = self._account(address)
        return account is None or account.is_empty

    def account_has_code_or_nonce(self, address: bytes) -> bool:
        account = self._account(address)
        return account is not None and bool(account.nonce or account.code_hash != EMPTY_CODE_HASH)

    def touch_account(self, address: bytes) -> None:
        self._set_account(address, self._account(address) or NO_ACCOUNT)

    def delete_account(self, address: bytes) -> None:
        self.delete_storage(address)
        self._set_account(address, None)

    # code

    def get_code_hash(self, address: bytes) -> bytes:
        return (self._account(address) or NO_ACCOUNT).code_hash

    def get_code(self, address: bytes) -> bytes:
        code_hash = self.get_code_hash(address)
        if code_hash == EMPTY_CODE_HASH:
            return b""
        try:
            return self.code[code_hash]
        except KeyError:
            return self.layer.nodes.code(code_hash)

    def set_code(self, address: bytes, code: bytes) -> None:
        code_hash: bytes = keccak(code)
        self.code[code_hash] = code
        account = self._account(address) or NO_ACCOUNT
        self._set_account(address, account._replace(code_hash=code_hash))

    def delete_code(self, address: bytes) -> None:
        account = self._account(address) or NO_ACCOUNT
        self._set_account(address, account._replace(code_hash=EMPTY_CODE_HASH))

    # storage

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        if not from_journal:
            try:
                return self._originals[address, slot]
            except KeyError:
                pass
        try:
            return self._slots[address][slot]
        except KeyError:
            return 0 if address in self._wiped else self.layer.slot(address, slot)

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        old = self.get_storage(address, slot)
        self._originals.setdefault((address, slot), old)
        slots = self._slots.get(address)
        if slots is None:
            slots = self._slots[address] = {}
        slots[slot] = value
        self._undo.append(lambda: slots.__setitem__(slot, old))

    def delete_storage(self, address: bytes) -> None:
        old = self._slots.pop(address, None)
        if old is not None:
            self._undo.append(lambda: self._slots.__setitem__(address, old))
        if address not in self._wiped:
            self._wiped.add(address)
            self._undo.append(lambda: self._wiped.discard(address))

    def set_transient(self, address: bytes, slot: int, value: bytes) -> None:
        key = (address, slot)
        old = self.transient.get(key, b"")
        self.transient[key] = value
        self._undo.append(lambda: self.transient.__setitem__(key, old))

    # warm addresses and slots (EIP-2929)

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        key = (address, slot)
        if key not in self._warm:
            self._warm.add(key)
            self._undo.append(lambda: self._warm.discard(key))

    def is_address_warm(self, address: bytes) -> bool:
        return address in self._warm

    def mark_address_warm(self, address: bytes) -> None:
        if address not in self._warm:
            self._warm.add(address)
            self._undo.append(lambda: self._warm.discard(address))

    @property
    def warm(self) -> set[bytes | tuple[bytes, int]]:
        """What the transaction has touched so far."""
        return self._warm

    # checkpoints

    @property
    def state_root(self) -> bytes:
        return self.layer.root

    @state_root.setter
    def state_root(self, root: bytes) -> None:
        """Accept py-evm's habit of setting the root that it has read."""

    def record(self) -> int:
        return len(self._undo)

    def discard(self, checkpoint: int) -> None:
        undo = self._undo
        while len(undo) > checkpoint:
            undo.pop()()

    def lock_changes(self) -> None:
        """Finish a transaction: nothing before this can be undone."""
        self._undo.clear()
        self._originals.clear()
        self._warm.clear()
        self.transient.clear()

    # the end of a block

    def finish(self) -> tuple[Layer, dict[bytes, bytes]]:
        """Write everything into the tries; give the next layer and the new nodes and code."""
        update = trie.Update(self.layer.nodes)
        slots = dict(self.layer.slots)
        known_accounts = self.layer.accounts
        accounts = dict(known_accounts) if len(known_accounts) < CACHED_ACCOUNTS else {}
        leaves = {}
        for address in self._wiped:
            slots.pop(address, None)
        roots = {address: self._storage_root(update, address) for address in self._slots}
        for address in self._wiped - roots.keys():
            roots[address] = trie.BLANK_ROOT
        for address in self._accounts.keys() | roots.keys():
            account = self._account(address)
            if account is not None and address in roots:
                account = account._replace(storage_root=roots[address])
            if account is not None and account.is_empty:
                account = None  # EIP-161: touched and empty
            accounts[address] = account
            leaves[keccak(address)] = account.encode() if account is not None else b""
        for address, written in self._slots.items():
            known = slots.get(address, {})
            slots[address] = {**(known if len(known) < CACHED_SLOTS else {}), **written}
        root = update.apply(self.layer.root, leaves) if leaves else self.layer.root
        self.layer.nodes.remember(update.decoded)
        return Layer(self.layer.nodes, root, accounts, slots), {**update.fresh, **self.code}

    def _storage_root(self, update: trie.Update, address: bytes) -> bytes:
        wiped = address in self._wiped
        below = self.layer.account(address)
        root = trie.BLANK_ROOT if wiped or below is None else below.storage_root
        changes = {}
        for slot, value in self._slots[address].items():
            if wiped or self.layer.slot(address, slot) != value:
                encoded = rlp_codec.encode(rlp_codec.encode_int(value)) if value else b""
                changes[keccak(slot.to_bytes(32, "big"))] = encoded
        return update.apply(root, changes) if changes else root
