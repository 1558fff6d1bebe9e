# The pages a person reads: an index, and one a paper; a study of one's own has one page.
rule report:
    input:
        results=everything_reported,
        networks=networks_reported,
        learned_from=videos_learned_from,
        videos=videos_reported,
    output:
        page=f"{PAGE}.html",
        papers=list(PAPER_PAGES.values()),
        provenance=f"{PAGE}.provenance.json",
    log:
        f"{PAGE}.log",
    benchmark:
        f"{PAGE}.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("report", "mem_mb"),
        runtime=asks("report", "runtime"),
        gpu=asks("report", "gpu"),
    params:
        job=job_of_report,
    shell:
        "python -m showtell report --job {params.job:q}"
        " --results results/{wildcards.replicate:q}"
        " --out page {output.page:q} --out provenance {output.provenance:q}"
        + pages_as_options()
        + " 2> {log:q}"
