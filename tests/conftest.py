"""Set-up that every test shares: the compiler on PATH, a fresh compile cache, Hypothesis profiles."""

import os
import sys
import tempfile
from pathlib import Path

import hypothesis

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# titanoboa's disk cache misses a change in a module of a module, so that every run has its own.
_CACHE = tempfile.TemporaryDirectory(prefix="tanlian-boa-")


def pytest_configure(config):
    if config.pluginmanager.hasplugin("boa_test") or "boa" in sys.modules:
        import boa

        boa.interpret.set_cache_dir(_CACHE.name)


def pytest_unconfigure():
    _CACHE.cleanup()


_SHARED = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.data_too_large,
    ],
}
hypothesis.settings.register_profile("quick", max_examples=10, stateful_step_count=20, **_SHARED)
hypothesis.settings.register_profile("ci", max_examples=50, stateful_step_count=40, **_SHARED)
hypothesis.settings.register_profile("deep", max_examples=500, stateful_step_count=80, **_SHARED)
hypothesis.settings.load_profile(os.environ.get("TANLIAN_HYPOTHESIS", "quick"))
