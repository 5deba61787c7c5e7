"""The gateway's logbook on the chain."""

from tanlian.chain.contracts import Contracts
from tanlian.chain.events import Event
from tanlian.chain.transactions import Sender
from tanlian.domain.errors import NotFound
from tanlian.proofs.merkle_sum import Node
from tanlian.services.reading_files import Anchor


class ChainAnchoring:
    """Anchors batches with the gateway's key into its logbook of one year."""

    def __init__(self, contracts: Contracts, sender: Sender, year: int) -> None:
        self._contracts = contracts
        self._sender = sender
        self._year = year

    @property
    def _gateway(self) -> str:
        return self._sender.key.address

    def next_hour(self) -> int:
        """Return the hour that the logbook expects next.

        Raises:
            NotFound: this key keeps no open logbook of the year.
        """
        logbook = self._contracts["monitoring"].read("logbook_of", self._gateway, self._year)
        if not logbook.is_open:
            raise NotFound(
                f"{self._gateway} keeps no open logbook for {self._year}. "
                "Open one with `tanlian monitoring logbook`."
            )
        return int(logbook.next_hour)

    def anchor(self, batch: Anchor) -> tuple[str, int]:
        """Anchor a batch; return the transaction and its block."""
        root = batch.root
        receipt = self._sender.send(
            self._contracts["monitoring"].call(
                "anchor",
                self._year,
                batch.first_hour,
                batch.hours,
                root.digest,
                root.mass_g,
                root.count,
            )
        )
        return receipt.tx_hash, receipt.block

    def find(self, first_hour: int) -> Anchor:
        """Return what this gateway anchored from this hour on.

        Raises:
            NotFound: nothing.
        """
        for anchor in anchors_of(self._contracts, self._year, self._gateway):
            if anchor.first_hour == first_hour:
                return anchor
        raise NotFound(f"No batch from hour {first_hour} is on the chain.")


def anchors_of(contracts: Contracts, year: int, gateway: str | None = None) -> list[Anchor]:
    """Return the anchored batches of a year, of one gateway or of all, in the chain's order."""
    events = contracts.events().read(contracts=["monitoring"], names=["BatchAnchored"])
    return [
        _anchor(event)
        for event in events
        if event["year"] == year
        and (gateway is None or str(event["gateway"]).lower() == gateway.lower())
    ]


def _anchor(event: Event) -> Anchor:
    root = Node(bytes(event["root"]), event["mass_g"], event["count"])
    return Anchor(event["first_hour"], event["hours"], root, event.tx_hash, event.block)
