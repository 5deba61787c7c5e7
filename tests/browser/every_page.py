"""Which pages axe looks at, and how: all that the site has, in both languages."""

from axe_playwright_python.sync_playwright import Axe
from flask import Flask

SERIOUS = {"serious", "critical"}
NO_PAGES = {  # answers for programs, downloads, streams, and pages that another one is made of
    "static", "live", "healthz", "readyz", "metrics", "unsigned", "evidence", "certificate_proof",
    "registry", "registry_schema", "data_file", "api_description", "api_docs", "open_door",
    "candles_file", "document", "report_document", "complaint_document",
}  # fmt: skip


def serious_issues(page) -> list[tuple[str, str]]:
    """What axe finds on the page that is open."""
    found = Axe().run(page).response["violations"]
    return [(i["id"], i["nodes"][0]["html"][:160]) for i in found if i["impact"] in SERIOUS]


def pages_of(app: Flask) -> set[str]:
    """The endpoints behind which a page for people is."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.rule.startswith("/api/")
        and not rule.rule.endswith(".csv")
        and rule.endpoint not in NO_PAGES
    }


def endpoints_of(app: Flask, paths) -> set[str]:
    """The endpoints behind addresses."""
    adapter = app.url_map.bind("localhost")
    return {adapter.match("/" + path.split("?")[0])[0] for path in paths}
