"""Rule documents as those who load them want them: Prometheus, its operator in Kubernetes, Mimir and Thanos."""

import re
from collections.abc import Callable
from typing import Any

from slo.model import Slo

Document = dict[str, Any]
NAMESPACE = "slo"
"""Mimir's namespace of rules, and the label by which a Prometheus in Kubernetes may choose them."""


def _prometheus(_slo: Slo, rules: Document) -> Document:
    return rules


def _crd(slo: Slo, rules: Document) -> Document:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": f"{NAMESPACE}-{re.sub(r'[^a-z0-9.-]+', '-', slo.name.lower()).strip('.-')}",
            "labels": {"role": "alert-rules", "slo": re.sub(r"[^A-Za-z0-9._-]+", "-", slo.name)[:63].strip("._-")},
        },
        "spec": rules,
    }


def _mimir(_slo: Slo, rules: Document) -> Document:
    return {"namespace": NAMESPACE, **rules}


def _thanos(_slo: Slo, rules: Document) -> Document:
    """A ratio of a part of the stores would be wrong, so a rule fails where a store does not answer."""
    groups = []
    for group in rules["groups"]:
        head = {"name": group["name"], "interval": group["interval"], "partial_response_strategy": "abort"}
        groups.append({**head, "rules": group["rules"]})
    return {"groups": groups}


FORMATS: dict[str, Callable[[Slo, Document], Document]] = {
    "prometheus": _prometheus,
    "crd": _crd,
    "mimir": _mimir,
    "thanos": _thanos,
}
