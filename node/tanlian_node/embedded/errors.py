"""What the embedded chain refuses, in the words and numbers that Besu uses for the same refusal."""

from typing import Any, NamedTuple

from tanlian_node.errors import NodeError


class Refusal(NamedTuple):
    """One row of Besu's table of JSON-RPC errors."""

    code: int
    message: str


PARSE_ERROR = Refusal(-32700, "Parse error")
INVALID_REQUEST = Refusal(-32600, "Invalid Request")
METHOD_NOT_FOUND = Refusal(-32601, "Method not found")
METHOD_NOT_ENABLED = Refusal(-32604, "Method not enabled")
INVALID_PARAMS = Refusal(-32602, "Invalid params")
INVALID_PARAM_COUNT = Refusal(-32602, "Invalid number of params")
INVALID_ADDRESS_PARAMS = Refusal(-32602, "Invalid address params")
INVALID_BLOCK_PARAMS = Refusal(-32602, "Invalid block param (block not found)")
INVALID_BLOCK_HASH_PARAMS = Refusal(-32602, "Invalid block hash params")
INVALID_BLOCK_NUMBER_PARAMS = Refusal(-32602, "Invalid block number params")
INVALID_BLOCK_COUNT_PARAMS = Refusal(-32602, "Invalid block count params")
INVALID_CALL_PARAMS = Refusal(-32602, "Invalid call params")
INVALID_FILTER_PARAMS = Refusal(-32602, "Invalid filter params")
INVALID_POSITION_PARAMS = Refusal(-32602, "Invalid position params")
INVALID_STORAGE_KEYS_PARAMS = Refusal(-32602, "Invalid storage keys params")
INVALID_TRANSACTION_PARAMS = Refusal(-32602, "Invalid transaction params (missing or incorrect)")
INVALID_TRANSACTION_HASH_PARAMS = Refusal(-32602, "Invalid transaction hash params")
INVALID_TRANSACTION_TYPE = Refusal(-32602, "Invalid transaction type")
INTERNAL_ERROR = Refusal(-32603, "Internal error")
SEND_TRANSACTION_NOT_AVAILABLE = Refusal(
    -32604,
    "The method eth_sendTransaction is not supported. Use eth_sendRawTransaction to send a signed "
    "transaction to Besu.",
)
KNOWN_TRANSACTION = Refusal(-32000, "Known transaction")
REPLACEMENT_UNDERPRICED = Refusal(-32000, "Replacement transaction underpriced")
FILTER_NOT_FOUND = Refusal(-32000, "Filter not found")
LOGS_FILTER_NOT_FOUND = Refusal(-32000, "Logs filter not found")
UNKNOWN_BLOCK = Refusal(-39001, "Unknown block")
BLOCK_NOT_FOUND = Refusal(-32000, "Block not found")
TRANSACTION_NOT_FOUND = Refusal(-32000, "Transaction not found")
WRONG_CHAIN_ID = Refusal(-32000, "Wrong chainId")
CHAIN_ID_REQUIRED = Refusal(-32000, "ChainId is required")
NONCE_TOO_LOW = Refusal(-32001, "Nonce too low")
INVALID_SIGNATURE = Refusal(-32002, "Invalid signature")
INTRINSIC_GAS_EXCEEDS_LIMIT = Refusal(-32003, "Intrinsic gas exceeds gas limit")
UPFRONT_COST_EXCEEDS_BALANCE = Refusal(-32004, "Upfront cost exceeds account balance")
EXCEEDS_BLOCK_GAS_LIMIT = Refusal(-32005, "Transaction gas limit exceeds block gas limit")
EXCEEDS_BATCH_SIZE = Refusal(-32005, "Number of requests exceeds max batch size")
EXCEEDS_BLOCK_RANGE = Refusal(-32005, "Requested range exceeds maximum RPC range limit")
SENDER_NOT_AUTHORIZED = Refusal(-32007, "Sender account not authorized to send transactions")
PRIORITY_FEE_EXCEEDS_FEE = Refusal(-32000, "Max priority fee per gas exceeds max fee per gas")
NONCE_TOO_DISTANT = Refusal(-32000, "Transaction nonce is too distant from current sender nonce")
INITCODE_TOO_LARGE = Refusal(-32000, "Initcode size exceeds the limit of 49152 bytes")
POOL_FULL = Refusal(-32000, "Transaction pool is full: wait for blocks, then send again")
EXECUTION_HALTED = Refusal(
    -32000, "Transaction processing could not be completed due to an exception"
)
EXECUTION_REVERTED = Refusal(3, "Execution reverted")
ALLOWLIST_NOT_ENABLED = Refusal(-32000, "Account allowlist has not been enabled")
NODE_ALLOWLIST_NOT_ENABLED = Refusal(-32000, "Node allowlist has not been enabled")
ALLOWLIST_EMPTY_ENTRY = Refusal(-32000, "Request contains an empty list of accounts")
ALLOWLIST_INVALID_ENTRY = Refusal(-32000, "Request contains an invalid account")
ALLOWLIST_DUPLICATED_ENTRY = Refusal(-32000, "Request contains duplicate accounts")
ALLOWLIST_EXISTING_ENTRY = Refusal(-32000, "Cannot add an existing account to allowlist")
ALLOWLIST_ABSENT_ENTRY = Refusal(-32000, "Cannot remove an absent account from allowlist")
ALLOWLIST_RELOAD_ERROR = Refusal(
    -32000,
    "Error reloading permissions file. Please use perm_getAccountsAllowlist and "
    "perm_getNodesAllowlist to review the current state of the allowlists",
)


class RpcError(Exception):
    """A request that is answered with an error; `data` travels along as Besu sends it."""

    def __init__(self, refusal: Refusal, data: Any = None) -> None:
        super().__init__(refusal.message)
        self.code = refusal.code
        self.message = refusal.message
        self.data = data

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            answer["data"] = self.data
        return answer


class ChainError(NodeError):
    """The chain cannot be opened or run; the sentence says what to do about it."""

    code = "chain_error"


class GenesisError(ChainError, ValueError):
    code = "genesis_invalid"


class FolderLockedError(ChainError):
    code = "folder_locked"


class FolderMismatchError(ChainError):
    code = "folder_mismatch"


class FolderMissingError(ChainError):
    code = "folder_missing"


class FolderCorruptError(ChainError):
    code = "folder_corrupt"


class PortInUseError(ChainError):
    code = "port_in_use"
