# Thin: every target sets up what is missing (scripts/bootstrap) and calls the command. Works with GNU make 3.81.
#   make chaos SCENARIO=vault-outage ARGS='--json'

LOCKOUT := .venv/bin/lockout
PYTHON := .venv/bin/python
ARGS ?=
SCENARIO ?=
SOURCES := harness tests benchmarks fixtures

.DEFAULT_GOAL := help
.PHONY: help chaos nightly test test-unit lint images doctor heal clean bench soak soak-crash corpus matrix bootstrap bootstrap-dev scenario-given

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

chaos: scenario-given bootstrap ## run a scenario: make chaos SCENARIO=vault-outage [ARGS=...]
	@$(LOCKOUT) run $(SCENARIO) $(ARGS)

nightly: bootstrap ## run all scenarios
	@$(LOCKOUT) run $(ARGS) $(sort $(wildcard scenarios/*.scenario.yaml scenarios/*/*.scenario.yaml))

test: bootstrap-dev ## unit and integration tests (needs or starts a container engine)
	@$(PYTHON) -m pytest tests/unit tests/integration $(ARGS)

test-unit: bootstrap-dev ## unit tests only: seconds, no engine
	@$(PYTHON) -m pytest tests/unit $(ARGS)

lint: bootstrap-dev ## ruff and mypy
	@$(PYTHON) -m ruff check $(wildcard $(SOURCES))
	@$(PYTHON) -m ruff format --check $(wildcard $(SOURCES))
	@$(PYTHON) -m mypy

images: bootstrap ## obtain all images now: present, then pull, then build
	@$(LOCKOUT) images $(ARGS)

doctor: bootstrap ## what is there, what would be done and why; changes nothing
	@$(LOCKOUT) doctor $(ARGS)

heal: bootstrap ## undo what a killed run left behind
	@$(LOCKOUT) heal $(ARGS)

clean: bootstrap ## remove every container, network and volume of lockout, by label
	@$(LOCKOUT) gc $(ARGS)

soak: bootstrap-dev ## every scenario ten times: is the verdict always the same?
	@$(PYTHON) -m benchmarks.soak $(ARGS)

corpus: bootstrap-dev ## every scenario: does lockout tell sound workloads from planted mistakes?
	@$(PYTHON) -m tests.corpus $(ARGS)

matrix: bootstrap-dev ## every ending of a run, every family of faults: is everything as it was?
	@$(PYTHON) -m tests.matrix $(ARGS)

soak-crash: bootstrap-dev ## kill a run at 50 random moments: does heal put everything right?
	@$(PYTHON) -m benchmarks.crash $(ARGS)

bench: bootstrap-dev ## measure lockout itself
	@$(PYTHON) -m benchmarks $(ARGS)

bootstrap:
	@scripts/bootstrap

bootstrap-dev:
	@scripts/bootstrap --dev

scenario-given:
	@if [ -z "$(strip $(SCENARIO))" ]; then \
		echo "which scenario? for example: make chaos SCENARIO=vault-outage" >&2; \
		find scenarios -name '*.scenario.yaml' 2>/dev/null | sed 's|.*/||; s|\.scenario\.yaml$$||; s|^|  |' | sort >&2; \
		exit 2; \
	fi
