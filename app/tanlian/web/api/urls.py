"""Every address of the API and the view behind it."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from tanlian.web.api import acts, description, lists

BASE = "/api/v1"
GET = ("GET",)
POST = ("POST",)


def install(app: Flask, csrf: CSRFProtect) -> None:
    """Add the addresses. They take keys, never cookies, so no other site can misuse a browser."""
    for rule, endpoint, view, methods in (
        ("/openapi.json", "api_description", description.openapi, GET),
        ("/docs", "api_docs", description.docs, GET),
        ("/acts", "api_acts", acts.acts, GET),
        ("/acts/<act_id>", "api_act", acts.act, GET),
        ("/acts/<act_id>/unsigned", "api_unsigned", acts.unsigned, GET),
        ("/acts/<act_id>/signed", "api_signed", acts.signed, POST),
        ("/acts/<act_id>/withdraw", "api_withdraw", acts.withdraw, POST),
        ("/do/<name>", "api_do", acts.do, POST),
        ("/lists", "api_lists", lists.lists, GET),
        ("/lists/<name>", "api_list", lists.one, GET),
        ("/events", "api_events", lists.events, GET),
    ):
        csrf.exempt(view)
        app.add_url_rule(BASE + rule, endpoint, view, methods=methods)
