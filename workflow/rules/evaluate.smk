# Judging policies, and measuring rewards without any training.
rule evaluate:
    input:
        policy="results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/policy.safetensors",
        network="results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/policy.json",
    output:
        episodes="results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/evaluation/episodes.csv",
        metrics="results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/evaluation/metrics.json",
        video="results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/evaluation/rollout.mp4",
        provenance="results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/evaluation/provenance.json",
    log:
        "results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/evaluation/evaluate.log",
    benchmark:
        "results/{scale}/{paper}/{experiment}/{task}/{method}/seed{seed}/{phase}/evaluation/evaluate.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        gpu=0,
    params:
        job=job_of_evaluation,
    shell:
        "python -m showtell evaluate --threads {threads} --job {params.job:q}"
        " --in policy {input.policy:q} --in network {input.network:q}"
        " --out episodes {output.episodes:q} --out metrics {output.metrics:q}"
        " --out video {output.video:q} --out provenance {output.provenance:q} 2> {log:q}"


rule measure:
    input:
        targets=targets_of_study,
        encoders=weights_of_study,
        networks=networks_of_study,
    output:
        table="results/{scale}/{paper}/{experiment}/{task}/studies/{study}.csv",
        provenance="results/{scale}/{paper}/{experiment}/{task}/studies/{study}.provenance.json",
    log:
        "results/{scale}/{paper}/{experiment}/{task}/studies/{study}.log",
    benchmark:
        "results/{scale}/{paper}/{experiment}/{task}/studies/{study}.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=8000,
        gpu=0,
    params:
        job=job_of_study,
    shell:
        "python -m showtell measure --threads {threads} --job {params.job:q}"
        " --in targets {input.targets:q} --in encoders {input.encoders:q}"
        " --in networks {input.networks:q}"
        " --out table {output.table:q} --out provenance {output.provenance:q} 2> {log:q}"
