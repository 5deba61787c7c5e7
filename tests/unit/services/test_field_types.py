"""What programs send is of the type that the field says; nothing is read as something else."""

import pytest

from tanlian.domain.errors import InvalidInput
from tanlian.services.acts.catalogue import act
from tanlian.services.acts.fields import FLAG, NAME, YEAR, Field, each

TEXT = Field("name", NAME, "Name")
TABLE = Field("rows", each((TEXT, Field("note", NAME, "Note", optional=True))), "Rows")
LINE = {"method": "gas", "key": "x", "unit": "t", "quantity": "1"}


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        (Field("f", FLAG, "F"), True, True),
        (Field("f", FLAG, "F"), None, False),
        (Field("f", FLAG, "F"), "no", False),
        (TEXT, 7, "7"),
        (TABLE, [{"name": "a", "note": None}, {"name": 5}], [("a", None), ("5", None)]),
        (Field("year", YEAR, "Year"), 9998, 9998),
    ],
)
def test_value__of_its_type__read(field, given, read) -> None:
    assert field.value(None, given) == read


@pytest.mark.parametrize(
    ("field", "given", "reason"),
    [
        (Field("f", FLAG, "F"), 0, "wrong type"),
        (Field("f", FLAG, "F"), ["yes"], "wrong type"),
        (TEXT, True, "wrong type"),
        (Field("note", NAME, "Note", optional=True), False, "wrong type"),
        (TABLE, [{"name": True}], "wrong type"),
        (TABLE, [{"name": {}}], "wrong type"),
        (TABLE, [], "needed"),
        (TABLE, "name\n", "no rows"),
        (Field("year", YEAR, "Year"), 9999, "no whole number"),
    ],
)
def test_value__of_another_type__refused(field, given, reason) -> None:
    with pytest.raises(InvalidInput, match=reason):
        field.value(None, given)


@pytest.mark.parametrize("column", list(LINE))
def test_activity__without_what_each_line_needs__is_not_taken_as_zero(column) -> None:
    (lines,) = (f for f in act("report.submit").fields if f.name == "lines")
    assert len(lines.value(None, [LINE])) == 1
    for cell in ({}, {column: ""}, {column: None}):
        line = {name: value for name, value in LINE.items() if name != column} | cell
        with pytest.raises(InvalidInput, match=f"Line 2: {column} is needed."):
            lines.value(None, [LINE, line])
