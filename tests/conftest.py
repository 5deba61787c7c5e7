"""Set-up that every test shares: the compiler on PATH, the compile cache, Hypothesis profiles."""

import hashlib
import os
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

import hypothesis

ROOT = Path(__file__).resolve().parents[1]
CACHES = ROOT / ".build" / "boa"
ONE_DAY = 24 * 60 * 60

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def cache_folder() -> Path:
    """The folder that only runs over exactly these sources and compilers share.

    titanoboa's own key misses a change in a module of a module, so that the folder's name is the
    digest of every Vyper source; whatever changes, nothing compiled before is found.
    """
    digest = hashlib.sha256(f"{version('vyper')} {version('snekmate')}".encode())
    sources = [*ROOT.glob("contracts/**/*.vy*"), *ROOT.glob("tests/mocks/**/*.vy*")]
    for source in sorted(sources):
        digest.update(f"{source.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return CACHES / digest.hexdigest()[:24]


_CACHE = cache_folder()


def pytest_configure(config):
    if config.pluginmanager.hasplugin("boa_test") or "boa" in sys.modules:
        import boa

        _CACHE.mkdir(parents=True, exist_ok=True)
        boa.interpret.set_cache_dir(str(_CACHE))
        _name_contracts_briefly()


def _name_contracts_briefly():
    """Keep titanoboa from printing a contract's whole storage into each refusal.

    That is a third of the time of a refusal, and titanoboa 0.2.8 fails in it (BoolT has no
    attribute key_type) when two contracts of one run hashed the same mapping keys.
    """
    from boa.contracts.vyper.vyper_contract import VyperContract

    VyperContract.__repr__ = lambda it: f"<{it.contract_name} at {it.address}>"


def pytest_unconfigure():
    """Drop what was compiled while a source changed, and what nobody used for a day."""
    if cache_folder() != _CACHE:
        shutil.rmtree(_CACHE, ignore_errors=True)
    for folder in CACHES.glob("*"):
        if folder.stat().st_mtime < time.time() - ONE_DAY:
            shutil.rmtree(folder, ignore_errors=True)


_SHARED = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.data_too_large,
    ],
}
# quick tries the same examples each time, so that a landing is judged by its change; the others search
hypothesis.settings.register_profile(
    "quick", max_examples=10, stateful_step_count=20, derandomize=True, **_SHARED
)
hypothesis.settings.register_profile("ci", max_examples=50, stateful_step_count=40, **_SHARED)
hypothesis.settings.register_profile("deep", max_examples=500, stateful_step_count=80, **_SHARED)
hypothesis.settings.load_profile(os.environ.get("TANLIAN_HYPOTHESIS", "quick"))
