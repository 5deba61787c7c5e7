"""The description of the lists' rows holds for what is written."""

import json
import re
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from tanlian.domain.roles import Role
from tanlian.readmodel.queries.members import Member
from tanlian.web.api.description import document
from tanlian.web.api.lists import exact, row_type
from tanlian.web.desks import section

MEMBER = Member(1, "One", Role.EMITTER, sector=1, region=1, active=True, admitted_at=1)


def validator() -> Draft202012Validator:
    said = document()
    answer = said["paths"]["/lists/organisations"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]["properties"]["items"]
    return Draft202012Validator({**schema, "components": said["components"]})


def written(*rows: Member) -> list:
    listing = section.listing("organisations", Role.REGULATOR)
    return exact(row_type(listing).dump_python(list(rows), mode="json"))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"roles": Role.EMITTER | Role.VERIFIER},
        {"roles": Role(0)},
        {"admitted_at": 2**60},
    ],
)
def test_rows__as_written__are_as_described(change) -> None:
    assert list(validator().iter_errors(written(replace(MEMBER, **change)))) == []


def test_rows__otherwise__are_not() -> None:
    row = written(MEMBER)[0]
    for wrong in ({"roles": -1}, {"active": "yes"}, {"admitted_at": None}):
        assert not validator().is_valid([row | wrong]), wrong
    assert not validator().is_valid([{"id": 1}])


def test_description__every_reference__leads_somewhere() -> None:
    said = document()
    named = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(said)))
    assert named <= {f"#/components/schemas/{name}" for name in said["components"]["schemas"]}
    assert len(named) > 20
