"""Each role's main path in a real browser, from signing in to the result, in both languages.

Written once: what a person clicks is found by the words of the language, which the catalogue gives.
"""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from harness.browsing import Person
from harness.compliance_year import YEAR, open_year
from harness.founded import ok, wait
from harness.served import served
from harness.signed_in import joined
from tanlian.bootstrap import build, serving
from tanlian.settings import load as load_settings

LANGUAGES = ("en", "zh")
REGULATOR, EXCHANGE, BANK, SELLER, BUYER, OTHER, VERIFIER, FOURTH = range(1, 9)
REPORTER = {"en": (OTHER, "other"), "zh": (FOURTH, "fourth")}
TONNES = 1_000
AS_SHOWN = re.compile(r"\b1\s000\b")
HOUR = 3_600


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        open_year(chain, folder)
        who = ("--identity", "id:fourth", "--name", "The fourth", "--roles", "emitter")
        account = chain.key("fourth").address
        ok(chain, "admit", *who, "--account", account, "--region", 1, "--as", "regulator")
        decided = ("--document", folder / "decision.pdf", "--period", YEAR, "--as", "regulator")
        ok(chain, "allocate", "The fourth", "10000", *decided)
        built = build(chain.target, load_settings(), folder)
        built.projector.catch_up()
        with serving(chain.target, "127.0.0.1", 0, data=folder) as address:
            yield chain, address, built.office, folder


@pytest.fixture(params=LANGUAGES)
def enter(request, site, chromium):
    """Let a person of an organisation sign in, with the key stored; all in one language."""
    chain, address, office, _ = site
    inside: list[Person] = []

    def sign_in(organisation: int, alias: str) -> Person:
        person = Person(chromium, address, request.param)
        inside.append(person)
        person.sign_in(joined(office, organisation, language=""))
        if person.page.request.get(f"{address}keys").text().find('name="address"') < 0:
            person.store_key(chain.network.keys / f"{alias}.json")
        person.open("desk")
        return person

    sign_in.language = request.param
    yield sign_in
    for person in inside:
        person.close()


def a_file(folder: Path, name: str) -> Path:
    path = folder / f"{name}.pdf"
    path.write_bytes(f"%PDF-1.4 {name}".encode())
    return path


def test_year__reported_assigned_endorsed_accepted_surrendered(site, enter) -> None:
    folder, language = site[3], enter.language
    organisation, alias = REPORTER[language]
    name = f"The {alias}"

    emitter = enter(organisation, alias)
    emitter.follow("Your reports")
    emitter.follow("Submit the yearly report")
    emitter.field("Year").fill(str(YEAR))
    for column, value in (("method", "gas"), ("key", "CO2"), ("unit", "t"), ("basis", "default")):
        control = emitter.page.locator(f"#lines-0-{column}")
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    emitter.page.locator("#lines-0-quantity").fill(str(TONNES))
    emitter.page.locator("#lines-0-quantity").press("Tab")
    emitter.page.locator("#preview td", has_text=AS_SHOWN).first.wait_for()
    emitter.look()
    emitter.press("Save as a draft")
    emitter.open("desk")
    emitter.follow("Submit the yearly report", emitter.page.locator("#drafts"))
    assert emitter.page.locator("#lines-0-quantity").input_value() == str(TONNES)
    emitter.act(document=a_file(folder, f"report-{alias}"))
    emitter.open("desk/own-reports")
    assert AS_SHOWN.search(emitter.text())
    assert emitter.say("submitted") in emitter.text()

    regulator = enter(REGULATOR, "regulator")
    regulator.do_task("Reports of all emitters", name, "Assign a verifier", verifier="The verifier")
    verifier = enter(VERIFIER, "verifier")
    verifier.open(f"reports/{organisation}/{YEAR}")
    sealed = (folder / f"report-{alias}.pdf").read_bytes()
    assert verifier.download(f"report-{alias}.pdf") == sealed
    opinion = a_file(folder, f"opinion-{alias}")
    verifier.do_task("Reports assigned to you", name, "Endorse", evidence=opinion)
    decision = a_file(folder, f"decision-{alias}")
    regulator.do_task("Reports of all emitters", name, "Accept", document=decision)
    regulator.open(f"reports/{organisation}/{YEAR}")
    assert regulator.say("accepted") in regulator.text()
    assert sha256(sealed).hexdigest() in regulator.text()  # as the emitter's browser showed it

    emitter.task("Your duties", str(YEAR), "Surrender").click()
    assert emitter.page.locator("#units-0-amount").input_value() == f"{TONNES}.000"
    emitter.act()
    emitter.open("desk/duties")
    row = emitter.page.locator("#list tbody tr", has_text=str(YEAR)).first
    assert len(AS_SHOWN.findall(row.inner_text())) >= 2, row.inner_text()  # duty and surrendered


def test_session__money_paid_in_quoted_cleared_and_closed(site, enter) -> None:
    chain, _, _, _ = site
    language = enter.language

    bank = enter(BANK, "bank")
    bank.follow("Redemptions to pay out")
    bank.follow("Issue money")
    bank.act(
        organisation="The buyer",
        amount="200000",
        payment=f"{len(language)}-{LANGUAGES.index(language)}",
    )
    bank.back()

    exchange = enter(EXCHANGE, "exchange")
    exchange.follow("Trading sessions")
    exchange.follow("Announce a session")
    exchange.field("Instrument").fill("CEA24")
    exchange.field("Reference price").fill("70.00")
    exchange.act()
    exchange.back()
    number = exchange.page.locator("#list tbody tr td").first.inner_text()
    wait(chain, 90)

    buyer, seller = enter(BUYER, "buyer"), enter(SELLER, "seller")
    for person, what, amount, side in (
        (buyer, "Deposit money", "100000", "buy"),
        (seller, "Deposit units", "500", "sell"),
    ):
        person.open("desk")
        person.follow("Market")
        person.page.locator(f"a[href='/sessions/{number}']").first.click()
        person.follow(what)
        person.act(amount=amount)
        person.back()
        person.field("Side").select_option(side)
        person.field("Price, yuan/t").fill("70.00")
        person.field("Quantity, t").fill("100")
        person.press("Send")
        person.page.locator(".notice").wait_for()
        assert "70.00" in person.page.locator("#own-orders").inner_text()

    wait(chain, HOUR + 1)
    exchange.do_task("Trading sessions", number, "Clear")
    for person in (buyer, seller):
        person.open(f"sessions/{number}")
        assert re.search(r"100\s+70\.00", person.page.locator("#trades").inner_text())
        assert person.say("filled") in person.page.locator("#own-orders").inner_text()

    wait(chain, 4 * HOUR)
    exchange.do_task("Trading sessions", number, "Close")
    buyer.open("prices")
    assert "70.00" in buyer.text()


def test_observer__admitted_invited_granted_a_view_and_complains(site, enter, chromium) -> None:
    chain, _, _, folder = site
    language = enter.language
    alias = f"watch-{language}"
    name = f"The {alias}"

    regulator = enter(REGULATOR, "regulator")
    regulator.follow("Members", regulator.page.locator("main"))
    regulator.follow("Admit an organisation")
    regulator.act(
        identity=f"id:{alias}", name=name, roles="observer", sector="1", region="1",
        account=chain.key(alias).address,
    )  # fmt: skip
    regulator.back()
    row = regulator.page.locator("#list tbody tr", has_text=name)
    number = int(row.locator("td").first.inner_text())
    regulator.follow("Open", row)
    regulator.follow("Invite a person")
    regulator.field("Name of the person").fill("Li")
    regulator.press("Invite")
    link = regulator.page.locator("code.secret").inner_text()
    assert "/join/" in link

    regulator.open("desk")
    regulator.follow("Granted views")
    regulator.follow("Grant a view")
    regulator.act(
        organisation=name, kinds="reports", scope="everyone", first_year=YEAR, last_year=YEAR,
        document=a_file(folder, f"grant-{alias}"),
    )  # fmt: skip

    observer = enter(number, alias)
    observer.follow("What was granted to you")
    observer.follow("Look")
    assert "The seller" in observer.text()
    observer.open("desk")
    observer.follow("Complaints by and about you")
    observer.follow("File a complaint")
    observer.act(
        organisation="The seller", kind="emissions", year=YEAR,
        evidence=a_file(folder, f"smoke-{alias}"), statement="Smoke",
    )  # fmt: skip
    observer.back()
    assert "The seller" in observer.text()

    order = a_file(folder, f"order-{alias}")
    regulator.do_task(
        "Complaints to decide", "The seller", "Take up", route="inspection", document=order
    )
    regulator.open("desk/complaint-queue")
    regulator.follow("Open", regulator.page.locator("tr", has_text="The seller").first)
    smoke = (folder / f"smoke-{alias}.pdf").read_bytes()
    assert regulator.download(f"smoke-{alias}.pdf") == smoke
    observer.open("desk/complaints")
    assert observer.say("taken up") in observer.text()


def test_document__larger_than_the_server_takes__said_before_it_is_sent(site, enter) -> None:
    folder = site[3]
    emitter = enter(SELLER, "seller")
    emitter.open("acts/new/complaint.file")
    most = int(emitter.page.locator("#evidence-file").get_attribute("data-most"))
    large = folder / "large.pdf"
    large.write_bytes(bytes(most + 1))
    emitter.page.locator("#evidence-file").set_input_files(large)
    emitter.page.locator("#evidence-hash + [role=alert]").wait_for()
    emitter.look()
    assert emitter.page.locator("#evidence-hash").is_hidden()
    emitter.page.locator("#evidence-file").set_input_files(a_file(folder, "small"))
    emitter.page.locator("#evidence-hash").wait_for()
    assert emitter.page.locator("#evidence-hash + [role=alert]").is_hidden()
