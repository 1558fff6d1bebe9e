"""The fingerprint of the code a job runs: its import closure, without comments or docstrings.

A comment, a docstring or a reformatting changes nothing; a changed line changes the fingerprint
of exactly the jobs whose modules can reach it. Plugins are reached through the named parts that a
job's settings mention, so `rewards/clip.py` does not touch a job whose reward is `zero`.

A data file counts for the module that opens it, which names it in a constant:
`DATA = ("page.html.j2", "architectures/{architecture}.json")`, globs from the module's folder.
`{key}` stands for each value of that key in the job's settings: a file of another architecture
does not touch the job.
"""

import ast
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NamedTuple

from showtell.project.files import canonical_json

PACKAGE = "showtell"
_SOURCE = Path(__file__).resolve().parents[1]
_DIGITS = 16
_KEY = re.compile(r"\{(\w+)\}")
_READER = b"1 " + sys.version.encode()  # 1: raise it when what is read of a module changes
# Machinery that decides how a job is scheduled and shown, never what it computes.
_UNSEEN = (
    f"{PACKAGE}.commands",
    *(
        f"{PACKAGE}.project.{name}"
        for name in (
            *("tracking", "sharing", "provenance", "git", "machine", "invocation", "foreign"),
            *("processes", "ownership", "addresses"),
        )
    ),
)


def fingerprint(
    modules: tuple[str, ...], settings: Mapping[str, Any], source: Path = _SOURCE
) -> str:
    """The hash of everything these modules can import or open within the package."""
    return digest(contents(modules, settings, source))


def digest(contents: Mapping[str, str]) -> str:
    """One hash of many."""
    return hashlib.sha256(canonical_json(contents).encode()).hexdigest()[:_DIGITS]


def contents(
    modules: tuple[str, ...], settings: Mapping[str, Any], source: Path = _SOURCE
) -> dict[str, str]:
    """The hash of each module that these can import and each data file that those open."""
    found: dict[str, str] = {}
    for name, path in _closure(modules, source).items():
        module = _read(path, name, _stamp(path))
        found[name] = module.code
        for pattern in module.data:
            for file in _files(path.parent, pattern, settings):
                place = file.resolve().relative_to(source.resolve()).as_posix()
                found[place] = hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGITS]
    return found


def undeclared(source: Path = _SOURCE) -> set[Path]:
    """The data files of the package that no module names: a change in them would go unnoticed."""
    source = source.resolve()
    files = {
        path
        for path in source.rglob("*")
        if path.is_file()
        and path.suffix != ".py"
        and "__pycache__" not in path.parts
        and not path.name.startswith(".")
    }
    for path in source.rglob("*.py"):
        for pattern in _read(path, "", _stamp(path)).data:
            files -= {f.resolve() for f in path.parent.glob(_KEY.sub("*", pattern))}
    return files


def closure(modules: tuple[str, ...], source: Path = _SOURCE) -> set[str]:
    """Names of the package's modules reachable from these, themselves included."""
    return set(_closure(modules, source))


def _closure(modules: tuple[str, ...], source: Path) -> dict[str, Path]:
    """The same with their files. Each name is looked up once: most name no module but a class."""
    found: dict[str, Path | None] = {}
    queue = list(modules)
    while queue:
        name = queue.pop()
        if name in found:
            continue
        path = found[name] = None if name.startswith(_UNSEEN) else _path(name, source)
        if path is None:
            continue
        queue.extend(_read(path, name, _stamp(path)).imports)
        if "." in name:
            queue.append(name.rpartition(".")[0])  # importing a.b runs a/__init__.py
    return {name: path for name, path in found.items() if path is not None}


def _path(module: str, source: Path) -> Path | None:
    """The file of a module; None where there is none."""
    base = os.path.join(source, *module.split(".")[1:])  # noqa: PTH118  # asked 600 times a job
    for path in (os.path.join(base, "__init__.py"), f"{base}.py"):  # noqa: PTH118
        if os.path.exists(path):  # noqa: PTH110
            return Path(path)
    return None


def _files(folder: Path, pattern: str, settings: Mapping[str, Any]) -> list[Path]:
    """The files that a pattern of `DATA` stands for in one job."""
    patterns = [pattern]
    for key in _KEY.findall(pattern):
        values = sorted(set(_values(settings, key)))
        patterns = [one.replace(f"{{{key}}}", value) for one in patterns for value in values]
    return [file for one in patterns for file in sorted(folder.glob(one))]


def _values(settings: Any, key: str) -> Iterator[str]:
    """Every text that stands under a key, at any depth."""
    if isinstance(settings, Mapping):
        for name, value in settings.items():
            if name == key and isinstance(value, str):
                yield value
            yield from _values(value, key)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from _values(value, key)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


class _Module(NamedTuple):
    code: str  # the hash of its syntax tree
    imports: tuple[str, ...]
    data: tuple[str, ...]  # the data files that it opens, as patterns


@cache
def _read(path: Path, module: str, _stamp: tuple[int, int]) -> _Module:
    """One module, parsed once: hundreds of short jobs ask for the same hundred."""
    source = path.read_bytes()
    of = hashlib.sha256(b"\0".join((_READER, module.encode(), source))).hexdigest()
    kept = Path(cache_from_source(os.fspath(path))).with_suffix(".module")  # beside its bytecode
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(kept.read_text())
        if known["of"] == of:
            return _Module(known["code"], tuple(known["imports"]), tuple(known["data"]))
    found = _parsed(path, module, source)
    if not sys.dont_write_bytecode:
        with suppress(OSError):  # an installation that only others may write
            _keep(kept, canonical_json({"of": of, **found._asdict()}))
    return found


def _parsed(path: Path, module: str, source: bytes) -> _Module:
    tree = ast.parse(source)
    imports = tuple(_imports(tree, module, is_package=path.name == "__init__.py"))
    data = tuple(_texts(_elements(_assigned(tree.body, "DATA"))))
    dump = ast.dump(_without_docstrings(tree))
    return _Module(hashlib.sha256(dump.encode()).hexdigest()[:_DIGITS], imports, data)


def _keep(path: Path, text: str) -> None:
    """Write a file whole, without waiting for the disk: what is lost is read anew."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def _assigned(body: list[ast.stmt], name: str) -> Iterator[ast.expr]:
    """What a module or a class assigns to a name."""
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if value is not None and any(isinstance(t, ast.Name) and t.id == name for t in targets):
            yield value


def _elements(values: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for value in values:
        yield from value.elts if isinstance(value, ast.Tuple | ast.List) else [value]


def _texts(values: Iterable[ast.expr]) -> list[str]:
    constants = [value.value for value in values if isinstance(value, ast.Constant)]
    return [value for value in constants if isinstance(value, str)]


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
        elif isinstance(node, ast.ClassDef):
            # A world names its scene as "package.module:Class"; the renderer imports it.
            scenes = _texts(_assigned(node.body, "scene"))
            names = [scene.partition(":")[0] for scene in scenes]
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
