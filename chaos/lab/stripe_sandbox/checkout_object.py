"""The shapes of checkout sessions and of the setup intents behind them."""

from chaos.lab.stripe_sandbox.objects import Object, new_id

_NULL = (
    *("adaptive_pricing", "after_expiration", "allow_promotion_codes", "amount_subtotal", "amount_total"),
    *("billing_address_collection", "cancel_url", "client_reference_id", "client_secret", "collected_information"),
    *("consent", "consent_collection", "currency", "currency_conversion", "customer", "customer_account"),
    *("customer_creation", "customer_details", "customer_email", "discounts", "invoice", "invoice_creation"),
    *("locale", "managed_payments", "origin_context", "payment_intent", "payment_link"),
    *("payment_method_configuration_details", "permissions", "recovered_from", "saved_payment_method_options"),
    *("setup_intent", "shipping_address_collection", "shipping_cost", "submit_type", "subscription"),
    *("success_url", "total_details", "wallet_options"),
)
_SETUP_NULL = (
    *("application", "automatic_payment_methods", "cancellation_reason", "customer_account", "description"),
    *("excluded_payment_method_types", "flow_directions", "last_setup_error", "latest_attempt"),
    *("mandate", "next_action", "on_behalf_of", "payment_method", "payment_method_configuration_details"),
    *("payment_method_options", "single_use_mandate"),
)


def new_session(identifier: str, mode: str, url: str, now: int, expires_at: int) -> Object:
    """An open session."""
    nothing: Object = dict.fromkeys(_NULL)
    return nothing | {
        "id": identifier,
        "object": "checkout.session",
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": now,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"),
        ),
        "expires_at": expires_at,
        "livemode": False,
        "metadata": {},
        "mode": mode,
        "payment_method_collection": "always",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "url": url,
    }


def new_setup_intent(customer_id: str | None, metadata: dict[str, str], now: int) -> Object:
    """An intent to keep a payment method."""
    identifier = new_id("seti")
    nothing: Object = dict.fromkeys(_SETUP_NULL)
    return nothing | {
        "id": identifier,
        "object": "setup_intent",
        "client_secret": f"{identifier}_secret_sandbox",
        "created": now,
        "customer": customer_id,
        "livemode": False,
        "metadata": metadata,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": "off_session",
    }
