"""Who may become a tenant."""

from dataclasses import dataclass, field
from enum import StrEnum

from service.config.reader import Reader
from service.config.rules import operator_rule, sender_rule, smtp_rule


class SignupMode(StrEnum):
    """Who may become a tenant: anybody at once, anybody who reads their mail, or whom the operator enters."""

    OPEN = "open"
    VERIFIED = "verified"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class SignupConfig:
    """`smtp_url` and `mail_from` are there in mode verified, `operator_key` in mode invite."""

    mode: SignupMode
    mail_from: str
    smtp_url: str | None = field(repr=False)
    operator_key: str | None = field(repr=False)


def read_signup(reader: Reader) -> SignupConfig:
    mode = SignupMode(reader.choice("SIGNUP", tuple(SignupMode)))
    verified, invite = mode is SignupMode.VERIFIED, mode is SignupMode.INVITE
    return SignupConfig(
        mode=mode,
        mail_from=reader.checked("MAIL_FROM", sender_rule) if verified else "",
        smtp_url=reader.secret("SMTP_URL", smtp_rule) if verified else None,
        operator_key=reader.secret("OPERATOR_KEY", operator_rule) if invite else None,
    )
