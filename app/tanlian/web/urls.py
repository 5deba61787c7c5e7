"""Every address of the site and the view behind it."""

from flask import Flask

from tanlian.web.views import (
    comparing,
    entrance,
    health,
    market,
    open_data,
    people,
    plants,
    supervision,
)

GET = ("GET",)
FORM = ("GET", "POST")
POST = ("POST",)
PLANT = "/plants/<int:organisation>/<int:year>"


def install(app: Flask) -> None:
    for rule, endpoint, view, methods in (
        # -- the front door
        ("/", "home", entrance.home, GET),
        ("/language/<code>", "language", entrance.language, POST),
        ("/sign-in", "sign_in", entrance.sign_in, FORM),
        ("/sign-out", "sign_out", entrance.sign_out, POST),
        ("/join/<token>", "join", entrance.join, FORM),
        # -- the market
        ("/sessions", "sessions", market.sessions, GET),
        ("/sessions/<int:number>", "session", market.session, GET),
        ("/sessions/<int:number>/trades.csv", "trades_csv", market.trades_csv, GET),
        ("/live", "live", market.live, GET),
        # -- what is public of members and units
        ("/members", "members", supervision.members, GET),
        ("/supervision", "supervision", supervision.supervision, GET),
        ("/certificates", "certificates", supervision.certificates, GET),
        ("/certificates/<int:number>", "certificate", supervision.certificate, GET),
        (
            "/certificates/<int:number>/proof.json",
            "certificate_proof",
            supervision.certificate_proof,
            GET,
        ),
        # -- the public site: prices, rules, validators, statistics, open data
        ("/prices", "prices", open_data.prices, GET),
        ("/rules", "rules", open_data.rules, GET),
        ("/rules/<name>", "rule_book", open_data.rule_book, GET),
        ("/validators", "validators", open_data.validators, GET),
        ("/statistics", "statistics", open_data.statistics, GET),
        ("/data", "data", open_data.data, GET),
        ("/data/<name>.<form>", "data_file", open_data.data_file, GET),
        ("/data/registry/<shape>.json", "registry", open_data.registry, GET),
        ("/data/registry/<shape>.schema.json", "registry_schema", open_data.registry_schema, GET),
        # -- emissions, from the reading to the accepted figure
        ("/plants", "plants", plants.plants, GET),
        (f"{PLANT}", "plant", plants.plant, GET),
        (f"{PLANT}/devices.csv", "plant_csv", plants.plant_csv, GET),
        (f"{PLANT}/quarantine.csv", "quarantine_csv", plants.quarantine_csv, GET),
        (f"{PLANT}/devices/<int:number>", "device", plants.device, GET),
        (f"{PLANT}/devices/<int:number>/readings.csv", "device_csv", plants.device_csv, GET),
        (f"{PLANT}/readings/<copy>/<int:number>/<int:start>", "reading", plants.reading, GET),
        (f"{PLANT}/locate", "locate", comparing.locate, FORM),
        (f"{PLANT}/evidence.json", "evidence", comparing.evidence, GET),
        # -- supervision
        # -- acting for one's organisation
        # -- one's people, keys and programs
        ("/people", "people", people.people, GET),
        ("/people/<int:user_id>/deactivate", "deactivate", people.deactivate, POST),
        ("/people/invite", "invite", people.invite, FORM),
        ("/activity", "activity", people.activity, GET),
        # -- operation
        ("/healthz", "healthz", health.healthz, GET),
        ("/readyz", "readyz", health.readyz, GET),
        ("/metrics", "metrics", health.metrics, GET),
    ):
        app.add_url_rule(rule, endpoint, view, methods=methods)
