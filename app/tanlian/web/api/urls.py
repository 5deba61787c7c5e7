"""Every address of the API and the view behind it."""

from flask import Flask, Response, g
from flask_wtf.csrf import CSRFProtect

from tanlian.web.api import acts, description, documents, lists, receivers
from tanlian.web.rates import Rates

BASE = "/api/v1"
GET = ("GET",)
POST = ("POST",)


def install(app: Flask, csrf: CSRFProtect, per_minute: int) -> None:
    """Add the addresses. They take keys, never cookies, so no other site can misuse a browser.

    `per_minute` bounds the requests of one key.
    """
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
        ("/documents", "api_documents", documents.documents, GET),
        ("/documents", "api_keep_document", documents.keep, POST),
        ("/documents/<int:number>", "api_document", documents.document, GET),
        ("/documents/<int:number>", "api_remove_document", documents.remove, ("DELETE",)),
        (
            "/reports/<int:organisation>/<int:year>/documents/<sha256>",
            "api_report_document",
            documents.report_document,
            GET,
        ),
        (
            "/complaints/<int:number>/documents/<sha256>",
            "api_complaint_document",
            documents.complaint_document,
            GET,
        ),
        ("/events", "api_events", lists.events, GET),
        ("/events/stream", "api_event_stream", lists.stream, GET),
        ("/webhooks", "api_webhooks", receivers.receivers, GET),
        ("/webhooks", "api_add_webhook", receivers.add, POST),
        ("/webhooks/<int:number>", "api_webhook", receivers.one, GET),
        ("/webhooks/<int:number>", "api_remove_webhook", receivers.remove, ("DELETE",)),
        ("/webhooks/<int:number>/secret", "api_webhook_secret", receivers.renew_secret, POST),
        ("/webhooks/<int:number>/resume", "api_resume_webhook", receivers.resume, POST),
        ("/webhooks/<int:number>/test", "api_try_webhook", receivers.try_out, POST),
    ):
        csrf.exempt(view)
        app.add_url_rule(BASE + rule, endpoint, view, methods=methods)
    rates = Rates(per_minute)
    app.extensions["tanlian_rates"] = rates

    @app.after_request
    def tell_rate(answer: Response) -> Response:
        if "requests_left" in g:
            answer.headers["RateLimit-Limit"] = str(rates.per_minute)
            answer.headers["RateLimit-Remaining"] = str(g.requests_left)
        return answer
