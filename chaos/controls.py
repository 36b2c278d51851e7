"""Chaos Toolkit controls: note when each activity of the experiment begins and ends."""

from __future__ import annotations

from typing import Any

from chaos.run_folder import RunFolder


def before_activity_control(context: dict[str, Any], **_: Any) -> None:
    """Called by Chaos Toolkit before an action or probe."""
    RunFolder.from_environment().record("activity_began", name=context["name"], type=context["type"])


def after_activity_control(context: dict[str, Any], state: dict[str, Any], **_: Any) -> None:
    """Called by Chaos Toolkit after an action or probe, with its result."""
    RunFolder.from_environment().record(
        "activity_ended",
        name=context["name"],
        status=state["status"],
        output=state.get("output"),
        exception=state.get("exception"),
    )
