# Methods side by side: the summary, the claims, the figures.
rule compare:
    input:
        evaluations=evaluations_of,
        curves=curves_of,
        studies=studies_of,
    output:
        summary=f"{COMPARISON}/summary.csv",
        claims=f"{COMPARISON}/claims.json",
        scores=f"{COMPARISON}/scores.csv",
        curves=f"{COMPARISON}/curves.csv",
        comparison=f"{COMPARISON}/comparison.json",
        provenance=f"{COMPARISON}/provenance.json",
    log:
        f"{COMPARISON}/compare.log",
    benchmark:
        f"{COMPARISON}/compare.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("compare", "mem_mb"),
        runtime=asks("compare", "runtime"),
        gpu=asks("compare", "gpu"),
    params:
        job=job_of_comparison,
    shell:
        "python -m showtell summarise --job {params.job:q}"
        " --results results/{wildcards.replicate:q}"
        " --out summary {output.summary:q} --out claims {output.claims:q}"
        " --out scores {output.scores:q} --out curves {output.curves:q}"
        " --out comparison {output.comparison:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"


rule figure:
    input:
        evaluations=evaluations_of,
        curves=curves_of,
        studies=studies_of,
        videos=videos_of,
        demos=demos_of,
    output:
        svg=report(
            f"{FIGURE}.svg",
            caption="../report/figure.rst",
            category="{paper}",
            subcategory="{experiment}",
            labels={"figure": "{figure}"},
        ),
        pdf=f"{FIGURE}.pdf",
        csv=f"{FIGURE}.csv",
        provenance=f"{FIGURE}.provenance.json",
    log:
        f"{FIGURE}.log",
    benchmark:
        f"{FIGURE}.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("figure", "mem_mb"),
        runtime=asks("figure", "runtime"),
        gpu=asks("figure", "gpu"),
    params:
        job=job_of_figure,
    shell:
        "python -m showtell figure --job {params.job:q}"
        " --results results/{wildcards.replicate:q}"
        " --out svg {output.svg:q} --out pdf {output.pdf:q} --out csv {output.csv:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"
