"""The proof of a certificate: its event in a receipt, the receipt in a block, the block sealed."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from tanlian.chain.connection import quantity
from tanlian.chain.contracts import Contracts
from tanlian.chain.errors import ChainUnreachable
from tanlian.domain.errors import NotFound
from tanlian.proofs.evidence.bundle import close_unsigned
from tanlian.services.access import Access, connect
from tanlian.services.chain_watch import TIMEOUT_SECONDS, Head
from tanlian.services.evidence_export import Gathering
from tanlian.services.networks import Network

REMEMBERED = 256  # proofs never change, and anybody may ask for them


def nothing_proved(certificate: int, tx_hash: str) -> bytes:  # noqa: ARG001
    """Stand in for `CertificateProofs.bundle` where there is no chain.

    Raises:
        ChainUnreachable: always.
    """
    raise ChainUnreachable(
        "The proof comes from the chain, which does not answer. Try again later."
    )


class CertificateProofs:
    """Makes bundles of evidence that anybody can check: in the browser, or with tanlian-check."""

    def __init__(self, access: Access, head: Callable[[], Head | None]) -> None:
        self._head = head
        self._network: Network = access.network
        self._contracts: Contracts = access.contracts
        self._lock = Lock()
        self._access: Access | None = None
        self._known: OrderedDict[tuple[int, str], bytes] = OrderedDict()

    def bundle(self, certificate: int, tx_hash: str) -> bytes:
        """Return the bundle for a certificate that the transaction made.

        Raises:
            ChainUnreachable: the chain does not answer, and the proof was not asked for before.
            NotFound: the chain has no such transaction.
        """
        key = (certificate, tx_hash)
        with self._lock:
            if key not in self._known:
                if self._head() is None:  # known beforehand, so that nobody waits for an answer
                    nothing_proved(certificate, tx_hash)
                self._known[key] = self._made(certificate, tx_hash)
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return self._known[key]

    def _made(self, certificate: int, tx_hash: str) -> bytes:
        if self._access is None:  # of its own, so that a chain that hangs holds nobody else up
            connection = connect(self._network, timeout=TIMEOUT_SECONDS)
            self._access = Access(self._network, connection, self._contracts)
        connection = self._access.connection
        receipt = connection.request("eth_getTransactionReceipt", tx_hash)
        if receipt is None:
            raise NotFound(f"The chain has no transaction {tx_hash}.", tx_hash=tx_hash)
        gathered = Gathering(self._access)
        gathered.take(quantity(receipt["blockNumber"]), tx_hash)
        validators = connection.request("qbft_getValidatorsByBlockNumber", receipt["blockNumber"])
        return close_unsigned(
            {
                "case": {"certificate": certificate},
                "trust": {
                    "validators": [validator.lower() for validator in validators],
                    "contracts": {"ledger": self._contracts.ledger.address.lower()},
                    "ca": "",
                },
                "headers": gathered.raw_headers,
                "receipts": list(gathered.receipts.values()),
                "readings": [],
                "documents": [],
                "certificates": [],
            }
        )
