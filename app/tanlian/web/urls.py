"""Every address of the site and the view behind it."""

from flask import Flask

from tanlian.web.views import (
    acts,
    comparing,
    complaints,
    desk,
    documents,
    door,
    drafts,
    entrance,
    figures,
    health,
    keys,
    market,
    open_data,
    oversight,
    payees,
    people,
    plants,
    programs,
    receivers,
    supervision,
)

GET = ("GET",)
FORM = ("GET", "POST")
POST = ("POST",)
YEAR = "/supervision/<int:year>"
PLANT = "/plants/<int:organisation>/<int:year>"


def install(app: Flask) -> None:
    for rule, endpoint, view, methods in (
        # -- the front door
        ("/", "home", entrance.home, GET),
        ("/language/<code>", "language", entrance.language, POST),
        ("/sign-in", "sign_in", entrance.sign_in, FORM),
        ("/sign-out", "sign_out", entrance.sign_out, POST),
        ("/join/<token>", "join", entrance.join, FORM),
        ("/enter", "door", door.door, GET),
        ("/enter/<token>", "open_door", door.open_door, GET),
        ("/enter/as/<int:user_id>", "enter", door.enter, POST),
        # -- the market
        ("/sessions", "sessions", market.sessions, GET),
        ("/sessions/<int:number>", "session", market.session, GET),
        ("/sessions/<int:number>/trades.csv", "trades_csv", market.trades_csv, GET),
        (
            "/sessions/<int:number>/candles/<int:minutes>.<form>",
            "candles_file",
            market.candles_file,
            GET,
        ),
        ("/live", "live", market.live, GET),
        # -- what is public of members and units
        ("/members", "members", supervision.members, GET),
        ("/supervision", "supervision", oversight.supervision, GET),
        ("/certificates", "certificates", supervision.certificates, GET),
        ("/certificates/<word:number>", "certificate", supervision.certificate, GET),
        (
            "/certificates/<word:number>/proof.json",
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
        (f"{PLANT}/figure", "figure", figures.figure, GET),
        (f"{PLANT}/figure.csv", "figure_csv", figures.figure_csv, GET),
        (f"{PLANT}/calibre", "calibre", figures.calibre, GET),
        (f"{PLANT}/evidence.json", "evidence", comparing.evidence, GET),
        # -- supervision
        (f"{YEAR}", "supervision_year", oversight.supervision_year, GET),
        (f"{YEAR}/anomalies", "anomalies", oversight.anomalies, GET),
        (f"{YEAR}/<kind>/<int:number>", "supervision_part", oversight.supervision_part, GET),
        (f"{YEAR}/<kind>/<int:number>/emitters.csv", "emitters_csv", oversight.emitters_csv, GET),
        # -- workbench: everybody's first page
        ("/desk", "desk", desk.desk, GET),
        ("/desk/<name>", "desk_list", desk.desk_list, GET),
        ("/desk/<name>.csv", "desk_csv", desk.desk_csv, GET),
        ("/organisations/<int:number>", "organisation", desk.organisation, GET),
        ("/reports/<int:organisation>/<int:year>", "report", desk.report, GET),
        (
            "/reports/<int:organisation>/<int:year>/documents/<sha256>",
            "report_document",
            documents.report_document,
            GET,
        ),
        # -- workbench: regulator
        # -- workbench: verifier
        # -- workbench: emitter
        # -- workbench: bank
        # -- workbench: exchange
        # -- workbench: observer
        # -- collaborative supervision
        ("/complaints/<int:number>", "complaint", complaints.complaint, GET),
        (
            "/complaints/<int:number>/documents/<sha256>",
            "complaint_document",
            documents.complaint_document,
            GET,
        ),
        # -- acting for one's organisation
        ("/acts", "acts", acts.acts, GET),
        ("/acts/new", "act_index", acts.act_index, GET),
        ("/acts/new/<name>", "act_form", acts.act_form, FORM),
        ("/acts/<act_id>", "act", acts.act, GET),
        ("/acts/<act_id>/sign", "sign", acts.sign, POST),
        ("/acts/<act_id>/decide", "decide", acts.decide, POST),
        ("/acts/<act_id>/withdraw", "withdraw_act", acts.withdraw, POST),
        ("/acts/<act_id>/unsigned", "unsigned", acts.unsigned, GET),
        ("/acts/<act_id>/sent", "sent_elsewhere", acts.sent_elsewhere, POST),
        ("/drafts/<draft_id>/remove", "remove_draft", drafts.remove_draft, POST),
        # -- one's people, keys and programs
        ("/documents", "documents", documents.documents, GET),
        ("/documents/<int:number>", "document", documents.document, GET),
        ("/documents/<int:number>/remove", "remove_document", documents.remove, POST),
        ("/keys", "keys", keys.keys, GET),
        ("/keys/upload", "upload_key", keys.upload, POST),
        ("/keys/make", "make_key", keys.make, POST),
        ("/keys/unlock", "unlock_key", keys.unlock, POST),
        ("/keys/lock", "lock_key", keys.lock, POST),
        ("/keys/<address>/keyfile", "export_key", keys.export, POST),
        ("/payees", "payees", payees.payees, GET),
        ("/payees/add", "add_payee", payees.add, POST),
        ("/payees/<int:number>/remove", "remove_payee", payees.remove, POST),
        ("/second-person", "second_person", people.second_person, POST),
        ("/second-person/<int:number>", "waive_second_person", people.waive, POST),
        ("/programs", "programs", programs.programs, GET),
        ("/programs/issue", "issue_key", programs.issue, POST),
        ("/programs/<int:number>/revoke", "revoke_key", programs.revoke, POST),
        ("/webhooks", "webhooks", receivers.receivers, GET),
        ("/webhooks/add", "add_webhook", receivers.add, POST),
        ("/webhooks/<int:number>/remove", "remove_webhook", receivers.remove, POST),
        ("/webhooks/<int:number>/secret", "renew_webhook_secret", receivers.renew_secret, POST),
        ("/webhooks/<int:number>/resume", "resume_webhook", receivers.resume, POST),
        ("/webhooks/<int:number>/test", "try_webhook", receivers.try_out, POST),
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
