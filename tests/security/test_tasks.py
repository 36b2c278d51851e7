"""The security tasks can say no, and never call clean what they have not looked at."""

import json
import re
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from chaos.lab.catalogue import load
from service.domain.api_key import issue
from tests.security.audit import CLEAN, PLANTED, UNCHECKED, VULNERABLE, locked, verdict, wanted_here
from tests.security.audit import main as main_of_audit
from tests.security.sbom import LOCK, bill
from tests.security.secret_scan import main, scan
from tests.security.vulnerabilities import database

KEY = issue("ab" * 16, 1_700_000_000, bytes(range(16)), bytes(range(32))).text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"key = '{KEY}'", "API key"),
        ("sk" + "_live_" + "a1B2" * 6, "Stripe key"),
        ("rk" + "_test_" + "a1B2" * 6, "Stripe key"),
        ("whsec" + "_" + "a1B2" * 6, "webhook secret"),
        ("-----BEGIN " + "EC PRIVATE KEY-----", "private key"),
    ],
)
def test_a_secret_is_found_and_not_repeated(text, kind):
    (found,) = scan("a.py", f"\n{text}\n")
    assert (found.line, found.kind) == (2, kind)
    assert found.value not in str(found)


def test_what_only_looks_like_a_key_is_none():
    wrong = KEY[:-1] + ("0" if KEY[-1] != "0" else "1")
    assert list(scan("a.py", f"{wrong} sk_test_ whsec_short c2pa_1")) == []


def test_history_holds_what_was_removed_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    for text in (f"key = {KEY}", "key = none"):
        (tmp_path / "a.txt").write_text(text)
        subprocess.run([*git, "add", "a.txt"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)
    assert main() == 0
    assert main(["--history"]) == 1
    assert KEY not in capsys.readouterr().out


def test_nothing_committed_is_a_secret(proves, capsys):
    assert main() == 0, capsys.readouterr().out
    proves("secret-scan", capsys.readouterr().out.strip().splitlines()[-1])


def report(*packages):
    return json.dumps({"dependencies": list(packages), "fixes": []})


GOOD = {"name": "a", "version": "1", "vulns": []}
PLANT = {"name": PLANTED, "version": "2.6.1", "vulns": [{"id": "PYSEC-2017-94"}]}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
SKIPPED = {"name": "c", "skip_reason": "could not be reached"}


@pytest.mark.parametrize(
    ("text", "wanted", "code"),
    [
        (report(GOOD, PLANT), "a", CLEAN),
        (report(GOOD, BAD, PLANT), "ab", VULNERABLE),
        (report(GOOD, BAD), "ab", VULNERABLE),
        (report(GOOD, SKIPPED, PLANT), "a", UNCHECKED),
        (report(SKIPPED, PLANT), "c", UNCHECKED),
        (report(GOOD, PLANT), "ab", UNCHECKED),
        (report(GOOD), "a", UNCHECKED),
        (report(GOOD, PLANT | {"vulns": []}), "a", UNCHECKED),
        (report(PLANT), "", UNCHECKED),
        (report(), "a", UNCHECKED),
        ("", "a", UNCHECKED),
        ("null", "a", UNCHECKED),
    ],
)
def test_an_audit_is_clean_only_if_everything_was_looked_up(text, wanted, code):
    assert verdict(text, wanted)[0] == code


def test_the_packages_of_a_lock_are_counted():
    lock = "a==1 \\\n    --hash=sha256:0\n# c==1\nB.b==2\nd==1 ; sys_platform == 'win32' \\\n    --hash=sha256:0\n"
    assert locked(lock) == {"a", "b.b", "d"}
    assert wanted_here(lock) == {"a", "b-b"}


@pytest.mark.parametrize(
    ("knows", "code", "last"),
    [
        ({PLANTED}, CLEAN, r"security-audit: packages=\d+ checked=\d+ vulnerabilities=0"),
        ({PLANTED, "aiohttp"}, VULNERABLE, r"packages=\d+ checked=\d+ vulnerabilities=1"),
        (set(), UNCHECKED, r"packages=\d+ checked=\d+ vulnerabilities=0"),
        (None, UNCHECKED, "security-audit: the database of vulnerabilities could not be asked; nothing was checked"),
    ],
    ids=["clean", "a hole", "a database that knows nothing", "no database"],
)
def test_the_audit_looks_every_package_up_in_a_database(capsys, knows, code, last):
    """The real auditor, before a database that speaks OSV's protocol."""
    with database(knows) as (url, asked):
        assert main_of_audit(["--osv-url", url]) == code
    told = capsys.readouterr().out.splitlines()
    assert re.fullmatch(last, told[-1]), told
    if knows is not None:
        wanted = wanted_here(LOCK.read_text())
        assert asked == wanted | {PLANTED}
        assert f"checked={len(wanted)} " in told[-1]


def test_the_bill_of_materials_follows_its_schema_and_holds_everything():
    text = bill()
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    components = {one["name"]: one for one in json.loads(text)["components"]}
    assert locked(LOCK.read_text()) <= {name.lower() for name in components}
    assert load().keys() <= components.keys()
    assert all(one["hashes"] for one in components.values() if one.get("purl"))
