# Frozen networks: trained here where a scale says how, fetched by name and checksum otherwise.
rule train_encoder:
    input:
        videos=videos_of_encoder,
    output:
        weights=f"{ENCODER}/model.safetensors",
        network=f"{ENCODER}/model.json",
        training=f"{ENCODER}/training.csv",
        metrics=f"{ENCODER}/metrics.json",
        provenance=f"{ENCODER}/provenance.json",
    log:
        f"{ENCODER}/train_encoder.log",
    benchmark:
        f"{ENCODER}/train_encoder.benchmark.jsonl"
    wildcard_constraints:
        encoder=one_of(encoders(trained_here=True)),
    priority: 10  # most trainings wait for it
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("train_encoder", "mem_mb"),
        runtime=asks("train_encoder", "runtime"),
        gpu=asks("train_encoder", "gpu"),
    params:
        job=job_of_encoder,
    shell:
        "python -m showtell train_encoder --threads {threads} --gpus {resources.gpu} --job {params.job:q}"
        " --in videos {input.videos:q}"
        " --out weights {output.weights:q} --out network {output.network:q}"
        " --out training {output.training:q} --out metrics {output.metrics:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"


rule fetch_encoder:
    output:
        weights=f"{ENCODER}/model.safetensors",
        network=f"{ENCODER}/model.json",
        provenance=f"{ENCODER}/provenance.json",
    log:
        f"{ENCODER}/fetch_encoder.log",
    benchmark:
        f"{ENCODER}/fetch_encoder.benchmark.jsonl"
    wildcard_constraints:
        encoder=one_of(encoders(trained_here=False)),
    priority: 10  # most trainings wait for it
    retries: 3
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("fetch_encoder", "mem_mb"),
        runtime=asks("fetch_encoder", "runtime"),
        gpu=asks("fetch_encoder", "gpu"),
    params:
        job=job_of_encoder,
    shell:
        "python -m showtell fetch_encoder --job {params.job:q}"
        " --out weights {output.weights:q} --out network {output.network:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"
