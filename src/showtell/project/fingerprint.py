"""The fingerprint of the code a job runs: its import closure, without comments or docstrings.

A comment, a docstring or a reformatting changes nothing; a changed line changes the fingerprint
of exactly the jobs whose modules can reach it. Plugins are reached through the named parts that a
job's settings mention, so `rewards/clip.py` does not touch a job that is paid by `zero`.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = "showtell"
_SOURCE = Path(__file__).resolve().parents[1]
# Machinery that decides how a job is scheduled and shown, never what it computes.
_UNSEEN = (
    f"{PACKAGE}.commands",
    *(
        f"{PACKAGE}.project.{name}"
        for name in ("tracking", "sharing", "provenance", "git", "machine", "invocation")
    ),
)


def fingerprint(modules: tuple[str, ...], source: Path = _SOURCE) -> str:
    """The hash of everything these modules can import within the package."""
    digest = hashlib.sha256()
    for name in sorted(closure(modules, source)):
        path = _path(name, source)
        digest.update(name.encode())
        digest.update(_read(path, name, _stamp(path)).code)
        for data in _data_files(path):
            digest.update(data.name.encode())
            digest.update(data.read_bytes())
    return digest.hexdigest()[:16]


def closure(modules: tuple[str, ...], source: Path = _SOURCE) -> set[str]:
    """Names of the package's modules reachable from these, themselves included."""
    seen: set[str] = set()
    queue = list(modules)
    while queue:
        name = queue.pop()
        if name in seen or name.startswith(_UNSEEN) or not _path(name, source).exists():
            continue
        seen.add(name)
        path = _path(name, source)
        queue.extend(_read(path, name, _stamp(path)).imports)
        if "." in name:
            queue.append(name.rpartition(".")[0])  # importing a.b runs a/__init__.py
    return seen


def _path(module: str, source: Path) -> Path:
    relative = Path(*module.split(".")[1:])
    package = source / relative / "__init__.py"
    return package if package.exists() else (source / relative).with_suffix(".py")


def _data_files(path: Path) -> list[Path]:
    """What a package reads besides its modules: templates, ledgers, architectures."""
    if path.name != "__init__.py":
        return []
    folders = [path.parent]
    folders += [
        folder
        for folder in path.parent.iterdir()
        if folder.is_dir()
        and not (folder / "__init__.py").exists()
        and folder.name not in ("__pycache__", "golden")
    ]
    return sorted(
        file
        for folder in folders
        for file in folder.iterdir()
        if file.is_file() and file.suffix not in (".py", ".pyc") and not file.name.startswith(".")
    )


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


class _Module(NamedTuple):
    code: bytes  # the hash of its syntax tree
    imports: tuple[str, ...]


@cache
def _read(path: Path, module: str, _stamp: tuple[int, int]) -> _Module:
    """One module, parsed once a process: the Snakefile asks for hundreds of fingerprints."""
    tree = ast.parse(path.read_text())
    imports = tuple(_imports(tree, module, is_package=path.name == "__init__.py"))
    dump = ast.dump(_without_docstrings(tree))
    return _Module(hashlib.sha256(dump.encode()).digest(), imports)


def _imports(tree: ast.Module, module: str, *, is_package: bool) -> Iterator[str]:
    """Every module of the package that is named by an import, at any depth of the file."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                parent = ".".join(parts[: len(parts) - node.level + 1])
                base = f"{parent}.{base}".rstrip(".")
            # What is imported from a package may be a submodule.
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # A class named as "package.module:Class" is an import too: scenes are loaded that way.
            head, colon, _ = node.value.partition(":")
            names = [head] if colon and head.replace(".", "").isidentifier() else []
        yield from (name for name in names if name.split(".")[0] == PACKAGE)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return tree
