"""Tenants and their API keys in the ledger."""

from dataclasses import dataclass

from service.domain.tenant import Plan, Tenant, TenantStatus
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script


@dataclass(frozen=True, slots=True)
class StoredKey:
    tenant_id: str
    digest: bytes


class TenantBook:
    """Creates and reads tenants; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._create = load_script("create_tenant")

    async def create(self, tenant: Tenant, key_id: str, key_digest: bytes) -> None:
        """Store the tenant and its first key together; the key id must share the tenant id's first byte."""
        shard = keys.shard_of(tenant.tenant_id)
        fields = [part for pair in _to_fields(tenant).items() for part in pair]
        await self._ledger.script(
            Operation.CREATE_TENANT,
            self._create,
            [keys.tenants(shard), keys.tenant(tenant.tenant_id), keys.api_key(key_id)],
            [tenant.tenant_id, key_digest.hex(), *fields],
        )

    async def read(self, tenant_id: str) -> Tenant | None:
        fields = await self._ledger.command(Operation.READ_TENANT, "HGETALL", keys.tenant(tenant_id))
        return _from_fields(tenant_id, fields) if fields else None

    async def read_key(self, key_id: str) -> StoredKey | None:
        fields = await self._ledger.command(Operation.READ_KEY, "HGETALL", keys.api_key(key_id))
        return StoredKey(fields["tenant_id"], bytes.fromhex(fields["digest"])) if fields else None


def _to_fields(tenant: Tenant) -> dict[str, str]:
    return {
        "name": tenant.name,
        "email": tenant.email,
        "plan": tenant.plan,
        "status": tenant.status,
        "customer_id": tenant.customer_id,
        "created_at": str(tenant.created_at),
    }


def _from_fields(tenant_id: str, fields: dict[str, str]) -> Tenant:
    return Tenant(
        tenant_id=tenant_id,
        name=fields["name"],
        email=fields["email"],
        plan=Plan(fields["plan"]),
        status=TenantStatus(fields["status"]),
        customer_id=fields["customer_id"],
        created_at=int(fields["created_at"]),
    )
