"""Keep the catalogues: compile them for use (default), or list what lacks a translation (--check).

Sources are English; `web/translations/<language>/LC_MESSAGES/*.po` are edited by hand, one file an
area of the site, and compiled into one catalogue. A sentence for an error stands under
`error.<code>` (see web/language.py).
"""

import re
import sys
import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

WEB = Path(__file__).resolve().parents[1] / "app" / "tanlian" / "web"
CATALOGUES = WEB / "translations"
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
ERROR_CODE = re.compile(r'^    code = "(\w+)"', re.MULTILINE)


def wanted() -> set[str]:
    """Every sentence of the pages, the acts and the refusals, and every error code of accounts."""
    pages = {
        str(message)
        for folder in (WEB, WEB.parent / "services")
        for _, _, message, _, _ in extract_from_dir(folder, METHODS, keywords=KEYWORDS)
    }
    labels = {message for path in WEB.rglob("*.py") for message in _labels(path.read_text())}
    sources = (WEB.parent / "accounts").rglob("*.py")
    codes = {code for path in sources for code in ERROR_CODE.findall(path.read_text())}
    return pages | labels | {f"error.{code}" for code in codes} | _refusals()


def _refusals() -> set[str]:
    """What is said where a contract refuses."""
    table = tomllib.loads((WEB.parent / "chain" / "refusals.toml").read_text(encoding="utf-8"))
    return {sentence for reasons in table.values() for sentence in reasons.values()}


def _labels(source: str) -> set[str]:
    """Messages of form validators, which are translated when they are shown."""
    return set(re.findall(r'message="([^"]+)"', source))


def catalogue_of(folder: Path) -> tuple[Catalog, list[str]]:
    """Join the files of one language; a sentence translated in two ways is a complaint."""
    joined, complaints = Catalog(locale=folder.parent.name, fuzzy=False), []
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=joined.locale):
                if not message.id or not message.string or message.fuzzy:
                    continue
                known = joined.get(message.id)
                if known is not None and known.string != message.string:
                    complaints.append(f"{path.name}: {message.id!r} is translated otherwise before")
                joined.add(message.id, message.string)
    return joined, complaints


def main(check: bool) -> int:
    status = 0
    for folder in sorted(CATALOGUES.glob("*/LC_MESSAGES")):
        catalogue, complaints = catalogue_of(folder)
        if check:
            known = {message.id for message in catalogue if message.id}
            lacking = [f"no translation of {m!r}" for m in sorted(wanted() - known)]
            for complaint in (*complaints, *lacking):
                print(f"{folder.parent.name}: {complaint}")
                status = 1
            continue
        with (folder / "messages.mo").open("wb") as out:
            write_mo(out, catalogue)
    return status


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
