"""What the deliverer and the requests of one process tell each other at once.

Other processes learn the same from the database, a little later.
"""

import threading


class News:
    """Something was signed; something ended."""

    def __init__(self) -> None:
        self._signed = threading.Event()
        self._ended = threading.Condition()
        self._ends = 0

    def signed(self) -> None:
        """Wake whoever delivers."""
        self._signed.set()

    def wait_for_signed(self, seconds: float) -> bool:
        """Wait until something is signed, at most so long; says whether it was."""
        found = self._signed.wait(seconds)
        self._signed.clear()
        return found

    def ended(self) -> None:
        """Tell that acts have ended."""
        with self._ended:
            self._ends += 1
            self._ended.notify_all()

    def ends(self) -> int:
        """How often something ended; ask before looking at what `wait_for_end` is about."""
        return self._ends

    def wait_for_end(self, told: int, seconds: float) -> None:
        """Wait until something ends that `told` does not count, at most so long."""
        with self._ended:
            if self._ends == told:
                self._ended.wait(seconds)
