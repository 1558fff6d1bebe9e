# One training: a task, a method, a seed, a phase. Its .resume/ folder outlives any kill.
rule train:
    input:
        targets=targets_of_training,
        encoders=weights_of_training,
        networks=networks_of_training,
        demos=demos_of_training,
        start=policy_before,
    output:
        policy=f"{TRAINING}/policy.safetensors",
        network=f"{TRAINING}/policy.json",
        progress=f"{TRAINING}/progress.csv",
        metrics=f"{TRAINING}/metrics.json",
        provenance=f"{TRAINING}/provenance.json",
    log:
        f"{TRAINING}/train.log",
    benchmark:
        f"{TRAINING}/train.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("train", "mem_mb"),
        runtime=asks("train", "runtime"),
        gpu=asks("train", "gpu"),
    params:
        job=job_of_training,
    shell:
        "python -m showtell train --threads {threads} --job {params.job:q}"
        " --in targets {input.targets:q} --in encoders {input.encoders:q}"
        " --in networks {input.networks:q} --in demos {input.demos:q}"
        " --in start {input.start:q}"
        " --out policy {output.policy:q} --out network {output.network:q}"
        " --out progress {output.progress:q} --out metrics {output.metrics:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"
