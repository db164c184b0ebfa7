"""Imports point one way: stages know `runtime`, never each other; nobody knows the sandbox."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("runtime", "services", "sandbox", "extract", "transform", "expectations", "load")
MAY_IMPORT = {
    "runtime": set(),
    "services": {"runtime"},
    "sandbox": {"runtime", "services"},
    "extract": {"runtime"},
    "transform": {"runtime"},
    "expectations": {"runtime"},
    "load": {"runtime"},
}
PROOF = ("load.reconcile", "load.report")  # checks share no code with what they check
# but the plain client, which knows no table: without it a check would need the manners of its own
SHARED = ("load.rest.client", "load.rest.failures")


def _modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from load import plan` imports load.plan as well as load
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    modules = _modules(package)
    assert modules
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules
        for name in _imports(path)
        if (top := name.split(".")[0]) in PACKAGES
        and top != package
        and top not in MAY_IMPORT[package]
    }
    assert wrong == set()


def test_the_proof_shares_no_code_with_the_writers() -> None:
    modules = [path for name in PROOF for path in _modules(name.replace(".", "/"))]
    assert modules
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules
        for name in _imports(path)
        if name.startswith("load.") and not name.startswith((*PROOF, *SHARED))
        if name != "load.rest"  # the package that holds the client
    }
    assert wrong == set()


def test_product_code_does_not_know_the_sandbox() -> None:
    products = ("runtime", "extract", "transform", "expectations", "load")
    wrong = [
        str(path.relative_to(ROOT))
        for package in products
        for path in _modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.If) and "sandbox" in ast.unparse(node.test).lower()
    ]
    assert wrong == []
