"""The public site: prices, rules, validators, statistics, and every list to take away."""

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from tanlian.domain import published_rules
from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import parse_instrument
from tanlian.readmodel.queries import open_data
from tanlian.services.registry_export import cadt, cdop
from tanlian.services.registry_export.registry import read_registry, schema
from tanlian.web import current, datasets
from tanlian.web.converters import row_number
from tanlian.web.guards import public
from tanlian.web.pictures import of_history

PAGE = 50
SHAPES = {cadt.SHAPE: cadt.export, cdop.SHAPE: cdop.export}


@public
def data() -> ResponseReturnValue:
    return render_template("data.html", datasets=datasets.DATASETS.values(), forms=datasets.FORMS)


@public
def data_file(name: str, form: str) -> ResponseReturnValue:
    found = datasets.DATASETS.get(name)
    if found is None or form not in datasets.FORMS:
        raise NotFound(f"There is no list {name}.{form}.", name=name)
    return datasets.answer(found, form)


@public
def registry(shape: str) -> ResponseReturnValue:
    """Give the whole registry in the shape of another protocol."""
    if shape not in SHAPES:
        raise NotFound(f"There is no export {shape!r}.", shape=shape)
    with current.tables() as db:
        found = read_registry(db)
    answer = jsonify(SHAPES[shape](found, request.host_url))
    answer.headers["Content-Disposition"] = f'attachment; filename="registry-{shape}.json"'
    return answer


@public
def registry_schema(shape: str) -> ResponseReturnValue:
    if shape not in SHAPES:
        raise NotFound(f"There is no export {shape!r}.", shape=shape)
    return jsonify(schema(shape))


@public
def prices() -> ResponseReturnValue:
    """Show prices session by session, of one kind of units; of the newest session's by default."""
    with current.tables() as db:
        kinds = open_data.session_kinds(db)
        asked = request.args.get("units", "")
        kind = parse_instrument(asked) if asked else next(iter(kinds), None)
        found = []
        if kind is not None:
            before = request.args.get("before", type=row_number)
            found = open_data.session_prices(
                db, instrument=kind.token_id, before=before, limit=PAGE + 1
            )
    older = found[PAGE - 1].session.id if len(found) > PAGE else None
    page = {"kind": kind, "kinds": kinds, "found": found[:PAGE], "older": older}
    return render_template(
        "prices.html", picture=of_history(current.pictures(), found[:PAGE]), **page
    )


@public
def rules() -> ResponseReturnValue:
    with current.tables() as db:
        periods = open_data.opened_periods(db)
    books = published_rules.all_rules()
    names = {"0x" + book.rules_hash.hex(): book.name for book in books}
    return render_template(
        "rules.html",
        books=books,
        periods=periods,
        names=names,
        sealed=current.office().sealed_rules(),
        chinese=_is_chinese(),
    )


@public
def rule_book(name: str) -> ResponseReturnValue:
    found = published_rules.rules(name)
    return render_template("rule_book.html", book=found, chinese=_is_chinese())


@public
def validators() -> ResponseReturnValue:
    return render_template("validators.html", sealing=current.office().sealing())


@public
def statistics() -> ResponseReturnValue:
    with current.tables() as db:
        totals = open_data.totals(db)
        units = open_data.unit_totals(db)
    return render_template("statistics.html", totals=totals, units=units)


def _is_chinese() -> bool:
    return getattr(get_locale(), "language", "") == "zh"
