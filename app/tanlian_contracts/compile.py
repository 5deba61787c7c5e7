"""Compile the contracts with the locked Vyper, in this process; needs the `ape` extra."""

import site
from pathlib import Path
from typing import Any

from vyper.compiler import CompilerData
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.output import build_abi_output, build_layout_output
from vyper.compiler.settings import OptimizationLevel, Settings

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
# What a contract logs through code that it runs on its own storage belongs to its ABI, too.
RUNS_CODE_OF = {"CarbonMarket": "ClearingHouse"}
EVM_VERSION = "cancun"  # the genesis of both engines; Vyper's own default is newer


def compile_contract(source: Path) -> dict[str, Any]:
    """Compile one contract: name, abi, bytecode, runtime size, storage layout, integrity sum."""
    data = _compiler_data(source)
    made = {
        "name": source.stem,
        "abi": sorted([*build_abi_output(data), *_borrowed_events(source)], key=_place),
        "bytecode": "0x" + data.bytecode.hex(),
        "runtime_bytes": len(data.bytecode_runtime),
        "layout": build_layout_output(data),
        "integrity": data.integrity_sum,
    }
    if not any(entry["type"] == "constructor" for entry in made["abi"]):
        made["runtime"] = "0x" + data.bytecode_runtime.hex()  # such a contract fits into a genesis
    return made


def _borrowed_events(source: Path) -> list[dict[str, Any]]:
    """The events that only the code it runs on its own storage logs."""
    code = RUNS_CODE_OF.get(source.stem)
    if code is None:
        return []
    own, other = (
        build_abi_output(_compiler_data(path)) for path in (source, source.with_name(f"{code}.vy"))
    )
    return [entry for entry in other if entry["type"] == "event" and entry not in own]


def _compiler_data(source: Path) -> CompilerData:
    bundle = FilesystemInputBundle([Path(p) for p in site.getsitepackages()] + [ROOT])
    return CompilerData(
        bundle.load_file(source),
        bundle,
        settings=Settings(evm_version=EVM_VERSION, optimize=OptimizationLevel.GAS),
    )


def _place(entry: dict[str, Any]) -> tuple[str, str, int]:
    """Where an ABI entry stands; Vyper's own order of events differs from run to run."""
    return entry["type"], entry.get("name", ""), len(entry.get("inputs", ()))


def compile_all() -> dict[str, dict[str, Any]]:
    """Compile each deployable contract (the CamelCase files directly in contracts/), by name."""
    return {source.stem: compile_contract(source) for source in sorted(CONTRACTS.glob("*.vy"))}
