"""The states of an emission report; the values are those of EmissionRegistry (tested)."""

from enum import IntEnum


class ReportState(IntEnum):
    """Where a report stands on its way to acceptance."""

    NONE_YET = 0  # nobody reported, or an estimate without report was objected to
    SUBMITTED = 1
    ASSIGNED = 2
    REJECTED = 3
    CORRECTED = 4
    ENDORSED = 5  # endorsed, or another figure that the emitter agreed to
    OBJECTED = 6
    ESTIMATED = 7
    ACCEPTED = 8
