# showtell: rewards you show or tell. `snakemake` runs the mini scale; `snakemake --config scale=desk` another,
# `seed=1` from another root seed.
from snakemake.utils import min_version

min_version("9.20")


include: "workflow/rules/common.smk"


wildcard_constraints:
    **{wildcard: one_of(names) for wildcard, names in NAMES.items()},
    replicate=RESULTS,
    seed=r"\d+",


# Each rule names environment.yml, which installs this repository: Snakemake's lint asks for one a rule.
include: "workflow/rules/videos.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/demos.smk"
include: "workflow/rules/goals.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        # Not the page alone: it grows while jobs run, and a page of a failed run is no result.
        f"{PAGE}.html".format(replicate=RESULTS),
        f"{PAGE}.provenance.json".format(replicate=RESULTS),
        *(page.format(replicate=RESULTS) for page in PAPER_PAGES.values()),
        *(path for paper in GRID.parameters.papers for path in all_outputs_of(paper)),


for paper in GRID.parameters.papers:

    rule:
        name:
            paper
        input:
            all_outputs_of(paper),
        localrule: True


refuse_unmade_targets()


onstart:
    schedule_when_jobs_end(workflow)
    invocation.begin(ROOT, RESULTS, OWN_STUDY)


onsuccess:
    invocation.end(ROOT, RESULTS, OWN_STUDY, failed=False)


onerror:
    invocation.end(ROOT, RESULTS, OWN_STUDY, failed=True)
