"""Command `python -m chaos.lab.durability`: kill everything at random, then count what was billed."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from chaos.errors import GameDayError, LabError, UserMistake
from chaos.lab.durability.bench import Outcome, Plan, run
from chaos.lab.durability.mutant import claim_before_write
from chaos.lab.durability.world import Settings
from chaos.progress import Progress

COMMAND = "durability"
FOLDER = Path("var/durability")
POLICIES = ("always", "everysec", "no")
_EXIT_CODES = "exit codes: 0 nothing lost or doubled, 1 something was, 2 user's mistake, 3 invalid run"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserMistake(f"{message}; see {self.prog} --help")


def main() -> int:
    """Run once; a mistake or a broken lab is one line on stderr."""
    try:
        arguments = _parser().parse_args()
        outcome = asyncio.run(_run(arguments))
    except GameDayError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{COMMAND}: interrupted", file=sys.stderr)
        return LabError.exit_code
    print("\n".join(_shown(outcome)))
    return 0 if outcome.verdict.holds else 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=COMMAND, description="Prove that acknowledged usage is billed once.", epilog=_EXIT_CODES)
    parser.add_argument("--kills", type=_count, default=20, help="SIGKILLs of API, worker and Redis (default 20)")
    parser.add_argument("--power-losses", type=_count, default=5, help="of Redis' disk (default 5)")
    parser.add_argument("--events", type=_count, default=5000, help="to acknowledge at least (default 5000)")
    parser.add_argument("--rate", type=_rate, default=400.0, help="events/s that are reported (default 400)")
    parser.add_argument("--workers", type=_some, default=2, help="that share the work (default 2)")
    parser.add_argument("--seed", type=_count, help="of the faults and the load (default: a fresh one)")
    parser.add_argument("--appendfsync", choices=POLICIES, default="always", help="of Redis (default always)")
    parser.add_argument("--mistake", choices=("claim-before-write",), help="plant it in a copy of the service")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the results (default %(default)s)")
    return parser


async def _run(arguments: argparse.Namespace) -> Outcome:
    folder = _empty(arguments.out.absolute())
    service = claim_before_write(folder.with_name(f"{folder.name}-mistaken")) if arguments.mistake else None
    seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    plan = Plan(
        kills=arguments.kills,
        power_losses=arguments.power_losses,
        events=arguments.events,
        seed=seed,
        events_per_second=arguments.rate,
        tenants=6 + arguments.events // 30_000,
    )
    settings = Settings(arguments.workers, arguments.appendfsync, service)
    progress = Progress()
    progress(f"seed {seed}, results in {folder}")
    task = asyncio.create_task(run(plan, settings, folder, progress))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        outcome = await task
    except asyncio.CancelledError as error:
        raise LabError("interrupted; everything was taken down") from error
    (folder / "outcome.json").write_text(json.dumps(asdict(outcome), indent=1))
    return outcome


def _empty(folder: Path) -> Path:
    """The results' folder without what an earlier run left in it; UserMistake if it is not one of ours."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "redis.conf").exists():
        raise UserMistake(f"--out {folder}: has other files in it; expected an empty folder, or an earlier run's")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder.with_name(f"{folder.name}-mistaken"), ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _shown(outcome: Outcome) -> list[str]:
    verdict = outcome.verdict
    lines = [f"{name:<20}{count:>10}" for name, count in sorted(outcome.faults.items())]
    lines += [f"{f'answers {name}':<30}{count:>10}" for name, count in sorted(outcome.answers.items()) if count]
    lines += [
        f"{one.tenant_id} {one.event_type}: acknowledged {one.least}, billed {one.billed}, possible {one.most}"
        for one in verdict.differences
    ]
    lines.append(f"audit {'clean' if verdict.audit_clean else 'found differences'}, {outcome.seconds:.0f} s")
    return [*lines, verdict.last_line(outcome.kills, outcome.power_losses)]


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number, 0 or more")
    return int(text)


def _some(text: str) -> int:
    if not _count(text):
        raise argparse.ArgumentTypeError(f"{text!r}; expected 1 or more")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r}; expected events per second, above 0")
    return rate


if __name__ == "__main__":
    sys.exit(main())
