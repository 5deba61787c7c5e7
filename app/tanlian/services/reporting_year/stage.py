"""What every step of the reporting year works with: the consortium, the year, its folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tanlian.chain.crowd import Act
from tanlian.chain.events import Event
from tanlian.chain.transactions import Outcome
from tanlian.domain import demonstration as generated
from tanlian.domain.factor_set import FactorSet, factor_set
from tanlian.domain.reading import SECONDS_PER_HOUR
from tanlian.proofs.sealed_document import SealedDocument
from tanlian.services.consortium import Consortium, Member
from tanlian.services.documents import Documents, FolderStore, Reader
from tanlian.services.reader_keys import ReaderKeys, open_private
from tanlian.services.run_folder import RunFolder
from tanlian.services.session_run import wait_until
from tanlian.services.year_acts import start_of

FACTORS, GASES = "cn-power-2022", "gwp-ar5"
LEAST_PATIENCE_SECONDS = 600  # deadlines that nobody shall miss on a busy machine


@dataclass(frozen=True, slots=True)
class Emitter:
    """A member that reports, with its true figures."""

    member: Member
    party: generated.Party
    alias: str  # of its keys in the run folder


@dataclass(slots=True)
class Stage:
    """The year of one run. Its folder is `emissions/<year>` in the run folder."""

    run: RunFolder
    consortium: Consortium
    year: int
    pace: int
    emitters: Sequence[Emitter]
    verifiers: Sequence[Member]
    regulator: Member
    witness: Member  # whoever records what anyone may record
    _reader_keys: dict[str, X25519PrivateKey] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.run.path / "emissions" / str(self.year)

    @property
    def factors(self) -> FactorSet:
        return factor_set(FACTORS)

    @property
    def gases(self) -> FactorSet:
        return factor_set(GASES)

    @property
    def span(self) -> tuple[int, int]:
        """The first second of the monitored year and of the one after.

        Nobody can have measured a year that is not over; the readings of such a year are dated in
        the last one that is.
        """
        today = datetime.fromtimestamp(self.consortium.access.connection.now(), UTC)
        dated = min(self.year, today.year - 1)
        return start_of(dated), start_of(dated + 1)

    @property
    def hours(self) -> int:
        begins, ends = self.span
        return (ends - begins) // SECONDS_PER_HOUR

    @property
    def documents(self) -> Documents:
        """The store of the run's documents, in `documents`."""
        folder = self.run.path / "documents"
        folder.mkdir(exist_ok=True)
        now = self.consortium.access.connection.now
        return Documents(FolderStore(folder / "blobs"), folder / "grants.log", now)

    def reader(self, member: Member) -> Reader:
        """A member as a reader of documents; its key is made where there is none, in `readers`."""
        keys, name = ReaderKeys(self.run.path / "readers"), reader_name(member)
        if not keys.private_file(name).exists():
            keys.create(name, self.run.passphrase)
        return keys.reader(name)

    def reader_key(self, member: Member) -> X25519PrivateKey:
        """A member's private key for reading, opened once."""
        name = reader_name(member)
        if name not in self._reader_keys:
            self.reader(member)
            path = ReaderKeys(self.run.path / "readers").private_file(name)
            self._reader_keys[name] = open_private(path, self.run.passphrase)
        return self._reader_keys[name]

    def file(self, content: bytes, author: Member, readers: Sequence[Member]) -> SealedDocument:
        """File a document for these members, signed with the author's key."""
        named = [self.reader(member) for member in readers]
        return self.documents.file(content, reader_name(author), author.key.sign, named)

    def wait_until(self, moment: int, title: str) -> None:
        """Wait until a transaction sent now lies at or after this moment of chain time."""
        wait_until(self.consortium, moment, title)

    # -- acting ------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.consortium.narrator.say(text)

    def act(self, member: Member, contract: str, function: str, *arguments: Any) -> Act:
        call = self.consortium.access.contracts[contract].call(function, *arguments)
        return Act(member.key, call)

    def all(self, title: str, acts: Sequence[Act]) -> None:
        """Send acts of which none may fail."""
        with self.consortium.narrator.progress(title) as advance:
            self.consortium.crowd.send_all(acts, progress=advance)

    def each(self, acts: Sequence[Act], words: Sequence[str]) -> list[Outcome]:
        """Send acts and say what became of each."""
        outcomes = self.consortium.crowd.send(acts)
        for outcome, sentence in zip(outcomes, words, strict=True):
            refused = "" if outcome.error is None else f": {outcome.error.user_message}"
            self.say(f"- {sentence}{refused}")
        return outcomes

    def events(self, contract: str, *names: str) -> list[Event]:
        """Every event of these names so far."""
        access = self.consortium.access
        first = access.book.first_block()
        return list(access.contracts.events().read(first, contracts=[contract], names=list(names)))

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        return self.consortium.access.contracts[contract].read(function, *arguments)


def reader_name(member: Member) -> str:
    """By which the documents' log and the folder of readers' keys name a member."""
    return f"organisation-{member.organisation}"


def statement(text: str) -> bytes:
    """The hash that stands for a decision of the demonstration, which is this sentence."""
    return sha256(text.encode()).digest()
