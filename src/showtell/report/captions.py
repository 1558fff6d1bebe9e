"""Captions as a page prints them: they speak of no method that has not run."""

import re
from collections.abc import Iterable

from showtell.results.reading import Results

_QUOTED = re.compile(r"“(\w[^”]*)”")
_SENTENCE = re.compile(r"(?<=[.!?]) (?=\S)")


def of_methods(caption: str, names: Iterable[str]) -> str:
    """The clauses of a caption, without those that quote methods none of which is among `names`.

    A quotation may be a part of a name: “sparse” stands for every method that is called so.
    """
    known = list(names)

    def said(clause: str) -> bool:
        quoted = _QUOTED.findall(clause)
        return not quoted or any(word in name for word in quoted for name in known)

    kept = []
    for sentence in _SENTENCE.split(caption):
        clauses = [clause for clause in sentence.rstrip(".").split("; ") if said(clause)]
        if clauses:
            text = "; ".join(clauses)
            kept.append(text[:1].upper() + text[1:] + ("." if sentence.endswith(".") else ""))
    return " ".join(kept)


def methods_that_ran(results: Results) -> set[str]:
    """The methods that have a policy, a curve or a row of a study."""
    found = {run.method for run in (*results.scores_of, *results.progress)}
    for table in results.studies.values():
        if "method" in table.columns:
            found |= set(table.column("method"))
    return found & set(results.comparison.methods)


def names_of(results: Results) -> list[str]:
    """The names and the labels of the methods that ran."""
    methods, ran = results.comparison.methods, methods_that_ran(results)
    return [word for name in methods if name in ran for word in (name, methods[name].label)]
