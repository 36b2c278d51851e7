import smtplib

import pytest

from service.errors import MailUnavailableError
from service.mail import Mailer

LINK = "https://billing.example.com/signup#token=" + "x" * 43


def mailer(port, scheme="smtp", login=""):
    return Mailer("billing@example.com", f"{scheme}://{login}127.0.0.1:{port}")


async def test_a_message_arrives_whole(mailbox):
    await mailer(mailbox.port).send("somebody@example.org", "Confirm", f"Open\n\n{LINK}\n")
    [message] = mailbox.messages
    assert message["From"] == "billing@example.com"
    assert message["To"] == "somebody@example.org"
    assert message["Subject"] == "Confirm"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>")
    assert LINK in message.get_content().splitlines()
    assert mailbox.recipients == [["somebody@example.org"]]


@pytest.mark.parametrize("reply", ["451 try later", "554 no"])
async def test_a_refused_message_is_said(mailbox, reply):
    mailbox.reply = reply
    with pytest.raises(MailUnavailableError) as caught:
        await mailer(mailbox.port).send("somebody@example.org", "Confirm", "text")
    assert isinstance(caught.value.__cause__, smtplib.SMTPException)


async def test_a_server_that_is_not_there_is_said():
    with pytest.raises(MailUnavailableError):
        await mailer(port=1).send("somebody@example.org", "Confirm", "text")


async def test_a_server_without_tls_is_no_smtps_server(mailbox):
    with pytest.raises(MailUnavailableError):
        await mailer(mailbox.port, scheme="smtps").send("somebody@example.org", "Confirm", "text")
    assert mailbox.messages == []


@pytest.mark.parametrize("field", [0, 1])
async def test_nothing_can_be_added_to_the_headers(mailbox, field):
    arguments = ["somebody@example.org", "Confirm"]
    arguments[field] += "\r\nBcc: victim@example.org"
    with pytest.raises(ValueError, match="line"):
        await mailer(mailbox.port).send(*arguments, "text")
    assert mailbox.messages == []


async def test_a_password_is_never_sent_in_clear_to_another_machine(mailbox, monkeypatch):
    monkeypatch.setattr("service.mail._is_loopback", lambda _: False)
    with pytest.raises(MailUnavailableError, match="mail"):
        await mailer(mailbox.port, login="user:secret@").send("somebody@example.org", "Confirm", "text")
    assert mailbox.messages == []


async def test_the_address_does_not_show_the_password():
    assert "secret" not in repr(mailer(25, login="user:secret@"))
