"""What can go wrong between the application and the chain."""

from tanlian.domain.errors import TanlianError


class ChainError(TanlianError):
    """The base of this layer's errors."""

    code = "chain"


class ChainUnreachable(ChainError, ConnectionError):
    """No node answers at the URL."""

    code = "chain_unreachable"


class WrongChain(ChainError):
    """The node serves another chain than the book or the parameters name."""

    code = "wrong_chain"


class NodeRefused(ChainError):
    """The node answered a request with an error that is no contract's refusal."""

    code = "node_refused"


class BadCredentials(ChainError):
    """A node wants a certificate authority or a token that is missing or does not fit."""

    code = "bad_credentials"


class SenderNotAllowed(NodeRefused):
    """The node's allowlist lacks the account that signed a transaction; nothing was sent."""

    code = "sender_not_allowed"


class NeverTaken(NodeRefused):
    """No node will ever take a transaction, whatever it says of others: its bytes are at fault."""

    code = "never_taken"


class TransactionTimeout(ChainError, TimeoutError):
    """A transaction was handed to the node and is in no block yet; it may still get into one."""

    code = "transaction_timeout"


class NonceTaken(ChainError):
    """Another transaction of the same account took the place of this one in the chain."""

    code = "nonce_taken"


class KeyfileError(ChainError):
    """A keyfile is missing, unreadable, or its passphrase is wrong."""

    code = "keyfile"


class BookError(ChainError):
    """The address book is missing, malformed, or belongs to another chain."""

    code = "book"


class ContractRefused(ChainError):
    """A contract refused an act; `reason` is the contract's own string."""

    code = "contract_refused"

    def __init__(self, user_message: str, *, reason: str, **fields: object) -> None:
        super().__init__(user_message, reason=reason, **fields)
        self.reason = reason


class UnexpectedRevert(ContractRefused):
    """A contract refused for a reason that the table in `chain/reverts.py` does not know."""

    code = "unexpected_revert"
