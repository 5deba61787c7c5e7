"""The errors of the node's commands; each message says what is wrong and what to do next."""

from typing import Any, ClassVar


class NodeError(Exception):
    """A refusal that an operator can act on.

    `code` is stable and for programs, `user_message` is for people, `fields` are the facts.
    """

    code: ClassVar[str] = "node"

    def __init__(self, user_message: str, **fields: Any) -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.fields = fields


class InvalidNetwork(NodeError, ValueError):
    """The description of the network cannot be used."""

    code = "invalid_network"


class RemovedOption(InvalidNetwork):
    """Besu has removed an option that the description asks for."""

    code = "removed_option"


class BesuMissing(NodeError, LookupError):
    """No usable Besu on this machine."""

    code = "besu_missing"


class UnsafeChange(NodeError, ValueError):
    """A change that could stop the chain or lock its members out."""

    code = "unsafe_change"


class BadKey(NodeError, ValueError):
    """A key, passphrase or signature that does not fit."""

    code = "bad_key"


class BadCertificate(NodeError, ValueError):
    """A certificate or binding that does not verify."""

    code = "bad_certificate"


class NodeUnreachable(NodeError, ConnectionError):
    """A node does not answer."""

    code = "node_unreachable"


class RpcRefused(NodeError, RuntimeError):
    """A node answered a call with an error."""

    code = "rpc_refused"


class BrokenBackup(NodeError, ValueError):
    """A backup that is incomplete or was changed."""

    code = "broken_backup"
