"""Keep the catalogues: compile them for use (default), or list what lacks a translation (--check).

Sources are English; `web/translations/<language>/LC_MESSAGES/messages.po` is edited by hand. A
sentence for an error stands under `error.<code>` (see web/language.py).
"""

import re
import sys
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

WEB = Path(__file__).resolve().parents[1] / "app" / "tanlian" / "web"
CATALOGUES = WEB / "translations"
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
ERROR_CODE = re.compile(r'^    code = "(\w+)"', re.MULTILINE)


def wanted() -> set[str]:
    """Every sentence of the pages and every error code of the application."""
    pages = {
        str(message) for _, _, message, _, _ in extract_from_dir(WEB, METHODS, keywords=KEYWORDS)
    }
    labels = {message for path in WEB.rglob("*.py") for message in _labels(path.read_text())}
    sources = (WEB.parent / "accounts").rglob("*.py")
    codes = {code for path in sources for code in ERROR_CODE.findall(path.read_text())}
    return pages | labels | {f"error.{code}" for code in codes}


def _labels(source: str) -> set[str]:
    """Messages of form validators, which are translated when they are shown."""
    return set(re.findall(r'message="([^"]+)"', source))


def missing(language: str) -> list[str]:
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    known = {m.id for m in catalogue if m.id and m.string and not m.fuzzy}
    return sorted(wanted() - known)


def main(check: bool) -> int:
    status = 0
    for path in sorted(CATALOGUES.glob("*/LC_MESSAGES/messages.po")):
        if check:
            for message in missing(path.parts[-3]):
                print(f"{path.parts[-3]}: no translation of {message!r}")
                status = 1
            continue
        with path.open("rb") as file, path.with_suffix(".mo").open("wb") as out:
            write_mo(out, read_po(file))
    return status


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
