"""The gateway itself: takes readings, closes batches, anchors them.

Nothing is lost: a reading is answered only when it is on disk. Nothing counts twice: the store
holds one reading a device and hour, and before a batch is anchored the logbook on the chain is
asked which hour it expects, so that a batch whose answer got lost is recognised, not sent again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.monitoring.plausibility import Doubt, MonitoringRules
from tanlian.domain.monitoring.substitution import fill
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading
from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import body_words
from tanlian.proofs.period_copy import DAY_HOURS, PeriodCopy
from tanlian.proofs.reading_signature import SignatureRefused, signer_of
from tanlian.services.gateway.messages import parsed
from tanlian.services.gateway.store import GatewayStore, Taken
from tanlian.services.reading_files import Anchor, Device, SignedReading

log = logging.getLogger(__name__)


class AnchorConflict(TanlianError):
    """The chain holds another batch for these hours than this gateway closed."""

    code = "anchor_conflict"


class Anchoring(Protocol):
    """The chain, as far as a gateway needs it."""

    def next_hour(self) -> int:
        """Return the hour that the logbook expects next."""
        ...

    def anchor(self, batch: Anchor) -> tuple[str, int]:
        """Anchor a batch; return the transaction and its block."""
        ...

    def find(self, first_hour: int) -> Anchor:
        """Return what was anchored from this hour on."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message."""

    taken: Taken
    doubt: Doubt | None = None
    detail: str = ""


class Gateway:
    """Takes readings of known devices and anchors them batch by batch."""

    def __init__(
        self,
        store: GatewayStore,
        devices: Mapping[tuple[int, int], Device],
        kinds: Mapping[int, str],
        rules: MonitoringRules,
        *,
        first_hour: int,
        end_hour: int,
        now: Callable[[], int],
        batch_hours: int = DAY_HOURS,
    ) -> None:
        """Serve these devices. `kinds` says by source what burns there; the logbook reaches from
        `first_hour` to before `end_hour` (since 1970); `now` is the time in Unix seconds.
        """
        self.store = store
        self._devices = {device.device: device for device in devices.values()}
        self._kinds = kinds
        self._rules = rules
        self._first_hour = first_hour
        self._end_hour = end_hour
        self._now = now
        self._batch_hours = batch_hours

    def take_message(self, payload: bytes, origin: str) -> Answer:
        """Take one message as devices send it: JSON with `body` and `signature` in hex."""
        try:
            message = parsed(payload)
            signed = SignedReading(
                Reading.from_body(bytes.fromhex(message["body"])),
                bytes.fromhex(message["signature"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            return self._refuse(Doubt.MALFORMED, str(error), payload, origin)
        return self.take(signed, origin)

    def take(self, signed: SignedReading, origin: str) -> Answer:
        """Take one reading: check it, then store it, or put it aside with the reason."""
        payload = signed.reading.body + signed.signature
        device = self._devices.get(signed.reading.device)
        if device is None or device.source != signed.reading.source:
            return self._refuse(Doubt.UNKNOWN_DEVICE, "", payload, origin)
        try:
            signer = signer_of(signed.reading.body, signed.signature)
        except SignatureRefused as error:
            return self._refuse(Doubt.WRONG_SIGNATURE, error.user_message, payload, origin)
        if signer != device.signer:
            return self._refuse(Doubt.WRONG_SIGNATURE, f"signed by {signer}", payload, origin)
        kind = self._kinds.get(device.source, "any")
        doubt = self._rules.doubt(signed.reading, kind, self._now())
        hour = signed.reading.start // SECONDS_PER_HOUR
        if doubt is None and not self._first_hour <= hour < self._end_hour:
            doubt = Doubt.OTHER_PERIOD
        if doubt is not None:
            return self._refuse(doubt, signed.reading.sentence(), payload, origin)
        kept = self.store.keep(signed, self._now())
        if isinstance(kept, Doubt):
            return self._refuse(kept, signed.reading.sentence(), payload, origin)
        return Answer(kept)

    def close_due(self) -> list[Batch]:
        """Close every batch whose time and grace are over: fill its gaps and fix its root."""
        closed = []
        hour = self.store.next_hour() or self._first_hour
        while hour < self._end_hour:
            hours = min(self._batch_hours, self._end_hour - hour)
            if (hour + hours) * SECONDS_PER_HOUR + self._rules.grace_seconds > self._now():
                break
            with self.store.together():  # no reading comes between the gaps and their filling
                closed.append(self._close(hour, hours))
            hour += hours
        return closed

    def anchor_due(self, chain: Anchoring) -> list[Anchor]:
        """Anchor every closed batch that is not on the chain yet; return those anchored now.

        An error of the chain is the caller's to wait out; calling again goes on where it stopped.

        Raises:
            AnchorConflict: the logbook holds something else for these hours.
        """
        done = []
        for batch in self.store.batches(anchored=False):
            expected = chain.next_hour()
            if expected == batch.first_hour:
                transaction, block = chain.anchor(batch)
            else:
                found = chain.find(batch.first_hour)
                if (found.root, found.hours) != (batch.root, batch.hours):
                    raise AnchorConflict(
                        f"The chain holds another batch from hour {batch.first_hour} on: "
                        f"{found.root}, not {batch.root}. Somebody else used this gateway's key.",
                        first_hour=batch.first_hour,
                    )
                transaction, block = found.transaction, found.block
            self.store.mark_anchored(batch.first_hour, transaction, block)
            log.info("batch anchored first_hour=%d tx=%s", batch.first_hour, transaction)
            done.append(Anchor(batch.first_hour, batch.hours, batch.root, transaction, block))
        return done

    def _close(self, first_hour: int, hours: int) -> Batch:
        present = self.store.readings(first_hour, hours)
        keys = {signed.reading.key for signed in present}
        filled: list[SignedReading] = []
        for device in self._devices.values():
            for hour in range(first_hour, first_hour + hours):
                key = (hour * SECONDS_PER_HOUR, device.source, device.device)
                if key not in keys:
                    filled.append(SignedReading(self._filled(key), b""))
        bodies = [signed.reading.body for signed in (*present, *filled)]
        if not bodies:
            raise InvalidInput("A gateway without devices closes no batches.")
        copy = PeriodCopy(body_words(bodies), [first_hour])
        batch = Batch(first_hour, hours, copy.batch_roots[first_hour])
        self.store.close_batch(batch, filled, self._now())
        return batch

    def _filled(self, key: tuple[int, int, int]) -> Reading:
        start, _, device = key
        measured = self.store.measured_before(device, start, self._rules.substitution_hours)
        return fill(
            key,
            self._rules.substitution_rule,
            measured,
            self._rules.substitution_least_hours,
        )

    def _refuse(self, doubt: Doubt, detail: str, payload: bytes, origin: str) -> Answer:
        self.store.put_aside(doubt, detail, payload, origin, self._now())
        log.warning("reading put aside reason=%s origin=%s", doubt.value, origin)
        return Answer(Taken.QUARANTINED, doubt, detail)
