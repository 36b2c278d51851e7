"""The billing portal: configurations, and sessions whose page shows a customer what is theirs."""

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.errors import RefusedError, missing_parameter
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.origin import url_of
from chaos.lab.stripe_sandbox.params import Params

FEATURES: Object = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


class Portal:
    """The endpoints under /v1/billing_portal."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.configurations = Collection("configuration")
        self.sessions = Collection("billing_portal.session")

    def configure(self, params: Params) -> Object:
        """POST /v1/billing_portal/configurations; the first one is the default."""
        params.accept("business_profile", "default_return_url", "features", "metadata", "name")
        features = params.required_group("features")
        features.accept(*FEATURES)
        now = int(self._account.times.main())
        return self.configurations.add(
            {
                "id": new_id("bpc"),
                "object": "billing_portal.configuration",
                "active": True,
                "application": None,
                "business_profile": _business_profile(params.group("business_profile")),
                "created": now,
                "default_return_url": params.text("default_return_url"),
                "features": {name: _feature(features.group(name), like) for name, like in FEATURES.items()},
                "is_default": not self.configurations.all(),
                "livemode": False,
                "login_page": {"enabled": False, "url": None},
                "metadata": params.metadata({}),
                "name": params.text("name"),
                "updated": now,
            }
        )

    def retrieve_configuration(self, params: Params, identifier: str) -> Object:
        """GET /v1/billing_portal/configurations/{id}"""
        params.accept()
        return self.configurations.get(identifier)

    def index_configurations(self, params: Params) -> Object:
        """GET /v1/billing_portal/configurations"""
        params.accept("active", "is_default", *PAGING)
        active, default = params.flag("active"), params.flag("is_default")
        return self.configurations.page(
            params,
            "/v1/billing_portal/configurations",
            lambda row: active in {None, row["active"]} and default in {None, row["is_default"]},
        )

    def open(self, params: Params) -> Object:
        """POST /v1/billing_portal/sessions"""
        params.accept("configuration", "customer", "locale", "return_url")
        customer_id = params.text("customer")
        if customer_id is None:
            raise missing_parameter("customer")
        customer = self._account.customers.living(customer_id, "customer")
        configuration = self._configuration(params.text("configuration"))
        identifier = new_id("bps")
        return self.sessions.add(
            {
                "id": identifier,
                "object": "billing_portal.session",
                "configuration": configuration["id"],
                "created": int(self._account.times.main()),
                "customer": customer["id"],
                "customer_account": None,
                "flow": None,
                "livemode": False,
                "locale": params.text("locale"),
                "on_behalf_of": None,
                "return_url": params.text("return_url") or configuration["default_return_url"],
                "url": url_of(f"/_sandbox/portal/{identifier}"),
            }
        )

    def _configuration(self, identifier: str | None) -> Object:
        if identifier is not None:
            return self.configurations.get(identifier, "configuration")
        for configuration in self.configurations.all():
            if configuration["is_default"]:
                return configuration
        message = "No configuration provided and your test mode default configuration has not been created."
        raise RefusedError(400, message, param="configuration")


def _business_profile(params: Params | None) -> Object:
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    if params is None:
        params = Params({})
    params.accept(*names)
    return {name: params.text(name) for name in names}


def _feature(params: Params | None, like: Object) -> Object:
    """What is given, in the shape and with the defaults of `like`."""
    if params is None:
        return dict(like)
    extra = ("products",) if "trial_update_behavior" in like else ()
    params.accept(*like, *extra)
    return {name: _value(params, name, default) for name, default in like.items()}


def _value(params: Params, name: str, default: object) -> object:
    if name not in params:
        return default
    if isinstance(default, bool):
        return params.flag(name)
    if isinstance(default, list):
        return params.list_of_texts(name)
    if isinstance(default, dict):
        return _feature(params.group(name), default)
    return params.text(name)
