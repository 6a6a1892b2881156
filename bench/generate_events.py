"""Makes the events of the benchmark `fold`: a Parquet file of conversations in the order of arrival.

Usage: python bench/generate_events.py CONVERSATIONS FILE.parquet [--seed N]

What the file is like, and why:

* A conversation has at least three events, twelve on average (geometric), 25 seconds apart on average
  (exponential). One gap in a hundred is longer by up to two hours, so that about one conversation in
  twelve has more than one session at a time-out of 30 minutes.
* The conversations begin evenly over 90 days, and the rows are in the order of time: events of thousands
  of conversations lie between two events of one. That is how events arrive, and what makes sessions dear.
* Ids are text: 16 hexadecimal digits for a conversation, 18 characters for a user. A user has two
  conversations on average.
* 42 % of the events are messages of users, 36 % of the bot, 16 % visits of topics (120 of the author's own, few of
  them frequent, and five of the system), and the rest clicks, ratings from 1 to 5, and handovers.
* Rows are written by the million, compressed with zstd, few-valued columns as dictionaries.

Two million conversations make 24 million events and need about 6 GB of memory.
"""

import argparse

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CHANNELS = ["web", "whatsapp", "voice", "teams", "messenger"]
CHANNEL_SHARES = [0.50, 0.20, 0.15, 0.10, 0.05]
KINDS = ["user_message", "bot_message", "topic", "click", "feedback", "handover"]
KIND_SHARES = [0.42, 0.36, 0.16, 0.03, 0.02, 0.01]
USER_MESSAGE, BOT_MESSAGE, TOPIC, FEEDBACK = 0, 1, 2, 4
OWN_TOPICS = 120
TOPICS = [f"topic_{number}" for number in range(OWN_TOPICS)] + [
    "Greeting",
    "Goodbye",
    "Fallback",
    "Escalate",
    "EndOfConversation",
]

START = 1_767_225_600_000_000  # 2026-01-01 00:00 UTC in microseconds
SECOND = 1_000_000
DAY = 86_400 * SECOND
ROWS_AT_ONCE = 1_000_000


def conversations(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """What holds for a whole conversation."""
    return {
        "start": START + (random.random(count) * 90 * DAY).astype(np.int64),
        "events": random.geometric(0.1, count) + 2,
        "channel": random.choice(len(CHANNELS), count, p=CHANNEL_SHARES).astype(np.int8),
        "user": random.integers(0, max(count // 2, 1), count).astype(np.int32),
        "id": np.array([f"{number:016x}" for number in random.integers(0, 2**63 - 1, count)]),
    }


def times(random: np.random.Generator, start: np.ndarray, events: np.ndarray) -> np.ndarray:
    """The time of every event, conversation by conversation."""
    total = int(events.sum())
    first = np.concatenate([[0], np.cumsum(events)[:-1]])
    gaps = random.exponential(25 * SECOND, total).astype(np.int64)
    long = random.random(total) < 0.01
    gaps[long] += (random.random(int(long.sum())) * 7200 * SECOND).astype(np.int64)
    gaps[first] = 0
    passed = np.cumsum(gaps)
    return np.repeat(start - passed[first], events) + passed


def events(random: np.random.Generator, talks: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns of all events, in the order of arrival; `talk` is the conversation's number."""
    count = talks["events"]
    total = int(count.sum())
    time = times(random, talks["start"], count)
    kind = random.choice(len(KINDS), total, p=KIND_SHARES).astype(np.int8)
    kind[np.concatenate([[0], np.cumsum(count)[:-1]])] = USER_MESSAGE
    topic = np.where(kind == TOPIC, random.zipf(1.3, total) % len(TOPICS), -1).astype(np.int16)
    columns = {
        "talk": np.repeat(np.arange(len(count), dtype=np.int32), count),
        "time": time,
        "kind": kind,
        "topic": topic,
        "tokens": (random.integers(0, 900, total) * (kind == BOT_MESSAGE)).astype(np.int32),
        "score": np.where(kind == FEEDBACK, random.integers(1, 6, total), 0).astype(np.int8),
    }
    order = np.argsort(time, kind="stable")
    return {name: column[order] for name, column in columns.items()}


def dictionary(numbers: np.ndarray, names: list[str], missing: np.ndarray | None = None) -> pa.Array:
    """A column of few different texts."""
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32), mask=missing), pa.array(names))


def table(rows: dict[str, np.ndarray], talks: dict[str, np.ndarray], users: np.ndarray) -> pa.Table:
    """Rows as they are stored. `topic_kind` is 0 for an own topic, 1 to 5 for the system's, -1 for none."""
    talk, topic = rows["talk"], rows["topic"]
    topic_kind = np.where(topic < 0, -1, np.where(topic < OWN_TOPICS, 0, topic - OWN_TOPICS + 1))
    return pa.table(
        {
            "conversation_id": pa.array(talks["id"][talk]),
            "ts": pa.array(rows["time"], pa.timestamp("us")),
            "event_type": dictionary(rows["kind"], KINDS),
            "topic": dictionary(np.maximum(topic, 0), TOPICS, topic < 0),
            "topic_kind": topic_kind.astype(np.int8),
            "user_id": pa.array(users[talks["user"][talk]]),
            "channel": dictionary(talks["channel"][talk], CHANNELS),
            "tokens": rows["tokens"],
            "score": rows["score"],
        }
    )


def main() -> None:
    """Makes the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("conversations", type=int)
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    talks = conversations(random, options.conversations)
    numbers = random.integers(0, 2**63 - 1, max(options.conversations // 2, 1))
    users = np.array([f"u-{number:016x}" for number in numbers])
    columns = events(random, talks)
    total = len(columns["time"])
    writer = None
    for start in range(0, total, ROWS_AT_ONCE):
        rows = {name: column[start : start + ROWS_AT_ONCE] for name, column in columns.items()}
        part = table(rows, talks, users)
        writer = writer or pq.ParquetWriter(options.file, part.schema, compression="zstd")
        writer.write_table(part, row_group_size=ROWS_AT_ONCE)
    if writer is not None:
        writer.close()
    print(f"{total} events of {options.conversations} conversations in {options.file}")


if __name__ == "__main__":
    main()
