"""A board as a page that needs no Grafana: each panel of the generated JSON, drawn from a Prometheus."""
