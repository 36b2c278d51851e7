"""The security tasks can say no, and never call clean what they have not looked at."""

import json
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from chaos.lab.catalogue import load
from service.domain.api_key import issue
from tests.security.audit import CLEAN, UNCHECKED, VULNERABLE, locked, verdict
from tests.security.sbom import LOCK, bill
from tests.security.secret_scan import main, scan

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
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
SKIPPED = {"name": "c", "skip_reason": "could not be reached"}


@pytest.mark.parametrize(
    ("text", "wanted", "code"),
    [
        (report(GOOD), 1, CLEAN),
        (report(GOOD, BAD), 2, VULNERABLE),
        (report(GOOD, SKIPPED), 1, UNCHECKED),
        (report(SKIPPED), 1, UNCHECKED),
        (report(GOOD), 2, UNCHECKED),
        (report(), 1, UNCHECKED),
        ("", 1, UNCHECKED),
        ("null", 1, UNCHECKED),
    ],
)
def test_an_audit_is_clean_only_if_everything_was_looked_up(text, wanted, code):
    assert verdict(text, wanted)[0] == code


def test_the_packages_of_a_lock_are_counted():
    assert locked("a==1 \\\n    --hash=sha256:0\n# c==1\nB.b==2\n") == {"a", "b.b"}


def test_the_bill_of_materials_follows_its_schema_and_holds_everything():
    text = bill()
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    components = {one["name"]: one for one in json.loads(text)["components"]}
    assert locked(LOCK.read_text()) <= {name.lower() for name in components}
    assert load().keys() <= components.keys()
    assert all(one["hashes"] for one in components.values() if one.get("purl"))
