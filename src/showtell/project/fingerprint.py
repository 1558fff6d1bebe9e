"""The fingerprint of the code a job runs: its import closure, without comments or docstrings.

A comment, a docstring or a reformatting changes nothing; a changed line changes the fingerprint
of exactly the jobs whose modules can reach it. Plugins are reached through the named parts that a
job's settings mention, so `rewards/clip.py` does not touch a job that is paid by `zero`.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "showtell"
_SOURCE = Path(__file__).resolve().parents[1]
# Machinery that decides how a job is scheduled and shown, never what it computes.
_UNSEEN = tuple(
    f"{PACKAGE}.project.{name}"
    for name in (
        "tracking",
        "sharing",
        "doctor",
        "plan",
        "provenance",
        "git",
        "machine",
        "invocation",
    )
)


def fingerprint(modules: tuple[str, ...], source: Path = _SOURCE) -> str:
    """The hash of everything these modules can import within the package."""
    digest = hashlib.sha256()
    for name in sorted(closure(modules, source)):
        path = _path(name, source)
        digest.update(name.encode())
        digest.update(_code_hash(path, _stamp(path)))
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
        queue.extend(_imports(_path(name, source), name, _stamp(_path(name, source))))
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


@cache
def _code_hash(path: Path, _stamp: tuple[int, int]) -> bytes:
    tree = _without_docstrings(ast.parse(path.read_text()))
    return hashlib.sha256(ast.dump(tree).encode()).digest()


@cache
def _imports(path: Path, module: str, _stamp: tuple[int, int]) -> tuple[str, ...]:
    """Every module of the package named by an import, at any depth of the file."""
    found: list[str] = []
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                base = f"{parent}.{base}".rstrip(".")
            found.append(base)
            found += [f"{base}.{alias.name}" for alias in node.names]  # may be a submodule
    # A class named as "package.module:Class" is an import too: scenes are loaded that way.
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            head, colon, _ = node.value.partition(":")
            if colon and head.startswith(PACKAGE + ".") and head.replace(".", "").isidentifier():
                found.append(head)
    return tuple(name for name in found if name.split(".")[0] == PACKAGE)


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
