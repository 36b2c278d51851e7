"""The processors that redact: keys by allow-list from the registry, values by pattern, in every position they reach."""

from collections.abc import Iterable, Sequence
from typing import Any

from service.secret_forms import MASK, load_forms

_OF_THE_COLLECTOR = ("span.name", "span.kind", "status.code")
"""Dimensions that the span_metrics connector adds."""
_BYTES_BODY = (
    "log.body != nil and not IsString(log.body) and not IsMap(log.body) and not IsList(log.body)"
    " and not IsInt(log.body) and not IsDouble(log.body) and not IsBool(log.body)"
)


def document(attributes: Iterable[str], patterns: Sequence[str]) -> dict[str, Any]:
    """A configuration that is merged into the Collector's: processors `redaction` and `transform/redaction`."""
    return {
        "processors": {
            "redaction": {
                "allowed_keys": sorted({*attributes, *_OF_THE_COLLECTOR}),
                "blocked_values": list(patterns),
                "redact_all_types": True,
                "summary": "silent",
            },
            "transform/redaction": _texts("|".join(f"(?:{pattern})" for pattern in patterns)),
        }
    }


def _texts(regex: str) -> dict[str, Any]:
    """The texts that are no attributes. What cannot be redacted is refused (`propagate`), not passed on."""

    def masked(*paths: str) -> list[str]:
        literal = regex.replace("\\", "\\\\").replace('"', '\\"')
        return [f'replace_pattern({path}, "{literal}", "{MASK}")' for path in paths]

    return {
        "error_mode": "propagate",
        "trace_statements": [
            *masked("scope.name", "scope.version"),
            *masked("span.name", "span.status.message", "spanevent.name"),
            'set(span.trace_state, "")',
        ],
        "log_statements": [
            *masked("scope.name", "scope.version"),
            *masked("log.event_name", "log.severity_text"),
            f'set(log.body, "{MASK}") where {_BYTES_BODY}',
        ],
        "metric_statements": [
            *masked("scope.name", "scope.version"),
            *masked("metric.name", "metric.description", "metric.unit"),
        ],
    }


def read_patterns() -> list[str]:
    """The expressions of every form of secret."""
    return [form.regex for form in load_forms()]
