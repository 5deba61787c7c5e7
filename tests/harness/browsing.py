"""A person of a member at a real browser, who finds things by the words of the own language."""

import gettext
import os
import re
from hashlib import sha256
from pathlib import Path

import pyotp

from harness.served import PASSPHRASE
from harness.signed_in import PASSWORD, Credentials

LOCALES = {"en": "en-GB", "zh": "zh-CN"}
SHOTS_VARIABLE = "TANLIAN_SHOTS"  # a folder for a picture of each person's last page
PATIENCE = 20
SOON = 30_000  # milliseconds that a busy machine may take
CATALOGUE = Path(__file__).parents[2] / "app/tanlian/web/translations/zh/LC_MESSAGES/messages.mo"
_LEFT = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.closest('code, script, style, option[value=""], [lang=en], datalist'))
      found.push(node.textContent.trim());
  }
  return found;
}"""


class Words:
    """What the pages say in a language, by the English of the sources."""

    def __init__(self, language: str) -> None:
        self.language = language
        with CATALOGUE.open("rb") as file:
            self._chinese = gettext.GNUTranslations(file)

    def __call__(self, english: str, **fields: object) -> str:
        found = self._chinese.gettext(english) if self.language == "zh" else english
        assert self.language == "en" or found != english, f"{english!r} has no translation"
        return found % fields if fields else found


class Person:
    """One browser of one person; `saw` are the pages on which English was left."""

    def __init__(self, chromium, address: str, language: str) -> None:
        self.say, self._address = Words(language), address
        self.context = chromium.new_context(
            locale=LOCALES[language], viewport={"width": 1280, "height": 900}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(SOON)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, said) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    # -- going about ------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        answer = self.page.goto(self._address + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status, self.text())
        self.look()

    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def look(self) -> None:
        """Nothing of the page is English where the reader is Chinese, and no name is a raw one."""
        self.page.wait_for_load_state()
        if self.say.language == "zh":
            left = [one for one in self.page.evaluate(_LEFT) if _is_english(one)]
            assert left == [], (self.page.url, left)

    def follow(self, words: str, within=None, **fields: object) -> None:
        (within or self.page).get_by_role(
            "link", name=self.say(words, **fields), exact=True
        ).first.click()
        self.look()

    def press(self, words: str, within=None) -> None:
        (within or self.page).get_by_role("button", name=self.say(words), exact=True).first.click()
        self.look()

    def field(self, title: str):
        """The control with this label, whatever unit or note stands behind it."""
        name = re.compile("^" + re.escape(self.say(title)) + r"($| [(–(])")
        return self.page.get_by_label(name).first

    def download(self, words: str) -> bytes:
        """What the link with these words, which are no words of the pages, gives to be stored."""
        with self.page.expect_download() as waited:
            self.page.get_by_role("link", name=words, exact=True).first.click()
        assert waited.value.suggested_filename == words
        return Path(waited.value.path()).read_bytes()

    # -- coming in --------------------------------------------------------------------------------

    def sign_in(self, who: Credentials) -> "Person":
        self.open("")
        self.follow("Sign in")
        self.field("Login").fill(who.login)
        self.field("Password").fill(PASSWORD)
        self.page.get_by_label(self.say("Code"), exact=True).fill(pyotp.TOTP(who.secret).now())
        self.press("Sign in", self.page.locator("main"))
        self.page.get_by_role("heading", name=self.say("What waits for you")).wait_for()
        return self

    def store_key(self, keyfile: Path) -> None:
        """Put the organisation's key into the store, from the menu."""
        self.page.locator("details.menu summary").click()
        self.follow("Keys")
        self.page.locator("#upload-label").fill("1")
        self.page.locator("#keyfile").set_input_files(keyfile)
        self.press("Store")
        self.page.get_by_text(self.say("locked"), exact=True).wait_for()

    # -- acting -----------------------------------------------------------------------------------

    def act(self, **given: object) -> None:
        """Fill in the form that is open, send it, and sign until it is done."""
        for name, value in given.items():
            control = self.page.locator(f"form.act [name='{name}']").first
            if isinstance(value, Path):
                self.page.locator(f"#{name}-file").set_input_files(value)
                shown = self.page.locator(f"#{name}-hash code")
                shown.wait_for()
                assert shown.inner_text() == sha256(value.read_bytes()).hexdigest()
            elif control.get_attribute("type") == "checkbox":
                self.page.locator(f"[name='{name}'][value='{value}']").check()
            elif control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(str(value))
            else:
                control.fill(str(value))
        self.page.locator("form.act > p > button:not([name])").click()
        self.sign()

    def sign(self) -> None:
        self.page.locator("#act").wait_for()
        self.look()
        if self.page.locator("#password").count():
            self.page.locator("#password").fill(PASSWORD)
        if self.page.locator("#passphrase").count():
            self.page.locator("#passphrase").fill(PASSPHRASE)
        if self.page.locator("#act").get_attribute("data-state") == "drafted":
            self.press("Sign")
        self.page.locator("#act[data-state=done]").wait_for()
        self.look()

    def task(self, listing: str, about: str, doing: str):
        """The link of something that waits on the desk; it comes with one of the next blocks."""
        for _ in range(PATIENCE):
            self.open("desk")
            lines = self.page.locator("#tasks li").filter(has_text=self.say(listing))
            link = lines.filter(has_text=about).get_by_role(
                "link", name=self.say(doing), exact=True
            )
            if link.count():
                return link.first
            self.page.wait_for_timeout(500)
        raise AssertionError(f"{doing!r} of {listing!r} about {about} does not wait: {self.text()}")

    def do_task(self, listing: str, about: str, doing: str, **given: object) -> None:
        """Begin with what waits, do it, and see that it waits no longer."""
        self.task(listing, about, doing).click()
        self.look()
        self.act(**given)
        self.back()
        lines = self.page.locator("#tasks li").filter(has_text=self.say(listing))
        left = lines.filter(has_text=about).get_by_role("link", name=self.say(doing), exact=True)
        assert left.count() == 0, self.text()

    def back(self) -> None:
        """Leave the page of an act for where it was begun."""
        self.follow("Back")

    def close(self) -> None:
        if folder := os.environ.get(SHOTS_VARIABLE):
            name = f"{self.say.language}-{self.page.url.split('/', 3)[3].split('?')[0]}"
            path = Path(folder) / (re.sub(r"\W+", "-", name) + ".png")
            self.page.screenshot(path=path, full_page=True)
        self.context.close()
        assert self.complaints == [], self.complaints


def _is_english(text: str) -> bool:
    """Whether words of a sentence or a raw name stand here; names and units are no words."""
    text = re.sub(
        r"cn_market_2021|Demonstration ministry of ecology|\b(The|Tanlian|Wang|Li)\b( [a-z-]+)?|t CO2e|tC|GJ|yuan",
        "",
        text,
    )
    return bool(re.search(r"[A-Za-z]{2,}[ _][A-Za-z]{2,}|^[a-z][a-z-]{3,}$", text))
