"""What an installation decides about its pages: a TOML file, environment, command line.

The environment overrules the file, the command line both. A key nobody knows is an error, so that a
misspelt one is not silently without effect.
"""

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tanlian.domain.errors import TanlianError

PREFIX = "TANLIAN_WEB_"
FILE_VARIABLE = "TANLIAN_WEB_CONFIG"
# these two are older than the file, and other commands read the tables too
SHARED_VARIABLES = {"accounts": "TANLIAN_ACCOUNTS", "read_model": "TANLIAN_READ_MODEL"}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SettingsRefused(TanlianError, ValueError):
    """The configuration has a key that is unknown, malformed or out of range."""

    code = "settings_refused"


def _key(default: Any, meaning: str, **rules: Any) -> Any:
    """A key: `least`, `most` bound a number, `choices` a word, `secret` is never shown."""
    metadata = {"meaning": meaning, **rules}
    if isinstance(default, (list, tuple)):
        return field(default_factory=lambda: tuple(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every key with its default; the meanings are the table of docs/app-operation.md."""

    host: str = _key("127.0.0.1", "address to listen on")
    port: int = _key(8000, "port to listen on; 0 takes a free one", least=0, most=65_535)
    title: str = _key("Tanlian 碳链", "name of the site, on every page")
    default_language: str = _key(
        "zh", "language of readers whose browser asks for neither", choices=("zh", "en")
    )
    accounts: str = _key(
        "", "database of people, sessions and keyfiles; empty: SQLite in the folder", database=True
    )
    read_model: str = _key(
        "", "database of the tables made from the chain; empty: SQLite in the data folder",
        database=True,
    )  # fmt: skip
    folder: str = _key(
        "", "folder of secrets and documents; empty: `web-<network>` in the data folder"
    )
    readings: str = _key(
        "",
        "folder of the readings at hand (docs/emissions.md); empty: `emissions` in the data folder",
    )
    gateways: tuple[str, ...] = _key(
        (), "configuration files of gateways whose stores are backed up with the rest"
    )
    certificate: str = _key(
        "", "certificate chain (PEM) under which the pages are served by HTTPS; empty: plain HTTP"
    )
    certificate_key: str = _key("", "private key (PEM) of the certificate")
    certificate_passphrase_file: str = _key("", "file with the passphrase of that key")
    hosts: tuple[str, ...] = _key(
        (), "names under which browsers may ask for the site; empty: any name"
    )
    trusted_proxies: int = _key(
        0, "reverse proxies in front whose forwarded addresses are believed", least=0, most=8
    )
    insecure_cookies: bool | None = _key(
        None,
        "send cookies over plain HTTP too; empty: only on loopback with no proxy in front",
        kind=bool,
    )
    max_upload_bytes: int = _key(
        8 * 1024 * 1024, "largest request that is read", least=64 * 1024, most=256 * 1024 * 1024
    )
    threads: int = _key(16, "threads that answer pages, beside those of the streams", least=2,
                        most=256)  # fmt: skip
    streams: int = _key(
        48, "pages that follow the chain live at once; each holds a thread", least=1, most=1_000
    )
    projects: bool = _key(True, "take part in keeping the tables; one process at a time does it")
    max_lag_seconds: int = _key(
        60, "how long the tables may stay behind the chain before /readyz says no", least=5,
        most=86_400,
    )  # fmt: skip
    requests_per_minute: int = _key(
        600, "requests that one API key may send in a minute", least=10, most=1_000_000
    )
    webhook_hosts: tuple[str, ...] = _key(
        (), "hosts of webhooks that may lie in private networks and take plain HTTP"
    )
    webhook_ca: str = _key(
        "", "certificates (PEM) of authorities believed at webhooks, beside the system's"
    )
    metrics_token: str = _key(
        "", "bearer token for /metrics; empty: loopback only, and no proxy in front", secret=True
    )
    log_level: str = _key(
        "info", "least level of the log lines", choices=("debug", "info", "warning", "error")
    )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the pages directly."""
        return self.host in LOOPBACK

    @property
    def sends_insecure_cookies(self) -> bool:
        if self.insecure_cookies is None:
            return self.is_loopback and not self.trusted_proxies and not self.certificate
        return self.insecure_cookies

    def shown(self) -> dict[str, Any]:
        """Every key with its value in effect, secrets as *** and databases without password."""
        return {f.name: _masked(f.metadata, getattr(self, f.name)) for f in fields(self)}


def variable(name: str) -> str:
    """Return the environment variable that overrules a key."""
    return SHARED_VARIABLES.get(name, PREFIX + name.upper())


def load(
    path: Path | None = None, environment: Mapping[str, str] | None = None, **chosen: Any
) -> Settings:
    """Return the settings in effect; `chosen` are those of the command line, None where not given.

    Raises:
        SettingsRefused: which key of which source is wrong, and what it may be.
    """
    environment = os.environ if environment is None else environment
    if path is None and environment.get(FILE_VARIABLE):
        path = Path(environment[FILE_VARIABLE])
    values = _from_file(path) if path is not None else {}
    values |= _from_environment(environment)
    values |= {name: value for name, value in chosen.items() if value is not None}
    found = Settings(**values)
    if found.accounts and found.accounts == found.read_model:
        raise SettingsRefused(
            "accounts and read_model name one database; they need two (of one server, if you like)."
        )
    if bool(found.certificate) != bool(found.certificate_key):
        raise SettingsRefused("certificate and certificate_key go together: give both or neither.")
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsRefused(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path} is no TOML: {error}.") from error
    values = {}
    for name, value in document.items():
        known = _known(name, f"{path} has the key {name!r}")
        values[name] = _checked(known, value, f"{name} in {path}")
        is_secret = known.metadata.get("secret") or "***" in str(_masked(known.metadata, value))
        if is_secret and path.stat().st_mode & _OTHERS:
            raise SettingsRefused(
                f"{path} holds a secret ({name}) that others on this machine can read; "
                f"`chmod 600 {path}`."
            )
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for spelt, text in environment.items():
        if spelt == FILE_VARIABLE or not spelt.startswith(PREFIX):
            continue
        name = spelt.removeprefix(PREFIX).lower()
        known = _known(name, f"the environment has {spelt}")
        if name in SHARED_VARIABLES:
            raise SettingsRefused(f"The environment has {spelt}; it is called {variable(name)}.")
        values[name] = _checked(known, _parsed(known, text, spelt), spelt)
    for name, spelt in SHARED_VARIABLES.items():
        if environment.get(spelt):
            values[name] = _checked(_KEYS[name], environment[spelt], spelt)
    return values


def _known(name: str, where: str) -> Any:
    if name in _KEYS:
        return _KEYS[name]
    close = difflib.get_close_matches(name, _KEYS, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(_KEYS))}."
    raise SettingsRefused(f"Unknown setting: {where}; {hint}", key=name)


def _kind(key: Any) -> type:
    default = key.default if key.default is not MISSING else key.default_factory()
    kind: type = key.metadata.get("kind", type(default))
    return kind


def _parsed(key: Any, text: str, where: str) -> Any:
    """A value out of the environment, where everything is text."""
    kind = _kind(key)
    if kind is bool:
        if text.lower() not in _WORDS:
            raise SettingsRefused(f"{where} is {text!r}; it may be 1 or 0.")
        return _WORDS[text.lower()]
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise SettingsRefused(f"{where} is {text!r}; it is a whole number.") from None
    if kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _checked(key: Any, value: Any, where: str) -> Any:
    kind, rules = _kind(key), key.metadata
    if kind is tuple:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise SettingsRefused(f"{where} is a list of texts.")
        return tuple(value)
    if type(value) is not kind:  # True is an int to isinstance
        names = {bool: "true or false", int: "a whole number", str: "a text"}
        raise SettingsRefused(f"{where} is {names[kind]}.")
    if kind is int and not rules.get("least", value) <= value <= rules.get("most", value):
        raise SettingsRefused(f"{where} is {value}; it lies in {rules['least']}..{rules['most']}.")
    if "choices" in rules and value not in rules["choices"]:
        raise SettingsRefused(f"{where} is {value!r}; it is one of {', '.join(rules['choices'])}.")
    if rules.get("database") and value:
        try:
            make_url(str(value))
        except ArgumentError:
            raise SettingsRefused(
                f"{where} is no database URL, such as postgresql://name@host/database."
            ) from None
    return value


def _masked(rules: Mapping[str, Any], value: Any) -> Any:
    if rules.get("secret") and value:
        return "***"
    if rules.get("database") and value:
        return make_url(value).render_as_string(hide_password=True)
    return value


_KEYS = {f.name: f for f in fields(Settings)}
