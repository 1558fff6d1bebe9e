"""Plain words: what readers see has no dialect. Each entry has the word to use instead."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTEAD = {
    r"the face of": "the interface of",
    r"\b(?:its|the) story\b": "training log, record",
    r"\b(?:what|who) (?:is|was) (?:told|shown|paid|judged)\b": "sentence, demo, reward, policy",
    r"\bpaid (?:by|with|at|for)\b": "trained on reward X, the reward of the last step",
    r"\b(?:it|reward|world|code) (?:also )?pays\b": "gives, the reward is",
    r"\b(?:PPO|DQN|agent|critic|worker|network) is (?:never )?told\b": "gets, learns",
    r"\bshown or told\b": "a video or a sentence",
    r"\b(?:who|what) learns it\b": "learner",
    r"\b(?:trainings?|policy|policies|seeds?) (?:is|are|was|has been) judged\b": "evaluated",
    r"\b(?:journey|classroom|relay)\b": "phases, small worlds, resume",
}  # fmt: skip


def _python(path: Path) -> list[tuple[int, str]]:
    """Docstrings and comments, by line."""
    text = path.read_text()
    found = [
        (number, line.partition("# ")[2])
        for number, line in enumerate(text.splitlines(), 1)
        if "# " in line
    ]
    for node in ast.walk(ast.parse(text)):
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, kinds) and (said := ast.get_docstring(node)):
            found.append((getattr(node, "lineno", 1), said))
    return found


def _text(path: Path) -> list[tuple[int, str]]:
    return list(enumerate(path.read_text().splitlines(), 1))


def _sources() -> list[tuple[Path, list[tuple[int, str]]]]:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "params.yaml"]
    documents += [*(ROOT / "workflow").rglob("*.yaml"), *(ROOT / "src").rglob("*.yaml")]
    documents += (ROOT / "src").rglob("*.j2")
    found = [(path, _text(path)) for path in documents]
    return found + [(path, _python(path)) for path in (ROOT / "src").rglob("*.py")]


def test_no_reader_meets_a_word_of_our_own():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]!r}; write: {instead}"
        for path, lines in _sources()
        for number, line in lines
        for pattern, instead in INSTEAD.items()
        if (match := re.search(pattern, line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    ["The face of a learner.", "PPO is told this.", "Each policy is judged.", "paid at its end"],
)
def test_the_dialect_is_found(sentence):
    assert any(re.search(pattern, sentence, re.IGNORECASE) for pattern in INSTEAD)
