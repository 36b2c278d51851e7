"""The commands of README's section "Try it" are those that the development stack prints, and they work as pasted."""

import json
import re
import subprocess

from chaos.lab.dev_card import first_requests
from chaos.lab.programs import PROJECT


def commands_of(readme):
    """The curl lines in the section's shell blocks."""
    section = re.search(r"^## Try it\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE)
    assert section, "README has no section `## Try it`"
    blocks = re.findall(r"```bash\n(.*?)```", section[1], re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("curl ")]


def paste(stack, command):
    """Run a command in a shell that has read the stack's variables, as README says."""
    script = f". {stack.folder.with_suffix('.env')}\n{command}"
    done = subprocess.run(["/bin/bash", "-euc", script], capture_output=True, text=True, timeout=20, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_readme_shows_what_the_stack_prints():
    assert commands_of((PROJECT / "README.md").read_text()) == first_requests()


def test_the_commands_work_in_order(stack):
    report, read, preview = first_requests()
    before = paste(stack, read)["totals"].get("sign_events", 0)
    [result] = paste(stack, report)["results"]
    assert result["status"] == "accepted"
    assert paste(stack, read)["totals"]["sign_events"] == before + 3
    bill = paste(stack, preview)
    assert (bill["tenant_id"], bill["plan"]) == (stack.tenant_id, "starter")
    assert bill["total_cents"] == sum(line["amount_cents"] for line in bill["lines"])
