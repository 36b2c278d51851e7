"""Grafana dashboards, generated from the metric registry and the SLOs."""
