"""Why a person was not let in or not obeyed."""

from tanlian.domain.errors import TanlianError


class SignInRefused(TanlianError):
    """Login, password or code is wrong; which of them is not said."""

    code = "sign_in_refused"


class TooManyAttempts(TanlianError):
    """The subject is slowed down; `retry_at` says until when."""

    code = "too_many_attempts"


class InvitationRefused(TanlianError):
    """The invitation is unknown, used or expired."""

    code = "invitation_refused"


class WeakPassword(TanlianError, ValueError):
    """The password is too short or too well known."""

    code = "weak_password"


class LoginTaken(TanlianError, ValueError):
    """Another person has that login."""

    code = "login_taken"


class SessionEnded(TanlianError):
    """The session expired or was ended; sign in again."""

    code = "session_ended"


class KeyLocked(TanlianError):
    """The act needs the organisation's key, which is locked; unlock it first."""

    code = "key_locked"


class WrongPassphrase(TanlianError):
    """The keyfile does not open with this passphrase."""

    code = "wrong_passphrase"


class ApprovalRefused(TanlianError):
    """A second person cannot decide this request."""

    code = "approval_refused"


class PayeeNotTrusted(TanlianError):
    """Money goes only to payees that were registered long enough ago."""

    code = "payee_not_trusted"


class ApiKeyRefused(TanlianError):
    """The API key is unknown, expired, revoked or may only read."""

    code = "api_key_refused"


class IdempotencyConflict(TanlianError):
    """The idempotency key was used for another request."""

    code = "idempotency_conflict"


class AnswerKnown(Exception):
    """Another request with this idempotency key came first: its answer is to be given."""


class ActClosed(TanlianError):
    """An act cannot be signed, decided or withdrawn in the state in which it is."""

    code = "act_closed"


class DraftChanged(TanlianError):
    """A draft of a form is not any more what it was when it was opened."""

    code = "draft_changed"


class SignatureRefused(TanlianError, ValueError):
    """What was signed is not what the act asks for."""

    code = "signature_refused"


class DoorClosed(TanlianError):
    """A link into a demonstration is unknown, used or expired, or may not be used from here."""

    code = "door_closed"
