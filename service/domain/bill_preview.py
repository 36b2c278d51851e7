"""The bill that the end of the current month brings a tenant, as it stands and as it might become."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.domain.bill import Bill, WhatIf, month_bill
from service.domain.catalog import Catalog
from service.domain.tenant import Plan, Tenant, TenantStatus
from service.domain.usage import EventType


@dataclass(frozen=True, slots=True)
class BillPreview:
    """`units` are the billed ones of `month` (2026-11), which leave out those of the trial."""

    catalog: Catalog
    tenant: Tenant
    month: str
    units: Mapping[EventType, int]

    @property
    def bill(self) -> Bill:
        return self._rated(self.tenant.plan, self.units)

    @property
    def is_trial(self) -> bool:
        """Whether the month ends within the trial; one that ends with it does not."""
        return self._in_trial(self.bill.period.end)

    def what_if(self, plan: Plan, added: Mapping[EventType, int]) -> WhatIf:
        """The bill under `plan` with so many more units; in the trial these cost nothing."""
        more = {} if self.is_trial else added
        return WhatIf(
            self.bill, self._rated(plan, {each: self.units.get(each, 0) + more.get(each, 0) for each in EventType})
        )

    def _rated(self, plan: Plan, units: Mapping[EventType, int]) -> Bill:
        bill = month_bill(self.catalog, plan, self.month, units)
        if self._stays(bill.period.end):
            return bill
        return month_bill(self.catalog, plan, self.month, units, with_plan_fee=False)

    def _stays(self, month_end: datetime) -> bool:
        """Whether the tenant pays for the month after; who is in the trial or gone by then does not."""
        leaves = self.tenant.cancel_at is not None and self.tenant.cancel_at <= month_end.timestamp()
        return not (leaves or self._in_trial(month_end) or self.tenant.status is TenantStatus.CANCELED)

    def _in_trial(self, month_end: datetime) -> bool:
        return self.tenant.trial_ends_at > month_end.timestamp()
