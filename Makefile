# showtell: `make reproduce` and `make test` are all a newcomer needs; `make help` lists the rest.
SCALE   ?= mini
SEED    ?=
STUDY   ?=
TARGETS ?= all
REMOTE  ?=
CORES   ?= all
PYTHON  ?= python3
UV      := uv==0.13.8
REPLICATE = --scale $(SCALE) $(if $(SEED),--seed='$(SEED)')

VENV := .venv
BIN  := $(abspath $(VENV))/bin
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)/src
# Hundreds of short processes import the same packages: let them keep what they compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help reproduce test cluster-packages cluster-test plan why doctor share pull agree label probe ui bench faults gallery lint types contracts unit workflow-tests lock export format gl

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# --- the environment: made once, remade when the lock changes ---

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "showtell needs Python 3.11 to 3.13; found $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	@echo "installing the locked environment into $(VENV) (6.6 GB, some minutes on a slow line)"
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

gl:
	@workflow/install-gl.sh

# --- what a user does ---

reproduce: $(VENV)/.ready gl ## run the study; SCALE=smoke|mini|desk|paper, SEED=1, TARGETS="…", STUDY=mine.yaml
	@SHOWTELL_MAKE=$$PPID snakemake --cores $(CORES) --config scale=$(SCALE) $(if $(SEED),seed='$(SEED)') $(if $(STUDY),study='$(STUDY)') --logger showtell -- $(TARGETS) && \
	  showtell page $(REPLICATE) $(if $(STUDY),--study '$(STUDY)')

plan: $(VENV)/.ready ## what would run, how long, how much disk and download; PROFILE=slurm: what a cluster is asked for
	@showtell plan $(REPLICATE) $(if $(STUDY),--study '$(STUDY)') $(if $(PROFILE),--profile '$(PROFILE)')

why: $(VENV)/.ready ## what would run for TARGET="…" (a file, a paper, all), and what changed
	@showtell why $(REPLICATE) '$(or $(TARGET),all)'

doctor: $(VENV)/.ready ## check this machine; every problem comes with its fix
	@showtell doctor $(REPLICATE)

tables: $(VENV)/.ready ## write the small tables that git keeps, from finished results
	@showtell tables $(REPLICATE) $(if $(STUDY),--study '$(STUDY)')

share: $(VENV)/.ready ## record results and push them; REMOTE=folder|s3://…|ssh://…
	@showtell share $(REPLICATE) $(if $(REMOTE),--remote '$(REMOTE)')

pull: $(VENV)/.ready ## fetch shared results, verified, so that nothing reruns
	@showtell pull $(REPLICATE) $(if $(REMOTE),--remote '$(REMOTE)')

agree: $(VENV)/.ready ## do verdicts agree? A=results/mini B=results/mini-seed1, another machine's too
	@showtell agree $(A) $(B) $(if $(JSON),--json '$(JSON)') $(if $(CSV),--csv '$(CSV)')

label: $(VENV)/.ready ## rate videos by hand: TASK=… KIND=buckets|frames|pairs RATER=…; OFFLINE=1, READ=…
	@showtell label $(REPLICATE) $(if $(TASK),--task '$(TASK)') $(if $(KIND),--kind '$(KIND)') \
	  $(if $(RATER),--rater '$(RATER)') $(if $(COUNT),--count '$(COUNT)') $(if $(EACH),--each '$(EACH)') \
	  $(if $(PORT),--port '$(PORT)') $(if $(OFFLINE),--offline) $(if $(READ),--read '$(READ)') \
	  $(if $(AGREEMENT),--agreement)

# As variables of the environment, so that a sentence may hold any character.
export TEXT BASELINE VIDEO IMAGE MODEL
probe: $(VENV)/.ready gl ## is this a goal? TASK=… and TEXT="…", VIDEO=…, IMAGE=… or MODEL=lerobot:…; one page, no training
	@showtell probe $(REPLICATE) --task '$(TASK)' $(if $(TEXT),--text "$$TEXT") $(if $(BASELINE),--baseline "$$BASELINE") \
	  $(if $(VIDEO),--video "$$VIDEO") $(if $(IMAGE),--image "$$IMAGE") $(if $(MODEL),--model "$$MODEL")

ui: $(VENV)/.ready ## look at the runs with MLflow, on this machine only
	@echo "The experiments: http://127.0.0.1:5000/#/experiments (Ctrl-C ends the page)"
	@exec mlflow ui --host 127.0.0.1 --backend-store-uri $${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}

bench: $(VENV)/.ready gl ## measure speed and memory; writes docs/performance.md
	@python -m tests.bench

faults: $(VENV)/.ready ## kill, damage, fill disks, in 800 ways; writes docs/reliability.md
	@python -m tests.faults --write

# --- what a contributor does ---

gallery: $(VENV)/.ready gl ## draw every task and demo into docs/gallery, to be looked at
	@showtell gallery

test: $(VENV)/.ready gl ## format, lint, types, import contracts, unit tests, workflow tests
	@$(MAKE) --no-print-directory lint types contracts
	@python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

cluster-packages: $(VENV)/.ready
	@test -x .cluster/bin/moto_server || { $(BIN)/uv venv --quiet --python $(BIN)/python .cluster && \
	  $(BIN)/uv pip install --quiet --python .cluster/bin/python -r tests/cluster/requirements.txt && \
	  $(BIN)/uv pip install --quiet --python .cluster/bin/python --no-deps --target .cluster/driver -r tests/cluster/driver.txt; }

cluster-test: cluster-packages gl ## Slurm, a bucket, SSH and PostgreSQL, really started; needs Debian's packages
	@MOTO_SERVER=$(CURDIR)/.cluster/bin/moto_server PYTHONPATH=$(CURDIR)/src:$(CURDIR)/.cluster/driver \
	  python -m pytest -m 'cluster and not slow' -rs tests/cluster

lint: $(VENV)/.ready
	@ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@ruff check --quiet .
	@snakefmt --check Snakefile workflow/rules 2>/dev/null || { echo "run: make format"; exit 1; }
	@# appended: a log file that stderr goes to keeps what it has
	@snakemake --lint --config scale=smoke 2>&1 | tee -a /dev/stderr | grep -q "Congratulations"

types: $(VENV)/.ready
	@mypy

contracts: $(VENV)/.ready
	@lint-imports

format: $(VENV)/.ready ## rewrite the code in the house format
	@ruff format . && ruff check --fix . && snakefmt Snakefile workflow/rules

export: $(VENV)/.ready ## rewrite what is generated from code: the schema, environment.yml
	@showtell export

lock: ## renew requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra dev --extra remotes --extra cluster pyproject.toml --output-file requirements.lock
