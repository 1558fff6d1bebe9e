"""The index: the papers side by side, each with one sentence of result, one video and its page."""

import json
import re

from tests.report.conftest import Tree, pages, report_job
from tests.report.test_page import Reader


def test_index_counts_what_is_done_of_each_paper_and_links_its_page(mini_tree):
    index, page = pages(mini_tree)
    assert 'id="paper-vlm_rm" data-trainings="25/25" data-figures="4/4"' in index
    assert 'href="report/vlm_rm.html"' in index
    assert 'href="../report.html"' in page
    assert "A stand-in for CLIP" in Reader(index).text


def test_sentence_of_a_result_is_made_from_the_verdicts(mini_tree):
    index, page = pages(mini_tree)
    (sentence,) = re.findall(r'<p class="result">(.*?)</p>', index)
    assert f'<p class="result">{sentence}</p>' in page
    (claim,) = re.findall(r"“(.*?)” is reproduced", sentence)
    shown = re.findall(
        r'id="claim-[^"]+" data-outcome="reproduced"(.*?)</article>', page, re.DOTALL
    )
    assert any(claim in card for card in shown)
    (count,) = re.findall(r"\((\d+) reproduced", sentence)
    tally = re.findall(r"(\d+) reproduced ·", index)
    assert tally == [count]


def test_index_of_nothing_says_so(empty_tree):
    index, page = pages(empty_tree)
    assert "No result yet" in index
    assert "No video yet" in index
    assert "<b>0</b>" not in index
    assert "This experiment has not run" in page


def test_page_names_the_experiments_that_are_not_part_of_the_scale(mini_tree):
    for text in (Reader(page).text for page in pages(mini_tree)):
        assert "Not part of mini" in text
        assert "Humanoid poses" in text  # by its title


def test_methods_without_results_are_named_inside_their_experiment_alone(tmp_path):
    job = report_job()
    other = json.loads(json.dumps(job["papers"]["vlm_rm"]["experiments"]["cartpole"]))
    other["methods"] = [{"name": "only-here", "label": "only here", "reward": {"kind": "zero"}}]
    job["papers"]["vlm_rm"]["experiments"]["second"] = other | {"experiment": "second"}
    index, page = pages(Tree(tmp_path / "results/mini", job).write_all(films=False))
    assert "only here" not in index
    begin = page.index('id="experiment-second"')
    assert "only here" not in page[:begin] + page[page.index("</section>", begin) :]
    assert "Without any result: Second" in Reader(page).text
