# A deploy pipeline with the error budget as its gate: `make -f pipeline.mk release`.
# Another CI needs the same two steps: the deploy runs only where `slo gate` exits 0.
SLO ?= slo
SPECS ?=
PROMETHEUS_URL ?= http://127.0.0.1:9090
AUDIT ?= var/slo-gate.jsonl
DEPLOY ?= kubectl apply -f deploy/kubernetes
# To ship a fix while the budget is spent: make -f pipeline.mk release REASON="rollback of the release of Tuesday"
REASON ?=
GATE_OPTIONS ?=

.PHONY: release gate deploy

release: deploy

deploy: gate
	$(DEPLOY)

gate:
	$(SLO) gate $(SPECS) --prometheus $(PROMETHEUS_URL) --audit $(AUDIT) $(if $(REASON),--override "$(REASON)") $(GATE_OPTIONS)
