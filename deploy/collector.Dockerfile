# The Collector of collector/builder-full.yaml with its configuration. Build from the project's folder:
#   docker build -f deploy/collector.Dockerfile -t c2pa-billing-otelcol:0.159.0 .
ARG GO_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=python:3.11.14-slim-bookworm

FROM ${GO_IMAGE} AS build
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
RUN go install go.opentelemetry.io/collector/cmd/builder@v0.159.0
WORKDIR /build
COPY collector/builder-full.yaml /builder-full.yaml
RUN builder --config /builder-full.yaml

# The same base as the service's: it is there already, and its Python can ask for health, which an empty image cannot.
FROM ${BASE_IMAGE}
RUN groupadd --gid 10001 otelcol && useradd --uid 10001 --gid otelcol --no-create-home --home-dir /nonexistent otelcol \
 && install -d -o otelcol -g otelcol /queue
COPY --from=build /build/billing-otelcol-full /usr/local/bin/otelcol
COPY collector/agent.yaml collector/gateway.yaml collector/generated/redaction.yaml /etc/otelcol/
USER 10001:10001
VOLUME /queue
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:13133', timeout=2)"]
ENTRYPOINT ["otelcol"]
CMD ["--config", "/etc/otelcol/gateway.yaml", "--config", "/etc/otelcol/redaction.yaml"]
