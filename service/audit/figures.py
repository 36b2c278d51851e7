"""The figures of one tenant, event type and hour, and whether they agree. Pure."""

from dataclasses import dataclass, field

Place = tuple[str, str, str]
"""Tenant id, event type and hour."""


@dataclass(slots=True)
class Figures:
    """Units of one hour, as each witness has them; `stripe` is None where it was not asked.

    Acknowledged, ledger and archive are by the hour of the event itself, the rest by the hour that is billed. What is
    unsealed or waiting (to be sent, or for a person) is on its way. `uncertain` are the sums that were tried and of
    which it is not known whether they arrived.
    """

    acknowledged: int = 0
    ledger: int = 0
    archive: int = 0
    billed: int = 0
    unsealed: int = 0
    sealed: int = 0
    waiting: int = 0
    dropped: int = 0
    sent: int = 0
    stripe: int | None = None
    lost: int = 0
    doubled: int = 0
    uncertain: list[int] = field(default_factory=list)

    def differences(self) -> tuple[str, ...]:
        """What does not agree, by the name of the later witness."""
        found = {
            "lost": self.lost > 0,
            "doubled": self.doubled > 0,
            "archive": self.archive != self.ledger,
            "sealed": self.sealed + self.unsealed != self.billed,
            "sent": self.sent + self.waiting + self.dropped != self.sealed,
            "stripe": self.stripe is not None and self.stripe not in self._explained(),
        }
        return tuple(name for name, differs in found.items() if differs)

    def _explained(self) -> set[int]:
        """What Stripe may have: what was sent, and any of what is in doubt."""
        sums = {self.sent}
        for value in self.uncertain:
            sums |= {each + value for each in sums}
        return sums
