"""Runs the product for the tests: a data directory with conversations in it, and `upshot` as a function."""

import datetime
import json
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CONVERSATIONS = 400
CHANNELS = ["web", "whatsapp", "voice"]
FIRST_DAY = datetime.datetime(2025, 3, 1, tzinfo=datetime.timezone.utc)
DAYS = 40

Upshot = Callable[..., str]


@pytest.fixture(scope="session")
def upshot() -> Upshot:
    """Runs the product with the given arguments and gives what it prints; fails where it fails."""
    binary = os.environ.get("UPSHOT_BINARY")
    if binary is None:
        pytest.fail("UPSHOT_BINARY is not set: run `cargo xtask test --only interop`")

    def run(*arguments: str | Path) -> str:
        ended = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"upshot {arguments} ended with {ended.returncode}:\n{ended.stderr}"
        return ended.stdout

    return run


def conversation(number: int, draw: random.Random) -> list[dict]:
    """The events of a conversation: some come back after hours, some ask for people, some rate."""
    time = FIRST_DAY + datetime.timedelta(seconds=draw.randrange(DAYS * 86_400))
    channel = draw.choice(CHANNELS)
    events: list[dict] = []

    def add(kind: str, **fields: object) -> None:
        nonlocal time
        time += datetime.timedelta(seconds=draw.randrange(1, 90))
        events.append(
            {
                "event_id": f"{number}-{len(events)}",
                "event_type": kind,
                "time": time.isoformat(timespec="microseconds"),
                "conversation_id": f"conversation-{number}",
                "user_id": f"user-{number % 150}",
                "channel": channel,
                **fields,
            }
        )

    for visit in range(draw.choice([1, 1, 1, 2, 3])):
        if visit > 0:
            time += datetime.timedelta(hours=30)
        for _ in range(draw.randrange(1, 6)):
            add("message", role="user", text="where is my parcel")
            add("message", role="bot", text="it comes tomorrow")
        if draw.random() < 0.2:
            add("handover", handover_stage="escalated")
        elif draw.random() < 0.3:
            add("survey", survey_kind="csat", survey_stage="answered", survey_score=draw.randrange(1, 6))
    return events


@pytest.fixture(scope="session")
def events() -> list[dict]:
    """The events of all conversations, in the order of time."""
    draw = random.Random(1)
    made = [event for number in range(CONVERSATIONS) for event in conversation(number, draw)]
    return sorted(made, key=lambda event: event["time"])


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, upshot: Upshot, events: list[dict]) -> Path:
    """A data directory into which the events were imported."""
    folder = tmp_path_factory.mktemp("product")
    file = folder / "events.jsonl"
    file.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    upshot("import", "--data", folder / "data", file)
    return folder / "data"
