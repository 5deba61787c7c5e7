"""Laws about the sources themselves; each failure says what to do instead."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REASON = re.compile(r'^\s*(?:assert .*|raise )"([^"]*)"', re.MULTILINE)


def sources(*patterns: str) -> list[Path]:
    found = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    assert found, f"no file matches {patterns}: the law below would hold for nothing"
    return found


def offenders(paths: list[Path], pattern: str) -> list[str]:
    wanted = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if wanted.search(line)
    ]


def test_domain__float__absent() -> None:
    """Money and carbon are integers; divide with // at one stated place, or use Fraction."""
    paths = sources("app/tanlian/domain/**/*.py")
    assert offenders(paths, r"\bfloat\(|\bDecimal\(|(?<![\w.\"'])\d+\.\d+(?![\w.])") == []


def test_python__broad_except__absent() -> None:
    """Catch what can happen by name; a broad catch hides what nobody expected."""
    paths = sources("app/**/*.py", "node/**/*.py", "scripts/**/*.py")
    assert offenders(paths, r"except\s*(Exception|BaseException)?\s*(as \w+)?:") == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "manager"])
def test_python__nameless_module__absent(name: str) -> None:
    """A module is a noun of the field; put the function beside what it serves."""
    assert not [p for p in sources("app/**/*.py", "node/**/*.py") if p.stem == name]


def test_python__source_root__has_no_package_file() -> None:
    """Generic names at a source root would be importable from everywhere."""
    assert not [r for r in ("app", "node", "scripts") if (ROOT / r / "__init__.py").exists()]


def test_contracts__reason__speaks_for_its_file() -> None:
    """A revert reason is '<file>: <lower-case reason>' of at most 60 characters."""
    wrong = []
    for path in sources("contracts/*.vy", "contracts/modules/*.vy"):
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", path.stem).lower()
        for line in path.read_text().splitlines():
            for reason in re.findall(r'(?:,|raise|UNREACHABLE)\s*"([^"]+)"\s*\)?\s*$', line):
                if "assert" not in line and "raise" not in line:
                    continue
                if not reason.startswith(f"{prefix}: ") or len(reason) > 60:
                    wrong.append(f"{path.name}: {reason}")
    assert wrong == []


def test_contracts__size__under_the_limit() -> None:
    """EIP-170: what is larger cannot be deployed on either engine."""
    from tanlian_contracts import artifact, names

    sizes = {name: artifact(name)["runtime_bytes"] for name in names()}
    assert {n: s for n, s in sizes.items() if s > 24_576} == {}


def test_repository__private_traces__absent() -> None:
    """No host of a package index in what is fetched by name, and no path of one machine."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    pattern = re.compile(rb"/" + rb"work/(main|shared)|/root/|registry\.npmjs|files\.pythonhosted")
    assert [n for n in tracked if pattern.search((ROOT / n).read_bytes())] == []
