"""Products."""

from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params


class Products:
    """The endpoints under /v1/products."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept = Collection("product")

    def create(self, params: Params) -> Object:
        """POST /v1/products"""
        params.accept("active", "description", "metadata", "name", "unit_label")
        now = int(self._clock())
        active = params.flag("active")
        return self.kept.add(
            {
                "id": new_id("prod"),
                "object": "product",
                "active": True if active is None else active,
                "created": now,
                "default_price": None,
                "description": params.text("description"),
                "images": [],
                "livemode": False,
                "marketing_features": [],
                "metadata": params.metadata({}),
                "name": params.required_text("name"),
                "package_dimensions": None,
                "shippable": None,
                "statement_descriptor": None,
                "tax_code": None,
                "type": "service",
                "unit_label": params.text("unit_label"),
                "updated": now,
                "url": None,
            }
        )

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/products/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/products/{id}"""
        params.accept("active", "description", "metadata", "name", "unit_label")
        product = self.kept.get(identifier)
        changes: Object = {name: params.text(name) for name in ("description", "unit_label") if name in params}
        if "name" in params:
            changes["name"] = params.required_text("name")
        if "active" in params:
            changes["active"] = params.flag("active")
        product |= changes | {"metadata": params.metadata(product["metadata"]), "updated": int(self._clock())}
        return product

    def index(self, params: Params) -> Object:
        """GET /v1/products"""
        params.accept("active", "ids", *PAGING)
        active, ids = params.flag("active"), set(params.list_of_texts("ids"))
        return self.kept.page(
            params,
            "/v1/products",
            lambda product: active in {None, product["active"]} and (not ids or product["id"] in ids),
        )
