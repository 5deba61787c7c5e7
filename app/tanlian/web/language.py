"""Chinese or English: by the person's choice, else the browser's, else the installation's."""

from collections.abc import Mapping

from flask import Flask, g, request
from flask_babel import Babel, get_locale, gettext

from tanlian.domain.errors import TanlianError

LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "English"}
LANGUAGE_COOKIE = "tanlian_language"


def install(app: Flask, default: str) -> None:
    def choose() -> str:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return str(chosen)
        if g.get("session") is not None and g.session.person.language in LANGUAGES:
            return str(g.session.person.language)
        return request.accept_languages.best_match(list(LANGUAGES)) or default

    # the catalogue is called `zh`: Babel would look for zh_Hans_CN under any longer name
    Babel(app, default_locale="en", default_timezone="Asia/Shanghai", locale_selector=choose)
    app.jinja_env.filters["sentence"] = sentence_of
    app.jinja_env.globals.update(
        languages=LANGUAGES, current_language=lambda: reader_language(default)
    )


def reader_language(default: str = "en") -> str:
    """Return the language of this request."""
    return str(getattr(get_locale(), "language", default))


def sentence_of(error: TanlianError) -> str:
    """Say an error in the reader's language.

    Errors speak English themselves; other languages have a translation of the very sentence, as
    for what contracts refuse, or one per error code in their catalogue, under `error.<code>`,
    which may use the error's fields.
    """
    translated = str(gettext(error.user_message))
    if translated != error.user_message:
        return translated
    key = f"error.{error.code}"
    found = str(gettext(key))
    return error.user_message if found == key else found % error.fields
