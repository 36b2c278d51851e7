"""Sends mail over SMTP."""

import asyncio
import ipaddress
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

from service.errors import MailUnavailableError
from service.outbound import GuardedSmtp, GuardedSmtpSsl

SMTP_TIMEOUT_SECONDS = 5.0
"""One step of the conversation with the mail server."""

# Wide enough for a link on one line, so that no client shows it broken.
_POLICY = SMTP.clone(max_line_length=998)


class _InsecureServerError(Exception):
    """The mail server wants a password and offers no TLS."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """`url` is smtp://host:port or smtps://host:port, with user and password where the server wants them.

    TLS is used where the server offers it; a password is never sent without it, except on this machine.
    """

    sender: str
    url: str = field(repr=False)

    async def send(self, recipient: str, subject: str, text: str) -> None:
        """Hand one message over; raises MailUnavailableError unless the server has taken it."""
        message = _compose(self.sender, recipient, subject, text)
        try:
            await asyncio.to_thread(self._hand_over, message)
        except (OSError, smtplib.SMTPException, _InsecureServerError) as error:
            raise MailUnavailableError from error

    def _hand_over(self, message: EmailMessage) -> None:
        address = urlsplit(self.url)
        with _connect(address) as server:
            server.ehlo()
            encrypted = address.scheme == "smtps"
            if not encrypted and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                encrypted = True
            if address.username is not None:
                if not encrypted and not _is_loopback(address.hostname or ""):
                    raise _InsecureServerError("the mail server offers no TLS, so the password was not sent")
                server.login(unquote(address.username), unquote(address.password or ""))
            server.send_message(message)


def _compose(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message["Date"], message["Message-ID"] = formatdate(usegmt=True), make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _connect(address: SplitResult) -> smtplib.SMTP:
    host = address.hostname or ""
    if address.scheme == "smtps":
        context = ssl.create_default_context()
        return GuardedSmtpSsl(host, address.port or 465, timeout=SMTP_TIMEOUT_SECONDS, context=context)
    return GuardedSmtp(host, address.port or 25, timeout=SMTP_TIMEOUT_SECONDS)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
