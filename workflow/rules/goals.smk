# Goals: a prompt, a demonstration or a picture, as one target embedding.
rule embed_goal:
    input:
        encoder=encoder_of_goal,
        network=network_of_goal,
        demo=demo_of_goal,
    output:
        target=f"{GOAL}.safetensors",
        provenance=f"{GOAL}.provenance.json",
    log:
        f"{GOAL}.log",
    benchmark:
        f"{GOAL}.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("embed_goal", "mem_mb"),
        runtime=asks("embed_goal", "runtime"),
        gpu=asks("embed_goal", "gpu"),
    params:
        job=job_of_goal,
    shell:
        "python -m showtell embed_goal --job {params.job:q}"
        " --in encoder {input.encoder:q} --in network {input.network:q}"
        " --in demo {input.demo:q}"
        " --out target {output.target:q} --out provenance {output.provenance:q} 2> {log:q}"
