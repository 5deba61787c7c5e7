"""What ships is what the sources compile to: nothing stale, nothing missing, ABIs frozen."""

import json
from pathlib import Path

import pytest

from tanlian_contracts import artifact, names
from tanlian_contracts.compile import CONTRACTS, compile_contract

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(CONTRACTS.glob("*.vy"))
CODE_LIMIT = 24_576  # EIP-170
REMEDY = "run `make artifacts` and commit what it writes"


def test_artifacts__sources__are_all_compiled_and_no_others():
    assert names() == sorted(path.stem for path in SOURCES), REMEDY


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_artifact__recompiled__is_the_same(source):
    fresh = json.loads(json.dumps(compile_contract(source)))
    kept = artifact(source.stem)
    assert kept["integrity"] == fresh["integrity"], REMEDY
    assert kept["bytecode"] == fresh["bytecode"], REMEDY
    assert kept == fresh, REMEDY
    frozen = json.loads((ROOT / "deployments" / "abi" / f"{source.stem}.json").read_text())
    assert frozen == fresh["abi"], REMEDY
    assert fresh["runtime_bytes"] <= CODE_LIMIT


def test_abi__frozen_files__are_those_of_the_sources():
    frozen = {path.stem for path in (ROOT / "deployments" / "abi").glob("*.json")}
    assert frozen == {path.stem for path in SOURCES}, REMEDY


def test_integrity__changed_module__changes_every_contract_that_imports_it(tmp_path, monkeypatch):
    """Both Ape's and titanoboa's caches miss this; the integrity sum must not."""
    import shutil

    import tanlian_contracts.compile as compiler

    copied = tmp_path / "contracts"
    shutil.copytree(CONTRACTS, copied)
    monkeypatch.setattr(compiler, "ROOT", tmp_path)
    before = compile_contract(copied / "Allocation.vy")
    module = copied / "modules" / "standing.vy"
    module.write_text(module.read_text() + "\n# changed\n")
    after = compile_contract(copied / "Allocation.vy")
    assert before["bytecode"] == artifact("Allocation")["bytecode"], REMEDY
    assert after["integrity"] != before["integrity"]


def test_artifact__unknown_name__names_the_known_ones():
    with pytest.raises(LookupError, match=r"known are .*CarbonMarket"):
        artifact("Nonsense")
