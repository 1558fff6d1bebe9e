# Demonstrations: one file a task, with a video and a strip of frames.
rule demonstrate:
    input:
        files=files_of_demo,
    output:
        demo=f"{DEMO}/demo.npz",
        film=f"{DEMO}/demo.mp4",
        strip=f"{DEMO}/strip.png",
        provenance=f"{DEMO}/provenance.json",
    log:
        f"{DEMO}/demonstrate.log",
    benchmark:
        f"{DEMO}/demonstrate.benchmark.jsonl"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("demonstrate", "mem_mb"),
        runtime=asks("demonstrate", "runtime"),
        gpu=asks("demonstrate", "gpu"),
    params:
        job=job_of_demo,
    shell:
        "python -m showtell demonstrate --threads {threads} --job {params.job:q}"
        " --in files {input.files:q}"
        " --out demo {output.demo:q} --out film {output.film:q} --out strip {output.strip:q}"
        " --out provenance {output.provenance:q} 2> {log:q}"
