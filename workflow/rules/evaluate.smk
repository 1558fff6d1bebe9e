# Judging policies, and measuring rewards without any training.
rule evaluate:
    input:
        policy=f"{TRAINING}/policy.safetensors",
        description=f"{TRAINING}/policy.json",
        targets=targets_of_evaluation,
        encoders=weights_of_evaluation,
        networks=networks_of_evaluation,
        demos=demos_of_evaluation,
    output:
        episodes=f"{EVALUATION}/episodes.csv",
        metrics=f"{EVALUATION}/metrics.json",
        video=f"{EVALUATION}/rollout.mp4",
        provenance=f"{EVALUATION}/provenance.json",
    log:
        f"{EVALUATION}/evaluate.log",
    benchmark:
        f"{EVALUATION}/evaluate.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("evaluate", "mem_mb"),
        runtime=asks("evaluate", "runtime"),
        gpu=asks("evaluate", "gpu"),
    params:
        job=job_of_evaluation,
    shell:
        "python -m showtell evaluate --threads {threads} --job {params.job:q}"
        " --in policy {input.policy:q} --in description {input.description:q}"
        " --in targets {input.targets:q} --in encoders {input.encoders:q}"
        " --in networks {input.networks:q} --in demos {input.demos:q}"
        " --out episodes {output.episodes:q} --out metrics {output.metrics:q}"
        " --out video {output.video:q} --out provenance {output.provenance:q} 2> {log:q}"


rule measure:
    input:
        targets=targets_of_study,
        encoders=weights_of_study,
        networks=networks_of_study,
        demos=demos_of_study,
        labels=labels_of_study,
        policies=policies_of_study,
        descriptions=descriptions_of_study,
    output:
        table=f"{STUDY}.csv",
        strips=f"{STUDY}.npz",
        provenance=f"{STUDY}.provenance.json",
    log:
        f"{STUDY}.log",
    benchmark:
        f"{STUDY}.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("measure", "mem_mb"),
        runtime=asks("measure", "runtime"),
        gpu=asks("measure", "gpu"),
    params:
        job=job_of_study,
    shell:
        "python -m showtell measure --threads {threads} --job {params.job:q}"
        " --in targets {input.targets:q} --in encoders {input.encoders:q}"
        " --in networks {input.networks:q} --in demos {input.demos:q}"
        " --in labels {input.labels:q} --in policies {input.policies:q}"
        " --in descriptions {input.descriptions:q}"
        " --out table {output.table:q} --out strips {output.strips:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"
