"""The description of the API (OpenAPI 3.1), made from the acts and lists themselves."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from tanlian.domain.document_types import LONGEST_NAME
from tanlian.domain.roles import ALL_ROLES, role_names
from tanlian.services.acts.act import Act
from tanlian.services.acts.catalogue import catalogue
from tanlian.services.acts.fields import Field
from tanlian.web.api.lists import LONGEST_NUMBER
from tanlian.web.api.row_schemas import row_schemas
from tanlian.web.desks import section
from tanlian.web.desks.listing import Listing
from tanlian.web.guards import public

REFUSALS = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 502, 503)
ERROR = {"$ref": "#/components/schemas/Error"}
ACT = {"$ref": "#/components/schemas/Act"}
CALLS = {"$ref": "#/components/schemas/Calls"}  # of a dry run
DOCUMENT = {"$ref": "#/components/schemas/Document"}
BYTES = {"type": "string", "format": "binary"}
WEBHOOK = {"$ref": "#/components/schemas/Webhook"}
SECRET = {
    "allOf": [WEBHOOK, {"type": "object", "required": ["secret"],
                        "properties": {"secret": {"type": "string"}}}],
}  # fmt: skip
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    "description": "The same key and body give the same act; another body is refused with 409.",
}
_NUMBERS = {"number", "organisation", "year"}  # of what stands in addresses
_HASH = {"type": "string", "pattern": "^(0x)?[0-9a-f]{64}$"}
_BEFORE = ("before", "The id of the last act seen.", {"type": "string"})
_PLACE = (
    "after",
    "block.log_index of the last one seen.",
    {"type": "string", "pattern": "^[0-9]{1,18}([.][0-9]{1,10})?$"},
)
_LIMIT = ("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 500})
_AFTER = (
    "after",
    "How many rows were seen.",
    {"type": "integer", "minimum": 0, "maximum": 10**LONGEST_NUMBER - 1},
)


_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}


@public
def openapi() -> ResponseReturnValue:
    return jsonify(document())


@public
def docs() -> ResponseReturnValue:
    return render_template("api_docs.html")


def document() -> dict[str, Any]:
    """Return the whole description."""
    paths: dict[str, Any] = {
        "/acts": {"get": _operation("acts", "Your acts, newest first", query=(_BEFORE, _LIMIT))},
        "/acts/{id}": {"get": _operation("act", "One act", answer=ACT, path="id")},
        "/acts/{id}/unsigned": {
            "get": _operation("unsigned", "The transactions to sign yourself", path="id")
        },
        "/acts/{id}/signed": {
            "post": _operation(
                "signed",
                "Hand in the transactions that you signed",
                answer=ACT,
                path="id",
                body={
                    "type": "object",
                    "required": ["raw"],
                    "properties": {"raw": {"type": "array", "items": {"type": "string"}}},
                },
            )
        },
        "/acts/{id}/withdraw": {
            "post": _operation("withdraw", "Withdraw an unsigned act", answer=ACT, path="id")
        },
        "/documents": {
            "get": _operation(
                "documents",
                "The documents that you keep here, newest first",
                answer=_items(DOCUMENT),
                query=(("before", "The id of the last one seen.", _AFTER[2]), _LIMIT),
            ),
            "post": _operation(
                "keep_document",
                "Keep a document, to name it in an act",
                words="The body is the file: PDF, PNG, JPEG, DOCX, XLSX, ZIP or text in UTF-8. "
                "It is stored encrypted; acts name it by the sha256 of the answer.",
                answer=DOCUMENT,
                status="201",
                query=(("name", "What it is called.", _NAME),),
                needed=("name",),
                body=BYTES,
                body_media="application/octet-stream",
            ),
        },
        "/documents/{number}": {
            "get": _operation(
                "document", "One of your documents", answer=BYTES, media="*/*", path="number"
            ),
            "delete": _operation(
                "remove_document", "Forget a document that no act names", path="number",
                status="204",
            ),
        },
        "/reports/{organisation}/{year}/documents/{sha256}": {
            "get": _operation(
                "report_document",
                "A document behind a report",
                words="For its emitter, the verifier at work and regulators.",
                answer=BYTES,
                media="*/*",
                path="organisation year sha256",
            )
        },
        "/complaints/{number}/documents/{sha256}": {
            "get": _operation(
                "complaint_document",
                "A document of a complaint",
                words="For its two sides and regulators.",
                answer=BYTES,
                media="*/*",
                path="number sha256",
            )
        },
        "/lists": {"get": _operation("lists", "The lists that you have")},
        "/events": {
            "get": _operation(
                "events",
                "Events about you, oldest first",
                query=(_PLACE, _LIMIT),
            )
        },
        "/events/stream": {
            "get": _operation(
                "event_stream",
                "The same events as they come, as server-sent events",
                words="The id of each is its cursor; a reader that comes back sends the last one "
                "as Last-Event-ID. Without a place only what comes from now on.",
                answer={"type": "string"},
                media="text/event-stream",
                query=(_PLACE,),
            )
        },
        "/webhooks": {
            "get": _operation("webhooks", "Who is told of your events", answer=_items(WEBHOOK)),
            "post": _operation(
                "add_webhook",
                "Have a receiver told of your events",
                words="The secret that signs the messages (Standard Webhooks) is answered once.",
                answer=SECRET,
                status="201",
                body={
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["url"],
                    "properties": {
                        "url": {"type": "string", "maxLength": 512},
                        "kinds": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "Contracts or contract.Event; empty: everything.",
                        },
                        "after": {
                            **_PLACE[2],
                            "description": "Cursor of the last event not to be told again; 0: "
                            "tell all of them. Absent: what comes from now on.",
                        },
                    },
                },
            ),
        },
        "/webhooks/{number}": {
            "get": _operation("webhook", "One receiver", answer=WEBHOOK, path="number"),
            "delete": _operation(
                "remove_webhook", "Tell a receiver nothing any more", path="number", status="204"
            ),
        },
        "/webhooks/{number}/secret": {
            "post": _operation(
                "renew_webhook_secret",
                "A new secret; for a day the former one signs too",
                answer=SECRET,
                path="number",
            )
        },
        "/webhooks/{number}/resume": {
            "post": _operation(
                "resume_webhook", "Try a failing or paused receiver now", answer=WEBHOOK,
                path="number",
            )
        },
        "/webhooks/{number}/test": {
            "post": _operation(
                "try_webhook",
                "Send a message about nothing",
                answer={
                    "type": "object",
                    "required": ["status"],
                    "properties": {"status": {"type": "integer"}},
                },
                path="number",
            )
        },
    }  # fmt: skip
    paths |= {f"/do/{act.name}": {"post": _doing(act)} for act in catalogue().values()}
    rows, parts = row_schemas()
    paths |= dict(_lists(rows))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tanlian",
            "version": "1",
            "description": "Carbon in kg, money in micro-yuan, times in UTC seconds; acts take "
            "amounts as people write them, in the unit of the field.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **parts,
                "Error": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
                    },
                },
                "Calls": {
                    "type": "object",
                    "required": ["calls"],
                    "properties": {
                        "calls": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["to", "data"],
                                "properties": {
                                    "to": {"type": "string"},
                                    "data": {"type": "string"},
                                },
                            },
                        }
                    },
                },
                "Webhook": {
                    "type": "object",
                    "required": ["id", "url", "kinds", "after", "failures", "paused_at", "answer"],
                    "properties": {
                        "id": {"type": "integer"},
                        "url": {"type": "string"},
                        "kinds": {"type": "array", "items": {"type": "string"}},
                        "after": {"type": "string"},
                        "failures": {"type": "integer"},
                        "failing_since": {"type": ["integer", "null"]},
                        "retry_at": {"type": ["integer", "null"]},
                        "paused_at": {"type": ["integer", "null"]},
                        "tried_at": {"type": ["integer", "null"]},
                        "answer": {"type": ["string", "null"]},
                        "created_at": {"type": "integer"},
                    },
                },
                "Document": {
                    "type": "object",
                    "required": ["id", "sha256", "name", "media_type", "size", "kept_at"],
                    "properties": {
                        "id": {"type": "integer"},
                        "sha256": _HASH,
                        "name": {"type": "string"},
                        "media_type": {"type": "string"},
                        "size": {"type": "integer"},
                        "kept_at": {"type": "integer"},
                        "used_at": {"type": ["integer", "null"]},
                    },
                },
                "Act": {
                    "type": "object",
                    "required": ["id", "act", "state", "transactions"],
                    "properties": {
                        "id": {"type": "string"},
                        "act": {"type": "string"},
                        "state": {"type": "string"},
                        "transactions": {"type": "array", "items": {"type": "object"}},
                    },
                },
            },
        },
    }


def _doing(act: Act) -> dict[str, Any]:
    who = ", ".join(role_names(int(act.roles or ALL_ROLES)))
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _described(field) for field in act.fields},
        "required": [
            field.name for field in act.fields if not field.optional and field.kind.widget != "flag"
        ],
    }
    found = _operation(
        act.name,
        act.title,
        words=f"{act.explains} Who may: {who}."
        + (" Sensitive: the key must have been issued for such acts." if act.sensitive else ""),
        answer={"anyOf": [ACT, CALLS]},
        body=body,
        query=(
            ("dry_run", "Only tell the calls.", {"type": "string", "enum": ["true", "false"]}),
            ("unsigned", "Do not sign it.", {"type": "string", "enum": ["true", "false"]}),
            ("account", "The account that signs.", {"type": "string"}),
        ),
    )
    found["parameters"].append(_IDEMPOTENCY)
    found["tags"] = [act.noun]
    return found


def _described(field: Field) -> dict[str, Any]:
    unit = f" ({field.kind.unit})" if field.kind.unit else ""
    words = f"{field.title}{unit}. {field.hint}".strip()
    found = {**_schema(field), "description": words}
    if field.kind.columns:
        columns = {column.name: _schema(column) for column in field.kind.columns}
        found["items"] = {**found["items"], "properties": columns}
    return found


def _schema(field: Field) -> dict[str, Any]:
    """What a value looks like; a needed text is more than spaces."""
    found = dict(field.kind.schema)
    kinds = [found["type"]] if isinstance(found.get("type"), str) else [*found.get("type", ())]
    if "string" in kinds and not {"enum", "pattern"} & found.keys():
        kinds.append("integer")  # an organisation or an amount, say
        if not field.optional:
            found["pattern"] = r"\S"
    if field.optional or field.kind.widget == "flag":
        kinds.append("null")
        if "enum" in found:
            found["enum"] = [*found["enum"], "", None]
    if kinds:
        found["type"] = kinds
    return found


def _lists(rows: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for found in section.listings(ALL_ROLES):
        yield f"/lists/{found.name}", {"get": _list(found, rows[found.name])}


def _list(found: Listing, rows: dict[str, Any]) -> dict[str, Any]:
    answer = {
        "type": "object",
        "required": ["items", "next", "as_of"],
        "properties": {
            "items": rows,
            "next": {"type": ["integer", "null"]},
            "as_of": {"type": ["integer", "null"]},
        },
    }
    return _operation(
        f"list.{found.name}", found.title, words=found.explains, answer=answer,
        query=(_AFTER, _LIMIT),
    ) | {"tags": ["lists"]}  # fmt: skip


def _items(of: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": of}},
    }


def _in_address(name: str) -> dict[str, Any]:
    if name in _NUMBERS:
        return {"type": "integer", "minimum": 1}
    return _HASH if name == "sha256" else {"type": "string"}


def _operation(
    name: str,
    title: str,
    *,
    words: str = "",
    answer: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    path: str = "",
    query: tuple[tuple[str, str, dict[str, Any]], ...] = (),
    needed: Collection[str] = (),
    status: str = "200",
    media: str = "application/json",
    body_media: str = "application/json",
) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": n, "in": "query", "required": n in needed, "description": d, "schema": s}
        for n, d, s in query
    ]
    parameters += [
        {"name": name, "in": "path", "required": True, "schema": _in_address(name)}
        for name in path.split()
    ]
    json_of = lambda schema: {"application/json": {"schema": schema}}  # noqa: E731
    answered = {media: {"schema": answer or {"type": "object"}}}
    refused = {"description": "Refused; nothing changed.", "content": json_of(ERROR)}
    found: dict[str, Any] = {
        "operationId": name,
        "summary": title,
        "parameters": parameters,
        "responses": {
            status: {"description": "Done."}
            if status == "204"
            else {"description": "Done.", "content": answered},
            **{
                str(code): refused
                for code in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 502, 503)
            },
        },
    }
    if words:
        found["description"] = words
    if body is not None:
        content = {body_media: {"schema": body}}
        found["requestBody"] = {"required": True, "content": content}
        found["responses"]["202"] = {"description": "On its way.", "content": answered}
    return found
