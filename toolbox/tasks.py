"""What the toolbox does by itself, every night: files that no tool names any more are deleted."""

from __future__ import annotations

from procrastinate.contrib.django import app

from mutualisation.kernel.documents import sweep
from toolbox.models import Tool
from toolbox.models.tool import FOLDER


def named(paths: list[str]) -> set[str]:
    """Those of these files that a tool gives."""
    return set(Tool.objects.filter(file__in=paths).values_list("file", flat=True))


@app.periodic(cron="37 5 * * *")
@app.task(name="sweep_tools", queueing_lock="sweep_tools")
def sweep_tools(timestamp: int) -> None:
    """Once a day: files replaced, or left by a sending cut half-way."""
    sweep(FOLDER, named)
