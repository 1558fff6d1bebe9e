# Videos of people: drawn by code, or a user's own files; indexed and packed once.
rule draw_videos:
    output:
        part0=f"{VIDEOS}/archive/20bn-something-something-v2-00.zip",
        part1=f"{VIDEOS}/archive/20bn-something-something-v2-01.zip",
        labels=f"{VIDEOS}/archive/labels.zip",
        provenance=f"{VIDEOS}/archive/provenance.json",
    log:
        f"{VIDEOS}/draw_videos.log",
    benchmark:
        f"{VIDEOS}/draw_videos.benchmark.jsonl"
    wildcard_constraints:
        videos=one_of(drawn_videos()),
    priority: 20  # networks wait for it, and trainings for them
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("draw_videos", "mem_mb"),
        runtime=asks("draw_videos", "runtime"),
        gpu=asks("draw_videos", "gpu"),
    params:
        job=job_of_drawing,
    shell:
        "python -m showtell draw_videos --threads {threads} --job {params.job:q}"
        " --out part0 {output.part0:q} --out part1 {output.part1:q}"
        " --out labels {output.labels:q} --out provenance {output.provenance:q} 2> {log:q}"


# Beside these files stand the shards, and the journal by which a run that was killed goes on.
rule read_videos:
    input:
        files=files_of_videos,
    output:
        index=f"{VIDEOS}/index.parquet",
        videos=f"{VIDEOS}/videos.parquet",
        offsets=f"{VIDEOS}/offsets.npy",
        sizes=f"{VIDEOS}/sizes.npy",
        quarantine=f"{VIDEOS}/quarantine.csv",
        counts=f"{VIDEOS}/counts.csv",
        shards=f"{VIDEOS}/shards.json",
        provenance=f"{VIDEOS}/provenance.json",
    log:
        f"{VIDEOS}/read_videos.log",
    benchmark:
        f"{VIDEOS}/read_videos.benchmark.jsonl"
    priority: 20
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=asks("read_videos", "mem_mb"),
        runtime=asks("read_videos", "runtime"),
        gpu=asks("read_videos", "gpu"),
    params:
        job=job_of_reading,
    shell:
        "python -m showtell read_videos --threads {threads} --job {params.job:q}"
        " --in files {input.files:q}"
        " --out index {output.index:q} --out videos {output.videos:q}"
        " --out offsets {output.offsets:q} --out sizes {output.sizes:q}"
        " --out quarantine {output.quarantine:q} --out counts {output.counts:q}"
        " --out shards {output.shards:q} --out provenance {output.provenance:q} 2> {log:q}"
