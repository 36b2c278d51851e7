"""Environments of production with seeded mistakes in them."""

import random
import string
from dataclasses import dataclass, field

from service.config.generation import generate
from service.config.variables import EXAMPLES

_WORD = string.ascii_letters + string.digits


@dataclass
class Spoiled:
    """`env` with what is `bad` in it; `hidden` is what must never be shown, in any part of six characters."""

    env: dict
    bad: set = field(default_factory=set)
    hidden: list = field(default_factory=list)


def spoiled(seed, folder):
    """Up to eight mistakes, none of which hides another, and some of the secrets in files."""
    dice = random.Random(seed)
    made = Spoiled(*_good(dice))
    mistakes = dice.sample(sorted(_MISTAKES), dice.randint(1, 8))
    for name in mistakes:
        dice.choice(_MISTAKES[name])(made, name, dice)
        made.bad.add(name)
    if dice.random() < 0.3:
        _reuse(made, dice)
    for name in dice.sample(_FILED, 2):
        if made.env.get(name):
            _to_file(made, name, folder)
    return made


def good(seed):
    """An environment without mistakes."""
    return _good(random.Random(seed))[0]


def _good(dice):
    def word(length):
        return "".join(dice.choice(_WORD) for _ in range(length))

    secrets, stripe, webhook, mail = generate(), word(32), word(32), word(20)
    env = {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://billing.example.com",
        "ALLOWED_ORIGINS": "https://app.example.com",
        "REDIS_HOST": "redis.example.com",
        "REDIS_TLS": "true",
        "STRIPE_SECRET_KEY": f"sk_live_{stripe}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{webhook}",
        **{f"STRIPE_{plan}_PRICE_ID": f"price_{word(14)}" for plan in ("STARTER", "PRO", "ENTERPRISE")},
        "SIGNUP": "verified",
        "MAIL_FROM": "billing@example.com",
        "SMTP_URL": f"smtp://mailer:{mail}@mail.example.com:587",
        **{name: secrets[name] for name in ("JWT_SECRET", "API_KEY_SECRET", "REDIS_PASSWORD")},
        **{f"{name}_PREVIOUS": generate()[name] for name in ("JWT_SECRET", "API_KEY_SECRET")},
    }
    return env, set(), [stripe, webhook, mail, *(env[name] for name in _STRONG)]


def _put(made, name, value):
    made.env[name] = value
    made.hidden.append(value)


def _short(made, name, dice):
    _put(made, name, made.env[name][: dice.randint(7, 20)])


def _without_specials(made, name, dice):
    _put(made, name, "".join(dice.choice(_WORD) for _ in range(160)))


def _repeating(made, name, dice):
    _put(made, name, f"{dice.choice(_WORD)}aB3-{dice.choice(_WORD)}" * 32)


def _unprintable(made, name, dice):
    _put(made, name, made.env[name] + dice.choice(["é", "\x07", "\u202e", "\n"]))


def _example(made, name, dice):
    made.env[name] = dice.choice(sorted(EXAMPLES))


def _missing(made, name, _):
    del made.env[name]


def _wrong_prefix(made, name, dice):
    secret = "".join(dice.choice(_WORD) for _ in range(32))
    made.env[name] = dice.choice(["pk_live_", "sk-live-", "", "whsec"]) + secret
    made.hidden.append(secret)


def _test_key(made, name, dice):
    secret = "".join(dice.choice(_WORD) for _ in range(32))
    made.env[name] = f"sk_test_{secret}"
    made.hidden.append(secret)


def _wrong_scheme(made, name, dice):
    password = "".join(dice.choice(_WORD) for _ in range(20))
    made.env[name] = dice.choice(["http", "smtp:", "smtps"]) + f"//mailer:{password}@[mail"
    made.hidden.append(password)


def _one_of(*values):
    def spoil(made, name, dice):
        made.env[name] = dice.choice(values)

    return spoil


def _reuse(made, dice):
    """Only of secrets that were good until now, so that nothing else is wrong with them."""
    good = [name for name in _STRONG if name not in made.bad]
    if len(good) < 2:
        return
    one, other = dice.sample(good, 2)
    longer, shorter = sorted((one, other), key=lambda name: -len(made.env[name]))
    made.env[shorter] = made.env[longer]
    made.bad |= {one, other}


def _to_file(made, name, folder):
    file = folder / name.lower()
    file.write_text(made.env.pop(name) + "\n")
    made.env[f"{name}_FILE"] = str(file)


_STRONG = ("JWT_SECRET", "JWT_SECRET_PREVIOUS", "API_KEY_SECRET", "API_KEY_SECRET_PREVIOUS", "REDIS_PASSWORD")
_FILED = [*_STRONG, "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "SMTP_URL"]
_WEAK = [_short, _without_specials, _repeating, _unprintable, _example]
_NUMBER = [_one_of("x", "-1", "1e3", "\u0663", "9" * 30, "0x10")]
_MISTAKES = {
    "JWT_SECRET": [*_WEAK, _missing],
    "JWT_SECRET_PREVIOUS": _WEAK,
    "API_KEY_SECRET": [*_WEAK, _missing],
    "API_KEY_SECRET_PREVIOUS": _WEAK,
    "REDIS_PASSWORD": [*_WEAK, _missing],
    "STRIPE_SECRET_KEY": [_wrong_prefix, _test_key, _example, _missing],
    "STRIPE_WEBHOOK_SECRET": [_wrong_prefix, _example, _missing],
    "STRIPE_PRO_PRICE_ID": [_missing, _one_of("prod_Abcdefgh", "price_a b c d e"), _example],
    "SMTP_URL": [_wrong_scheme, _missing],
    "MAIL_FROM": [_missing, _one_of("nobody-at-all", "a@b")],
    "REDIS_TLS": [_missing, _one_of("false", "perhaps", "1")],
    "ALLOWED_ORIGINS": [_missing, _one_of("*", "https://*.example.com", "http://app.example.com", "https://a.b/path")],
    "PUBLIC_URL": [_missing, _one_of("http://billing.example.com", "billing.example.com", "https://u:pw12345@host")],
    "PORT": _NUMBER,
    "REDIS_PORT": _NUMBER,
    "WORKER_LEASE_SECONDS": _NUMBER,
    "LOG_LEVEL": [_one_of("loud")],
    "OTEL_EXPORTER_OTLP_ENDPOINT": [_one_of("localhost:4318", "ftp://collector", "http://[::1")],
    "NODE_ENV": [_one_of("staging-eu", "development")],
}
