"""Every PromQL expression of the boards, made of the metric registry's names and of the SLO engine's.

Metrics and attributes are given by their OpenTelemetry names, as the registry lists them. An expression about
failures yields 0 where there were none, so that an empty panel always means missing telemetry.
"""

from decimal import Decimal

from dashboards_as_code.errors import DashboardError
from dashboards_as_code.model import AlertState
from dashboards_as_code.variables import CHOSEN, INSTANCE, JOB, RATE_INTERVAL
from service.telemetry.registry import Metric, prometheus_labels, prometheus_names
from slo import names
from slo.model import Pair, Severity, Slo, Window, plain
from slo.rules import burn_alert

REQUESTS = "billing.http.requests"
HTTP_SERVER = "http.server.request.duration"
HTTP_SERVER_ACTIVE = "http.server.active_requests"
REDIS = "db.client.operation.duration"
STRIPE = "http.client.request.duration"
USAGE_EVENTS = "billing.usage.events"
STRIPE_RETRIES = "billing.stripe.retries"
STRIPE_REPLAYS = "billing.stripe.idempotent_replays"
STRIPE_BREAKERS = "billing.stripe.breakers"
STRIPE_BREAKER_OPENINGS = "billing.stripe.breaker.openings"
WEBHOOK_EVENTS = "billing.webhook.events"
WEBHOOK_EFFECTS = "billing.webhook.effects"
WEBHOOK_QUEUE = "billing.webhook.queue.events"
WEBHOOK_AGE = "billing.webhook.queue.age"
COMMIT_SIZE = "billing.ledger.commit.size"
COMMIT_QUEUE = "billing.ledger.queue.requests"
INTENTS = "billing.metering.intents"
INTENT_BACKLOG = "billing.metering.backlog.intents"
INTENT_AGE = "billing.metering.backlog.age"
COMPARISONS = "billing.metering.comparisons"
DRIFT = "billing.metering.drift"
SHARDS = "billing.metering.shards"
ARCHIVED = "billing.archive.entries"
ARCHIVE_LAG = "billing.archive.lag"
CAP_STEPS = "billing.cost_cap.steps"
REVENUE = "billing.revenue.accrued"
COST = "billing.cost.accrued"
VERIFICATIONS = "c2pa.verify.results"
RATE_LIMITS = "billing.rate_limit.decisions"
SHED = "billing.overload.shed"
CONCURRENCY_LIMIT = "billing.overload.limit"
PROCESS_DELAY = "billing.overload.delay"
C2PA_DURATION = "c2pa.operation.duration"
TOP_COSTS = "billing.cost.top"
LOOP_LAG = "billing.event_loop.lag"
TRACES = "billing.telemetry.traces"
TELEMETRY_DROPPED = "billing.telemetry.dropped"
TELEMETRY_EXPORTED = "billing.telemetry.exported"
TELEMETRY_OVERFLOWS = "billing.telemetry.overflows"
LOG_RECORDS = "billing.log.records"

METHOD = "http.request.method"
ROUTE = "http.route"
STATUS = "http.response.status_code"
ERROR = "error.type"
OPERATION = "db.operation.name"
STRIPE_PATH = "url.template"
EVENT_TYPE = "billing.usage.event_type"
OUTCOME = "billing.usage.outcome"
REQUEST_OUTCOME = "billing.request.outcome"
RETRY_OUTCOME = "billing.stripe.retry.outcome"
BREAKER_STATE = "billing.stripe.breaker.state"
WEBHOOK_OUTCOME = "billing.webhook.outcome"
WEBHOOK_EFFECT = "billing.webhook.effect"
WEBHOOK_PLACE = "billing.webhook.place"
INTENT_OUTCOME = "billing.metering.outcome"
INTENT_PLACE = "billing.metering.place"
COMPARISON = "billing.metering.comparison"
CAP_STEP = "billing.cost_cap.step"
COST_COMPONENT = "billing.cost.component"
PLAN = "billing.plan"
DISCOVERY = "c2pa.discovery"
VERIFY_OUTCOME = "c2pa.verify.outcome"
RATE_LIMITER = "billing.rate_limit.limiter"
RATE_LIMIT_OUTCOME = "billing.rate_limit.outcome"
SHED_PRIORITY = "billing.overload.priority"
C2PA_OPERATION = "c2pa.operation"
COST_TENANT = "billing.cost.tenant"
DECISION = "billing.trace.decision"
SIGNAL = "billing.telemetry.signal"
MEASURED = "billing.telemetry.metric"
EVENT_NAME = "event.name"
FOUND, MISSING, INVALID = "found", "missing", "invalid"
BAD = "bad"
DEAD = "dead"
HANDLED, UNHANDLED = "request.failed", "request.crashed"
DECIDED_LOCALLY = ("allowed_locally", "limited_locally")
REFUSED_WEBHOOKS = ("forged", "untimely", "malformed")
NO_ERROR = "none"

DAY_SECONDS = 86400

GAMEDAY_PHASE = "gameday.run.phase"
GAMEDAY_MARK = "gameday.mark.offset"
GAMEDAY_STEP = "gameday.step.duration"
GAMEDAY_TARGET = "gameday.step.target"
GAMEDAY_HISTORY = "gameday.history.duration"
GAMEDAY_EXPECTED = "gameday.alerts.expected"
PHASE = "gameday.phase"
IDLE = "idle"

# What the Collector's exporter says of the process that telemetry is of.
TARGET = "target_info"
VERSION = "service_version"

# Prometheus's own names.
ALERTS = "ALERTS"
ALERT_NAME = "alertname"
ALERT_STATE = "alertstate"
BUCKET_BOUND = "le"

STATUS_CLASS = "class"


def label(metric: Metric, attribute: str) -> str:
    """The Prometheus label of an attribute that the metric carries; a DashboardError where it carries none."""
    found = dict(zip((a.name for a in metric.attributes), prometheus_labels(metric), strict=True))
    if attribute not in found:
        raise DashboardError(f"{metric.name}: no attribute {attribute!r}; expected one of {', '.join(found)}")
    return found[attribute]


def per_second(metric: Metric, by: str) -> str:
    """How often it happened, by an attribute."""
    return f"sum by ({label(metric, by)}) ({_rate(_counter(metric))})"


def per_hour(metric: Metric, by: str) -> str:
    """How much an hour, at the pace of the rate interval, by an attribute."""
    return f"3600 * {per_second(metric, by)}"


def total_per_second(metric: Metric) -> str:
    """How often it happened in all."""
    return f"sum({_rate(_counter(metric))})"


def chosen_per_second(metric: Metric, attribute: str, *values: str) -> str:
    """How often one of these values of an attribute happened, each by itself."""
    found = label(metric, attribute)
    return f"sum by ({found}) ({_rate(_counter(metric), _one_of(found, values))})"


def of_value(metric: Metric, attribute: str, value: str, by: str) -> str:
    """How often one value of an attribute happened, by another attribute."""
    found = _rate(_counter(metric), _one_of(label(metric, attribute), (value,)))
    return f"sum by ({label(metric, by)}) ({found})"


def share(metric: Metric, attribute: str, *values: str) -> str:
    """The share of all cases that have one of these values of an attribute; 0 where there were none."""
    part = f"sum({_rate(_counter(metric), _one_of(label(metric, attribute), values))})"
    return f"{part} / ({total_per_second(metric)} > 0) or 0 * {total_per_second(metric)}"


def chosen_now(metric: Metric, attribute: str, value: str) -> str:
    """What all instances report now of one value of an attribute, added up."""
    (series,) = prometheus_names(metric)
    return f"sum({_selector(series, _one_of(label(metric, attribute), (value,)))})"


def largest_now(metric: Metric, attribute: str, value: str) -> str:
    """The largest that any instance reports now of one value of an attribute: for what all of them see alike."""
    (series,) = prometheus_names(metric)
    return f"max({_selector(series, _one_of(label(metric, attribute), (value,)))})"


def seconds_a_request(duration: Metric, requests: Metric) -> str:
    """How much of an operation's time falls on one answered request."""
    _, total, _ = prometheus_names(duration)
    return f"sum({_rate(total)}) / ({total_per_second(requests)} > 0)"


def waiting_seconds_a_request(queue: Metric, requests: Metric) -> str:
    """The time in a queue that falls on one answered request: its mean length over the rate of requests (Little)."""
    (length,) = prometheus_names(queue)
    return f"sum(avg_over_time({_selector(length)}[{RATE_INTERVAL}])) / ({total_per_second(requests)} > 0)"


def margin(revenue: Metric, cost: Metric) -> str:
    """The share of the revenue that the cost to serve leaves over; where the interval had none, since the start."""
    recent = f"1 - {total_per_second(cost)} / ({total_per_second(revenue)} > 0)"
    since_start = f"1 - sum({_selector(_counter(cost))}) / (sum({_selector(_counter(revenue))}) > 0)"
    return f"{recent} or {since_start} or 0 * {total_per_second(revenue)}"


def forecast_of_day(level: Metric, counter: Metric) -> str:
    """What a level that began at 0 at midnight UTC reaches by the next, at the pace of its counter."""
    left = f"({DAY_SECONDS} - time() % {DAY_SECONDS})"
    return f"{current_total(level)} + {total_per_second(counter)} * {left}"


def current_maximum(metric: Metric, by: str | None = None) -> str:
    """The largest value that any instance reports now, by an attribute: for what all of them see alike."""
    (series,) = prometheus_names(metric)
    grouped = "" if by is None else f" by ({label(metric, by)})"
    return f"max{grouped} ({_selector(series)})"


def current_total(metric: Metric, by: str | None = None) -> str:
    """What all instances report now, added up."""
    (series,) = prometheus_names(metric)
    grouped = "" if by is None else f" by ({label(metric, by)})"
    return f"sum{grouped} ({_selector(series)})"


def mean(metric: Metric) -> str:
    """Mean of a histogram's values; where the rate interval had none, over all since the start of the service."""
    _, total, count = prometheus_names(metric)
    recent = f"sum({_rate(total)}) / (sum({_rate(count)}) > 0)"
    return f"{recent} or sum({_selector(total)}) / sum({_selector(count)})"


def survival(metric: Metric) -> str:
    """Share of the verifications, by discovery, that still found their content credential; invalid ones count not."""
    by, outcome = label(metric, DISCOVERY), label(metric, VERIFY_OUTCOME)
    found = _rate(_counter(metric), f'{outcome}="{FOUND}"')
    decided = _rate(_counter(metric), f'{outcome}=~"{FOUND}|{MISSING}"')
    return f"sum by ({by}) ({found}) / (sum by ({by}) ({decided}) > 0)"


def errors_per_second(metric: Metric, by: str) -> str:
    """How often it failed, by an attribute; 0 for all that happened without a failure."""
    failed = _rate(_counter(metric), f'{label(metric, ERROR)}!=""')
    return f"sum by ({label(metric, by)}) ({failed}) or 0 * {per_second(metric, by)}"


def errors_per_second_by_type(metric: Metric) -> str:
    """How often it failed, by the class of the error; 0 of the type "none" where nothing failed."""
    kind = label(metric, ERROR)
    failed = _rate(_counter(metric), f'{kind}!=""')
    nothing = f'label_replace(0 * {total_per_second(metric)}, "{kind}", "{NO_ERROR}", "{kind}", "")'
    return f"sum by ({kind}) ({failed}) or {nothing}"


def bad_share(metric: Metric, by: str) -> str:
    """The share of the answered requests that the availability objective counts as bad, by an attribute."""
    bad = _rate(_counter(metric), f'{label(metric, REQUEST_OUTCOME)}="{BAD}"')
    return f"sum by ({label(metric, by)}) ({bad}) / (sum by ({label(metric, by)}) ({_rate(_counter(metric))}) > 0)"


def a_request(metric: Metric, requests: Metric) -> str:
    """How much of the counter falls on one answered request."""
    return f"{total_per_second(metric)} / ({total_per_second(requests)} > 0)"


def difference_an_hour(more: Metric, less: Metric) -> str:
    """By how much an hour, at the pace of the rate interval, one counter grows more than another."""
    return f"3600 * ({total_per_second(more)} - {total_per_second(less)})"


def per_second_by_status_class(metric: Metric) -> str:
    """How often it was answered with 2xx, 4xx and so on, in a label of its own."""
    classed = (
        f'label_replace({_rate(_counter(metric))}, "{STATUS_CLASS}", "${{1}}xx", "{label(metric, STATUS)}", "(.)..")'
    )
    return f"sum by ({STATUS_CLASS}) ({classed})"


def current(metric: Metric, by: str) -> str:
    """How many there are now, by an attribute."""
    (series,) = prometheus_names(metric)
    return f"sum by ({label(metric, by)}) ({_selector(series)})"


def quantile_of_all(metric: Metric, share: Decimal) -> str:
    """The duration in seconds that `share` of all cases stayed within."""
    return f"histogram_quantile({plain(share)}, sum by ({BUCKET_BOUND}) ({_rate(_buckets(metric))}))"


def quantile(metric: Metric, share: Decimal, by: str) -> str:
    """The duration in seconds that `share` of the cases stayed within, by an attribute."""
    return f"histogram_quantile({plain(share)}, {_bucket_sum(_rate(_buckets(metric)), metric, by)})"


def quantile_of_rare(metric: Metric, share: Decimal, by: str) -> str:
    """As `quantile`; over all cases since the start of the service where the rate interval had none."""
    since_start = _bucket_sum(_selector(_buckets(metric)), metric, by)
    return f"{quantile(metric, share, by)} >= 0 or histogram_quantile({plain(share)}, {since_start})"


def buckets_per_second(metric: Metric) -> str:
    """How often each of a histogram's buckets was reached, as heatmaps draw it."""
    return f"sum by ({BUCKET_BOUND}) ({_rate(_buckets(metric))})"


def share_within(metric: Metric, bound_seconds: Decimal) -> str:
    """The share of cases that took at most so long; the bound has to be one of the histogram's buckets."""
    bound = plain(bound_seconds)
    if bound not in {plain(Decimal(str(bucket))) for bucket in metric.buckets}:
        raise DashboardError(f"{metric.name}: no bucket ends at {bound} s; expected one of {metric.buckets}")
    within = _rate(_buckets(metric), f'{BUCKET_BOUND}="{bound}"')
    return f"sum({within}) / sum({_rate(_counter(metric))})"


def error_ratio(slo: Slo, window: Window) -> str:
    """The recorded share of bad requests over a window."""
    return names.series(names.ERROR_RATIO, slo.name, window.text)


def allowed_error_ratio(slo: Slo) -> str:
    """The share of bad requests that the objective allows."""
    return f"1 - {names.series(names.OBJECTIVE, slo.name)}"


def burn_rate(slo: Slo, window: Window) -> str:
    """How many times faster than the even pace the budget is spent over a window."""
    return f"{error_ratio(slo, window)} / on ({names.SLO}) ({allowed_error_ratio(slo)})"


def budget_remaining(slo: Slo) -> str:
    """The share of the period's error budget that is left."""
    return names.series(names.BUDGET_REMAINING, slo.name)


def objective(slo: Slo) -> str:
    """The share of good requests that is promised."""
    return names.series(names.OBJECTIVE, slo.name)


def indicator(slo: Slo, window: Window) -> str:
    """The share of good requests over a window."""
    return f"1 - {error_ratio(slo, window)}"


def budget_remaining_seconds(slo: Slo) -> str:
    """How long everything may fail until the period's error budget is gone."""
    left = f"{budget_remaining(slo)} * on ({names.SLO}) {names.series(names.PERIOD, slo.name)}"
    return f"{left} * on ({names.SLO}) ({allowed_error_ratio(slo)})"


def seconds_to_exhaustion(slo: Slo, window: Window) -> str:
    """How long the budget lasts at a window's pace: 0 where it is gone, and at most the whole period."""
    period = names.series(names.PERIOD, slo.name)
    lasts = f"{budget_remaining(slo)} * on ({names.SLO}) {period} / on ({names.SLO}) ({burn_rate(slo, window)})"
    return f"clamp({lasts}, 0, scalar({period}))"


def burn_alert_state(slo: Slo, pair: Pair) -> str:
    """The AlertState of one pair of windows as a number."""
    windows = {names.LONG_WINDOW: pair.long.text, names.SHORT_WINDOW: pair.short.text}
    return _alert_state(slo, {ALERT_NAME: burn_alert(slo), names.SLO: slo.name, **windows})


def absence_alert_state(slo: Slo) -> str:
    """The AlertState of the alert for vanished telemetry as a number."""
    return _alert_state(slo, {ALERT_NAME: names.telemetry_absent_alert(slo.name), names.SLO: slo.name})


def firing_pages() -> str:
    """The alerts that wake somebody, each SLO once at a time."""
    matchers = names.braces({ALERT_STATE: AlertState.FIRING.name.lower(), names.SEVERITY: Severity.PAGE.value})
    return f"max by ({names.SLO}, {ALERT_NAME}) ({ALERTS}{matchers})"


def deploys() -> str:
    """Versions of the service that were not there five minutes ago."""
    running = f'{TARGET}{{{CHOSEN[JOB]}, {CHOSEN[INSTANCE]}, {VERSION}!=""}}'
    return f"count by ({VERSION}) ({running}) unless count by ({VERSION}) ({running} offset 5m)"


def experiment_phases(phase: Metric) -> str:
    """The phase of the GameDay that is under way, from the fault on."""
    (series,) = prometheus_names(phase)
    found = label(phase, PHASE)
    return f'max by ({found}) ({series}{{{found}!="{IDLE}"}}) > 0'


def of_gameday(metric: Metric) -> str:
    """What the GameDay says now, by all its attributes; it has one instance, and no choice of jobs is about it."""
    (series,) = prometheus_names(metric)
    return f"max by ({', '.join(prometheus_labels(metric))}) ({series})"


def fired(expected: Metric) -> str:
    """1 for every alert that fires, 0 for each that is expected and does not."""
    firing = names.braces({ALERT_STATE: AlertState.FIRING.name.lower()})
    return f"max by ({ALERT_NAME}) ({ALERTS}{firing}) or 0 * {of_gameday(expected)}"


def label_values(metric: Metric, wanted: str) -> str:
    """The query of a variable for the values of `job`, or for those of `instance` within the chosen jobs."""
    chosen = {JOB: "", INSTANCE: f"{{{CHOSEN[JOB]}}}"}
    return f"label_values({_counter(metric)}{chosen[wanted]}, {wanted})"


def _alert_state(slo: Slo, labels: dict[str, str]) -> str:
    # No alert, no ALERTS series: the objective, which is always recorded, stands in for "inactive".
    raised = (
        f"max({state.value} * {ALERTS}{names.braces({**labels, ALERT_STATE: state.name.lower()})})"
        for state in (AlertState.FIRING, AlertState.PENDING)
    )
    inactive = f"max({AlertState.INACTIVE.value} * {names.series(names.OBJECTIVE, slo.name)})"
    return " or ".join([*raised, inactive])


def _counter(metric: Metric) -> str:
    return prometheus_names(metric)[-1]


def _buckets(metric: Metric) -> str:
    bucket, _, _ = prometheus_names(metric)
    return bucket


def _bucket_sum(buckets: str, metric: Metric, by: str) -> str:
    return f"sum by ({BUCKET_BOUND}, {label(metric, by)}) ({buckets})"


def _one_of(label_name: str, values: tuple[str, ...]) -> str:
    return f'{label_name}="{values[0]}"' if len(values) == 1 else f'{label_name}=~"{"|".join(values)}"'


def _rate(series: str, *matchers: str) -> str:
    return f"rate({_selector(series, *matchers)}[{RATE_INTERVAL}])"


def _selector(series: str, *matchers: str) -> str:
    return f"{series}{{{', '.join([*CHOSEN.values(), *matchers])}}}"
