"""Tenants in the ledger, each change with its entry in the audit trail."""

from collections.abc import Mapping

from service.domain.audit_entry import AuditEntry
from service.domain.tenant import Plan, Tenant
from service.errors import LeaseLostError, NotFoundError, VersionConflictError
from service.ledger import keys
from service.ledger.audit_trail import entry_arguments
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script
from service.ledger.stored_key import StoredKey, to_key_fields
from service.ledger.tenant_fields import CHANGEABLE, from_fields, to_fields, to_text

_MISSING, _CONFLICT, _FENCED = "missing", "conflict", "fenced"


class TenantBook:
    """Creates, reads and changes tenants; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._create = load_script("create_tenant")
        self._change = load_script("change_tenant")

    async def create(self, tenant: Tenant, key: StoredKey, entry: AuditEntry) -> None:
        """Store the tenant and its first key together; repeating it with the same ids and digest changes nothing.

        The key id must share the tenant id's first byte.
        """
        identity = [tenant.tenant_id, key.key_id, key.digest.hex()]
        tenant_fields, key_fields = _flat(to_fields(tenant)), _flat(to_key_fields(key))
        await self._ledger.script(
            Operation.CREATE_TENANT,
            self._create,
            [
                keys.tenants(keys.shard_of(tenant.tenant_id)),
                keys.tenant(tenant.tenant_id),
                keys.keyring(tenant.tenant_id),
                keys.api_key(key.key_id),
                keys.trail(tenant.tenant_id),
                _journal(tenant.tenant_id),
            ],
            [*identity, *entry_arguments(entry), len(tenant_fields), *tenant_fields, *key_fields],
        )

    async def read(self, tenant_id: str) -> Tenant | None:
        fields = await self._ledger.command(Operation.READ_TENANT, "HGETALL", keys.tenant(tenant_id))
        return from_fields(tenant_id, fields) if fields else None

    async def plan_of(self, tenant_id: str) -> Plan | None:
        plan = await self._ledger.command(Operation.READ_TENANT, "HGET", keys.tenant(tenant_id), "plan")
        return Plan(plan) if plan else None

    async def change(
        self,
        tenant_id: str,
        changes: Mapping[str, object],
        entry: AuditEntry,
        expected_version: int | None = None,
        fence: int | None = None,
    ) -> Tenant:
        """Set the fields, raise the version and append the entry with each value before and after.

        Where nothing differs nothing is done. Raises NotFoundError, VersionConflictError where `expected_version` is
        not the version, and LeaseLostError where `fence` is not that of the tenant's last lease.
        """
        _judge(changes)
        texts = {name: to_text(value) for name, value in changes.items()}
        found = await self._ledger.script(
            Operation.CHANGE_TENANT,
            self._change,
            [keys.tenant(tenant_id), keys.trail(tenant_id), keys.fence(tenant_id), _journal(tenant_id)],
            [tenant_id, to_text(expected_version), to_text(fence), *entry_arguments(entry), *_flat(texts)],
        )
        if found == _MISSING:
            raise NotFoundError
        if found == _CONFLICT:
            raise VersionConflictError
        if found == _FENCED:
            raise LeaseLostError
        return from_fields(tenant_id, dict(zip(found[::2], found[1::2], strict=True)))


def _journal(tenant_id: str) -> str:
    return keys.events(keys.shard_of(tenant_id))


def _judge(changes: Mapping[str, object]) -> None:
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise ValueError(f"expected changes of {', '.join(sorted(CHANGEABLE))}, got {unknown[0]!r}")


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]
