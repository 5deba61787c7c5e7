"""One-way auctions: what seals a bid, what is kept to open it, and the order of the bids."""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from tanlian.chain.keys import keccak
from tanlian.domain.errors import InvalidInput
from tanlian.services.access import Access

BIDS_AT_ONCE = 64  # of one call of `rank`
WORD = 32
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class SealedBid:
    """What opens a bid again; whoever loses it forfeits the deposit."""

    chain_id: int
    contract: str
    auction: int
    organisation: int
    tick: int
    lots: int
    secret: str

    @property
    def commitment(self) -> bytes:
        """The hash to commit to, as `OneWayAuction.commitment_of` computes it."""
        words = (
            self.chain_id, int(self.contract, 16), self.auction, self.organisation, self.tick,
            self.lots,
        )  # fmt: skip
        return keccak(b"".join(word.to_bytes(WORD) for word in words) + salt_of(self.secret))


def salt_of(secret: str) -> bytes:
    """Return the salt that words stand for."""
    return sha256(secret.strip().encode()).digest()


def new_secret() -> str:
    """Return words that nobody guesses."""
    return secrets.token_hex(16)


def seal(
    access: Access, *, auction: int, organisation: int, tick: int, lots: int, secret: str
) -> SealedBid:
    """Seal a bid; nothing is sent."""
    contract = access.contracts["auction"].address
    chain_id = access.connection.chain_id
    return SealedBid(chain_id, contract, auction, organisation, tick, lots, secret)


def keep(bid: SealedBid, path: Path) -> None:
    """Write what opens a bid to a new file of its owner; it is on the disk when this returns.

    Raises:
        InvalidInput: the file is there already; nothing is overwritten.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError as error:
        raise InvalidInput(
            f"{path} exists; it may hold another bid. Name another file.", path=str(path)
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(bid), file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def kept(path: Path) -> SealedBid:
    """Read a file that `keep` wrote.

    Raises:
        InvalidInput: it is missing or damaged.
    """
    try:
        return SealedBid(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInput(f"{path} holds no sealed bid: {error}.", path=str(path)) from error


def bids_left(access: Access, auction: int) -> Sequence[int]:
    """Return the revealed bids that are not ranked yet, in the order in which they are served.

    Raises:
        ContractRefused: the draw was not made yet.
    """
    contracts = access.contracts
    events = list(
        contracts.events().read(
            contracts.book.first_block(),
            contracts=["auction"],
            names=["BidRevealed", "BidsRanked", "RankingRestarted"],
        )
    )
    revealed: list[int] = []
    ranked: set[int] = set()
    for event in events:
        if event["auction"] != auction:
            continue
        if event.name == "BidRevealed":
            revealed.append(int(event["bid"]))
        elif event.name == "BidsRanked":
            ranked |= {int(bid) for bid in event["bids"]}
        else:
            ranked.clear()
    left = [bid for bid in revealed if bid not in ranked]
    form = contracts["auction"]
    places = contracts.read_many(form.reading("rank_of", bid) for bid in left)
    return [bid for _, bid in sorted(zip(places, left, strict=True))]
