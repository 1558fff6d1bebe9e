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
    r"\b(?:[Jj]udges?|[Jj]udging) (?:a|one) (?:policy|training)": "evaluate",
    r"\bPays? (?:a|the|every|nothing|1)\b": "the reward of a step is",
    r"\b(?:network|[Ee]ncoder|[Dd]iscriminator|[Pp]olicy|[Cc]amera) sees\b": "reads, embeds",
    r"\b[Ww]hat (?:the|this|a) \w+ sees\b": "input, picture",
    r"\b(?:randomness|draws?) hangs?\b": "its branch of the seed tree",
    r"\b[Nn]obody(?:'s| (?:stops|learns|looks|changes|has|here|published))\b": "no code, unknown",
    r"\b(?:[Ss]omeone|[Ss]omebody) who\b": "a source of, a user",
    r"\b(?:dice|by heart|front door)\b": "random draws, exactly, environment",
    r"\b(?:a|the|first one's) films? (?:of|from)\b": "video",
    r"\b[Ww]hat (?:came of|is made of)\b": "outcome, reward",
    r"\breader can mend\b": "correct",
}  # fmt: skip


def _python(path: Path) -> list[tuple[int, str]]:
    """Docstrings, comments and sentences in code, such as error messages, by line."""
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
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            found.append((node.lineno, node.value))
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
    [
        "The face of a learner.",
        "PPO is told this.",
        "Each policy is judged.",
        "Judges a policy and films it.",
        "paid at its end",
        "Pays every step.",
        "What the discriminator sees.",
        "where randomness hangs in the seed tree",
    ],
)
def test_the_dialect_is_found(sentence):
    assert any(re.search(pattern, sentence, re.IGNORECASE) for pattern in INSTEAD)


@pytest.mark.parametrize(
    "sentence",
    [
        "The demo is shown on the page.",
        "The camera is at the side of the table.",
        "A claim needs five seeds; a reader sees the table.",
        "The policy chooses every action, and nobody else may.",
    ],
)
def test_plain_sentences_pass(sentence):
    assert not any(re.search(pattern, sentence) for pattern in INSTEAD)
