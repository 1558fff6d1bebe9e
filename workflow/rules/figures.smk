# Methods side by side: the summary, the claims, the figures.
rule compare:
    input:
        evaluations=evaluations_of,
        curves=curves_of,
        studies=studies_of,
    output:
        summary="results/{scale}/{paper}/{experiment}/compare/summary.csv",
        claims="results/{scale}/{paper}/{experiment}/compare/claims.json",
        provenance="results/{scale}/{paper}/{experiment}/compare/provenance.json",
    log:
        "results/{scale}/{paper}/{experiment}/compare/compare.log",
    benchmark:
        "results/{scale}/{paper}/{experiment}/compare/compare.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        gpu=0,
    params:
        job=job_of_comparison,
    shell:
        "python -m showtell compare --job {params.job:q}"
        " --results results/{wildcards.scale:q}"
        " --out summary {output.summary:q} --out claims {output.claims:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"


rule figure:
    input:
        evaluations=evaluations_of,
        curves=curves_of,
        studies=studies_of,
        films=films_of,
        demos=demos_of,
    output:
        svg=report(
            "results/{scale}/{paper}/{experiment}/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="{paper}",
            subcategory="{experiment}",
            labels={"figure": "{figure}"},
        ),
        pdf="results/{scale}/{paper}/{experiment}/figures/{figure}.pdf",
        csv="results/{scale}/{paper}/{experiment}/figures/{figure}.csv",
        provenance="results/{scale}/{paper}/{experiment}/figures/{figure}.provenance.json",
    log:
        "results/{scale}/{paper}/{experiment}/figures/{figure}.log",
    benchmark:
        "results/{scale}/{paper}/{experiment}/figures/{figure}.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        gpu=0,
    params:
        job=job_of_figure,
    shell:
        "python -m showtell figure --job {params.job:q}"
        " --results results/{wildcards.scale:q}"
        " --out svg {output.svg:q} --out pdf {output.pdf:q} --out csv {output.csv:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"
