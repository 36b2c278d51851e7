"""The endpoints of Stripe that the service calls, as they are named in spans and metrics."""

from enum import StrEnum


class Endpoint(StrEnum):
    """Paths with the identifiers left out: values of `url.template`."""

    BALANCE = "/v1/balance"
    CHECKOUT_SESSIONS = "/v1/checkout/sessions"
    CUSTOMER = "/v1/customers/{customer}"
    CUSTOMERS = "/v1/customers"
    EVENT = "/v2/core/events/{event}"
    INVOICE_LINES = "/v1/invoices/{invoice}/lines"
    INVOICE_PREVIEW = "/v1/invoices/create_preview"
    INVOICES = "/v1/invoices"
    METER_EVENTS = "/v1/billing/meter_events"
    METER_SUMMARIES = "/v1/billing/meters/{meter}/event_summaries"
    METERS = "/v1/billing/meters"
    PAYMENT_METHODS = "/v1/customers/{customer}/payment_methods"
    PORTAL_CONFIGURATIONS = "/v1/billing_portal/configurations"
    PORTAL_SESSIONS = "/v1/billing_portal/sessions"
    PRICES = "/v1/prices"
    SUBSCRIPTION = "/v1/subscriptions/{subscription}"
    SUBSCRIPTIONS = "/v1/subscriptions"
