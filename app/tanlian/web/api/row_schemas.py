"""How the rows of the lists are described (JSON Schema), as they are written."""

from enum import Flag
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tanlian.domain.roles import ALL_ROLES
from tanlian.web.api.lists import row_type
from tanlian.web.desks import section


class RowSchema(GenerateJsonSchema):
    """Integers beyond 2^53 are written as text; a set of flags is a sum of them."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return super().int_schema(schema) | {"type": ["integer", "string"]}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        found = super().enum_schema(schema)
        if issubclass(schema["cls"], Flag):
            single = ", ".join(f"{one.name} {one.value}" for one in schema["cls"])
            return {
                "title": found["title"],
                "description": f"A sum of {single}.",
                "type": "integer",
                "minimum": 0,
            }
        return found


def row_schemas() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return how the rows of each list are described, and the components that they refer to."""
    made, parts = TypeAdapter.json_schemas(
        [(one.name, "serialization", row_type(one)) for one in section.listings(ALL_ROLES)],
        ref_template="#/components/schemas/{model}",
        schema_generator=RowSchema,
    )
    return {name: schema for (name, _), schema in made.items()}, parts.get("$defs", {})
