"""Reading what a subscription shall be like: trial, anchor, payment and the rest of its plain fields."""

from dataclasses import dataclass

from chaos.lab.stripe_sandbox.errors import invalid_parameter
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.periods import next_day_of_month

DAY_SECONDS = 24 * 3600
PRORATIONS = ("create_prorations", "none", "always_invoice")
PAYMENT_BEHAVIORS = ("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
COLLECTIONS = ("charge_automatically", "send_invoice")
FEEDBACK = (
    *("customer_service", "low_quality", "missing_features", "other", "switched_service"),
    *("too_complex", "too_expensive", "unused"),
)
DETAILS = (
    *("cancel_at", "cancel_at_period_end", "cancellation_details", "collection_method", "days_until_due"),
    *("default_payment_method", "description", "metadata", "off_session", "payment_behavior"),
    *("payment_settings", "proration_behavior", "trial_settings"),
)


@dataclass(frozen=True, slots=True)
class Cycle:
    """When a new subscription's trial ends and where its billing cycle is anchored (unix seconds)."""

    trial_end: int | None
    anchor: int
    anchor_config: Object | None


def read_cycle(params: Params, now: int) -> Cycle:
    """Without an explicit anchor, the cycle begins with the end of the trial, or now."""
    trial_end = read_trial_end(params, now)
    first = trial_end or now
    config, anchor = _anchor_config(params.group("billing_cycle_anchor_config"), now), None
    if config is not None:
        anchor = next_day_of_month(first, config["day_of_month"], config["hour"], config["minute"], config["second"])
    elif "billing_cycle_anchor" in params:
        anchor = params.required_integer("billing_cycle_anchor")
        if anchor < first:
            message = "billing_cycle_anchor must not be before the subscription's start or its trial's end."
            raise invalid_parameter("billing_cycle_anchor", message)
    return Cycle(trial_end, first if anchor is None else anchor, config)


def read_trial_end(params: Params, now: int) -> int | None:
    """The end of the trial; None without one, or when it shall end now."""
    days = params.integer("trial_period_days")
    if days is not None:
        return now + days * DAY_SECONDS if days else None
    if params.text("trial_end") in {None, "now"}:
        return None
    end = params.required_integer("trial_end")
    if end <= now:
        raise invalid_parameter("trial_end", "Invalid timestamp: must be in the future.")
    return end


def read_details(params: Params, current: Object, now: int) -> Object:
    """The plain fields that a request changes; `default_payment_method` is left to who knows the methods."""
    details: Object = {"metadata": params.metadata(current["metadata"])}
    if "description" in params:
        details["description"] = params.text("description")
    method = params.choice("collection_method", COLLECTIONS)
    if method is not None:
        details["collection_method"] = method
    if "days_until_due" in params:
        details["days_until_due"] = params.integer("days_until_due")
    details |= _payment_settings(params.group("payment_settings"), current)
    details |= _trial_settings(params.group("trial_settings"), current)
    details |= _ending(params, current, now)
    params.choice("payment_behavior", PAYMENT_BEHAVIORS)
    return details


def proration_behavior(params: Params) -> str:
    """How a change within a period is paid."""
    return params.choice("proration_behavior", PRORATIONS) or "create_prorations"


def cancellation(params: Params | None, current: Object, reason: str | None) -> Object:
    """The subscription's cancellation_details after a request."""
    details = {**current["cancellation_details"], "reason": reason}
    if params is not None:
        params.accept("comment", "feedback")
        details |= {"comment": params.text("comment")} if "comment" in params else {}
        details |= {"feedback": params.choice("feedback", FEEDBACK)} if "feedback" in params else {}
    return details


def _ending(params: Params, current: Object, now: int) -> Object:
    group = params.group("cancellation_details")
    reason = current["cancellation_details"]["reason"]
    at_period_end, moment = params.flag("cancel_at_period_end"), None
    if at_period_end is not None:
        period_end = max(item["current_period_end"] for item in current["items"]["data"])
        moment = period_end if at_period_end else None
    elif "cancel_at" in params:
        at_period_end, moment = False, params.integer("cancel_at")
        if moment is not None and moment <= now:
            raise invalid_parameter("cancel_at", "Invalid timestamp: must be in the future.")
    elif group is None:
        return {}
    else:
        return {"cancellation_details": cancellation(group, current, reason)}
    reason = "cancellation_requested" if moment is not None else None
    return {
        "cancel_at": moment,
        "cancel_at_period_end": at_period_end,
        "canceled_at": now if moment is not None else None,
        "cancellation_details": cancellation(group, current, reason),
    }


def _anchor_config(params: Params | None, now: int) -> Object | None:
    """Hour, minute and second default to those of now."""
    if params is None:
        return None
    params.accept("day_of_month", "hour", "minute", "second")
    day = params.required_integer("day_of_month")
    if not 1 <= day <= 31:
        raise invalid_parameter("billing_cycle_anchor_config[day_of_month]", "Must be between 1 and 31.")
    of_day = now % DAY_SECONDS
    defaults = {"hour": of_day // 3600, "minute": of_day % 3600 // 60, "second": of_day % 60}
    given = {name: params.integer(name) for name in defaults}
    moments = {name: defaults[name] if value is None else value for name, value in given.items()}
    return {"day_of_month": day, "month": None, **moments}


def _payment_settings(params: Params | None, current: Object) -> Object:
    if params is None:
        return {}
    params.accept("payment_method_types", "save_default_payment_method")
    settings = dict(current["payment_settings"])
    if "payment_method_types" in params:
        settings["payment_method_types"] = params.list_of_texts("payment_method_types") or None
    choice = params.choice("save_default_payment_method", ("off", "on_subscription"))
    settings["save_default_payment_method"] = choice or settings["save_default_payment_method"]
    return {"payment_settings": settings}


def _trial_settings(params: Params | None, current: Object) -> Object:
    if params is None:
        return {}
    params.accept("end_behavior")
    behavior = params.required_group("end_behavior")
    behavior.accept("billing_cycle_anchor", "missing_payment_method")
    merged = dict(current["trial_settings"]["end_behavior"])
    chosen = behavior.choice("missing_payment_method", ("create_invoice", "cancel", "pause"))
    merged["missing_payment_method"] = chosen or merged["missing_payment_method"]
    if "billing_cycle_anchor" in behavior:
        merged["billing_cycle_anchor"] = behavior.choice("billing_cycle_anchor", ("now", "unchanged"))
    return {"trial_settings": {"end_behavior": merged}}
