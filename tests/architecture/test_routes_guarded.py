"""Every route says who may open it, and every page is safe to open."""

import pytest

from harness.bare_chain import silent_node
from tanlian.web.guards import guard_of
from unit.web.conftest import Site

PUBLIC = {
    "home",
    "language",
    "sign_in",
    "sign_out",
    "join",
    "sessions",
    "session",
    "trades_csv",
    "candles_file",
    "live",
    "members",
    "supervision",
    "supervision_year",
    "supervision_part",
    "certificates",
    "certificate",
    "certificate_proof",
    "prices",
    "rules",
    "rule_book",
    "validators",
    "statistics",
    "data",
    "data_file",
    "registry",
    "registry_schema",
    "door",
    "open_door",
    "enter",
    "healthz",
    "api_description",
    "api_docs",
    "readyz",
    "metrics",
}
SUPERVISION = {
    "plants", "plant", "plant_csv", "quarantine_csv", "device", "device_csv", "reading", "evidence",
    "figure", "figure_csv", "calibre", "emitters_csv", "anomalies",
}  # fmt: skip
DESK = {
    "desk_list", "desk_csv", "organisation", "report", "complaint", "report_document",
    "complaint_document",
}  # fmt: skip
API = {
    "api_acts", "api_act", "api_unsigned", "api_lists", "api_list", "api_events",
    "api_event_stream", "api_webhooks", "api_webhook", "api_documents", "api_document",
    "api_report_document", "api_complaint_document",
}  # fmt: skip
ACTING = (
    DESK
    | API
    | {"programs", "webhooks"}
    | {"desk", "acts", "act", "act_index", "unsigned", "keys", "payees", "documents", "document"}
)
OWN = {"people", "activity"}
READS = PUBLIC - {"language", "sign_in", "sign_out", "join", "enter"} | OWN | SUPERVISION | ACTING


@pytest.fixture
def site(tmp_path):
    with silent_node() as url:
        yield Site(tmp_path, url)


def rules(site: Site) -> list:
    return [rule for rule in site.app.url_map.iter_rules() if rule.endpoint != "static"]


def test_routes__every_view__names_its_guard(site) -> None:
    """Put @public, @member or @allow(Role...) on the view."""
    guards = {
        rule.endpoint: guard_of(site.app.view_functions[rule.endpoint]) for rule in rules(site)
    }
    assert {name for name, guard in guards.items() if guard.public} == PUBLIC


def test_routes__signed_out__only_public_pages_answer(site) -> None:
    for rule in rules(site):
        if rule.endpoint in PUBLIC or "GET" not in rule.methods:
            continue
        values = dict.fromkeys(rule.arguments, 1)
        answer = site.browser().get(rule.endpoint, **values)
        if rule.endpoint in API:
            assert (answer.status_code, answer.json["code"]) == (401, "api_key_refused"), rule
            continue
        assert (answer.status_code, "/sign-in" in answer.location) == (303, True), rule


def test_routes__writes__are_never_get(site) -> None:
    """What changes something is a POST with a form token."""
    for rule in rules(site):
        if rule.endpoint not in READS:
            assert {"POST", "DELETE"} & rule.methods, rule


def test_routes__answers__carry_the_security_headers(site) -> None:
    for endpoint in ("home", "sign_in"):
        headers = site.browser().get(endpoint).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_pages__templates__hold_no_inline_script_or_style(site) -> None:
    """The content security policy forbids them; use static/ and data attributes."""
    import re
    from pathlib import Path

    templates = Path(site.app.root_path, "templates").rglob("*.html")
    inline = re.compile(r"<script(?![^>]*(src=|type=.application/json))|<style|\sstyle=|\son\w+=")
    assert [path.name for path in templates if inline.search(path.read_text())] == []
