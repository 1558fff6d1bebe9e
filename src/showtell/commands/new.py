"""Writes a reward, a task or a study of one's own that works as it stands, and its test."""

import json
import keyword
import re
import sys
import unicodedata
from pathlib import Path
from string import Template
from typing import Any, Literal

from showtell.project.errors import UserError, nearest
from showtell.project.files import write_text
from showtell.study.loading import base, load
from showtell.study.parameters import Parameters, Task
from showtell.study.registry import examples, parts

DATA = ("new_files/*.txt",)
_FILES = Path(__file__).with_name("new_files")
_LONGEST = {"reward": 22, "task": 22, "study": 40}  # of a line of code, of a path
_SENTENCES = {  # a reward by a sentence -> the same by the task's wrong sentence
    "roboclip-text": "roboclip-wrong-text",
    "clip-text": "clip-wrong-text",
    "clip-humanoid": "clip-wrong-humanoid",
}
_MEASURED = """\
    studies:
      alignment:
        kind: alignment
        methods: [sentence]
        episodes: 40
        goals_of: own
        controls: {{wrong: {wrong}}}
"""

What = Literal["reward", "task", "study"]


def new_reward(root: Path, name: str) -> int:
    """One file in `rewards/` and its test."""
    _check_name(root, "reward", name, r"[a-z][a-z0-9_]*", parts("rewards"))
    values = {"name": name, "Class": _class_name(name)}
    return _write(
        root,
        {
            f"src/showtell/rewards/{name}.py": _filled("reward.py", values),
            f"tests/rewards/test_{name}.py": _filled("reward_test.py", values),
        },
        f"python -m pytest tests/rewards/test_{name}.py tests/rewards/test_contract.py -k {name}",
        f"python -m tests.rewards.test_contract {name}   # records its golden scores",
        "make export                                     # its settings, in the schema",
        f"showtell new study {name.replace('_', '-')}-study --reward {name}",
    )


def new_task(root: Path, name: str) -> int:
    """A world of one's own: a folder in `worlds/`, its test, and a study that learns it."""
    known = {*parts("worlds"), *(part.family for part in parts("worlds").values())}
    _check_name(root, "task", name, r"[a-z][a-z0-9_]*", known)
    study = name.replace("_", "-")
    _refuse_known("task", study, {*base(root)["tasks"], *base(root)["learners"]})
    values = {"name": name, "Class": _class_name(name), "study": study}
    family, tests = f"src/showtell/worlds/{name}", f"tests/worlds/{name}"
    return _write(
        root,
        {
            f"{family}/__init__.py": '"""A puck that has to reach a ring on a table."""\n',
            f"{family}/world.py": _filled("world.py", values),
            f"{family}/scene.py": _filled("scene.py", values),
            f"studies/{study}.yaml": _filled("world_study.yaml", values),
            f"{tests}/__init__.py": "",
            f"{tests}/test_world.py": _filled("world_test.py", values),
        },
        f"python -m pytest {tests} && python -m pytest tests/worlds/test_tasks.py -k {study}",
        "make export   # its settings, in the schema",
        f"make reproduce STUDY=studies/{study}.yaml SCALE=smoke   # is it solvable?",
    )


def new_study(root: Path, name: str, task: str, text: str | None, reward: str | None) -> int:
    """One YAML file, which is refused before it is kept if its parts do not fit."""
    p = load(root, "paper")
    _check_name(root, "study", name, r"[a-z][a-z0-9-]*[a-z0-9]", p.papers)
    if task not in p.tasks:
        raise UserError(f"--task: there is no task {task!r}; {nearest(task, p.tasks)}")
    if reward is not None and text is not None:
        raise UserError(
            "--text is the goal of a sentence's reward, --reward another one: give one."
        )
    if reward is None:
        study = _of_sentence(p, name, task, text)
    else:
        study = _of_reward(p, name, task, reward)
    file = f"studies/{name}.yaml"
    written = {
        file: study,
        f"tests/own/test_{name.replace('-', '_')}.py": _filled("study_test.py", {"name": name}),
    }
    if not (root / "tests/own/__init__.py").exists():
        written["tests/own/__init__.py"] = ""
    return _write(
        root,
        written,
        f"python -m pytest tests/own/test_{name.replace('-', '_')}.py",
        f"make plan STUDY={file}        # the jobs, their time and their disk space",
        *_measurement(file, name, study),
        f"make reproduce STUDY={file}   # the trainings, and a page",
        study=Path(file),
    )


def _measurement(file: str, name: str, study: str) -> list[str]:
    """How the sentence is measured before any training, where the task has a script."""
    if "alignment" not in study:
        return []
    tables = f"results/mini/{name}/first/{name}-task/studies/alignment.csv"
    return [
        f"make reproduce STUDY={file} TARGETS={tables}",
        f"showtell compare results/mini/{name}   # the sentence beside the wrong one",
    ]


def _of_sentence(p: Parameters, name: str, task: str, text: str | None) -> str:
    entry = p.tasks[task]
    goal = text or (entry.prompts.goal if entry.prompts else None)
    wrong = entry.prompts.wrong if entry.prompts else None
    if not goal:
        raise UserError(
            f"tasks.{task} has no prompt; give the sentence: "
            f"showtell new study {name} --task {task} --text 'robot …'"
        )
    reward = _by_sentence(p, task, entry)
    scripted = entry.world.offers().script
    control = _SENTENCES[reward]
    return _filled(
        "study.yaml",
        {
            "name": name,
            "title": f"Another sentence for {task}",
            "quoted_title": json.dumps(f"Another sentence for {task}"),
            "task": f"{name}-task",
            "base": task,
            "goal": _quoted(goal),
            "wrong": _quoted(wrong or "robot standing still"),
            "reward": reward,
            "wrong_reward": control,
            "studies": _MEASURED.format(wrong=control) if scripted else "",
            "figures": "      fit: {kind: fit, study: alignment}" if scripted else "",
        },
    )


def _by_sentence(p: Parameters, task: str, entry: Task) -> str:
    """The reward by a sentence that the papers use in this world, or RoboCLIP's."""
    for paper in p.papers.values():
        for experiment in paper.experiments.values():
            if any(p.tasks[other].world.kind == entry.world.kind for other in experiment.tasks):
                used = {method.reward for method in experiment.methods.values()}
                if found := sorted(used & _SENTENCES.keys()):
                    return found[0]
    return "roboclip-text"


def _of_reward(p: Parameters, name: str, task: str, reward: str) -> str:
    """An entry of params.yaml, or a kind whose example needs no goal."""
    alone = [one for one in examples("rewards") if not _goals(one)]
    known = {one["kind"]: one for one in reversed(alone)}
    if reward in p.rewards:
        settings: dict[str, Any] = {"from": reward}
    elif reward in known:
        settings = known[reward]
    else:
        raise UserError(
            f"--reward: there is no reward {reward!r} that needs no goal, nor an entry of "
            f"params.yaml; {nearest(reward, {*p.rewards, *known})}"
        )
    title = f"The reward {reward} on {task}"
    return _filled(
        "reward_study.yaml",
        {
            "name": name,
            "title": title,
            "quoted_title": json.dumps(title),
            "settings": json.dumps(settings),
            "base": task,
        },
    )


def _goals(example: dict[str, Any]) -> tuple[str, ...]:
    settings: Any = parts("rewards")[example["kind"]].settings.model_validate(example)
    needs = settings.needs()
    return (*needs.goals, *(demonstration.demo for demonstration in needs.demonstrations))


def _quoted(text: str | list[str]) -> str:
    """A sentence as YAML within braces; several, one after another."""
    return json.dumps(text, ensure_ascii=False)


def _check_name(root: Path, what: What, name: str, pattern: str, known: Any) -> None:
    if not (root / "params.yaml").is_file():
        raise UserError(f"{root} has no params.yaml; run this in the repository's own folder.")
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "-" if what == "study" else "_", letters).strip("-_")
    fits = (
        re.fullmatch(pattern, name) and len(name) <= _LONGEST[what] and not keyword.iskeyword(name)
    )
    if not fits:
        try_ = plain[: _LONGEST[what]].strip("-_")
        better = re.fullmatch(pattern, try_) and not keyword.iskeyword(try_) and try_
        joint = "- between words" if what == "study" else "_ between words"
        raise UserError(
            f"a {what} cannot be called {name!r}, for files and folders have its name: small "
            f"letters and digits, a letter first, {joint}, at most {_LONGEST[what]} signs and no "
            f"word of Python; for example {better or f'my_{what}'!r}."
        )
    _refuse_known(what, name, known)


def _refuse_known(what: What, name: str, known: Any) -> None:
    if name in known:
        raise UserError(f"there is a {what} {name!r} already; give yours another name.")


def _write(root: Path, files: dict[str, str], *then: str, study: Path | None = None) -> int:
    """All of the files or none, and the commands that come next."""
    present = [path for path in files if (root / path).exists()]
    if present:
        raise UserError(f"{present[0]} exists already, and nothing was written; give another name.")
    try:
        for path, text in files.items():
            write_text(root / path, text)
        if study is not None:
            load(root, "paper", study)
    except UserError:
        for path in files:
            (root / path).unlink(missing_ok=True)
        raise
    named = [path for path in files if not path.endswith("__init__.py")]
    lines = [*(f"wrote {path}" for path in named), "", "next:"]
    sys.stdout.write("\n".join([*lines, *(f"  {command}" for command in then)]) + "\n")
    return 0


def _filled(template: str, values: dict[str, str]) -> str:
    text = Template((_FILES / f"{template}.txt").read_text()).substitute(values)
    return text.rstrip("\n") + "\n"


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
