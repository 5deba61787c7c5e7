"""Why a back-up was not taken or not brought back."""

from tanlian.domain.errors import TanlianError


class BackupRefused(TanlianError, ValueError):
    """The folder is no whole back-up, or there is something in the way."""

    code = "backup_refused"
