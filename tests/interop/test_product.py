"""DuckDB's own client reads the lake that the product wrote and gets the product's numbers."""

import json

import pytest

import ducklake

RANGE = ("--from", "2025-01-01", "--to", "2025-12-31", "--environment", "all")

SESSIONS = """
    SELECT
        {group} AS name,
        count(*) AS sessions,
        count(engaged_time) AS engaged,
        count(*) FILTER (outcome = 'escalated') AS escalated,
        sum(messages) AS messages
    FROM lake.sessions
    GROUP BY ALL
"""

METRICS = "sessions,engagement_rate,escalation_rate,messages_per_session"


def asked(upshot, data, *more):
    """What the product says: for each group, sessions, engaged, escalated and messages."""
    answer = json.loads(
        upshot("query", "--data", data, "--metrics", METRICS, *RANGE, *more, "--output", "json")
    )
    groups = {}
    # Without a dimension there is one group: all.
    for row in answer["rows"] or [{"dimensions": {}, "metrics": answer["totals"]}]:
        metrics = row["metrics"]
        assert all(metric["pending"] == 0 for metric in metrics.values()), "all sessions are old"
        (name,) = row["dimensions"].values() or (None,)
        groups[name] = (
            metrics["sessions"]["value"],
            metrics["engagement_rate"]["numerator"],
            metrics["escalation_rate"]["numerator"],
            metrics["messages_per_session"]["numerator"],
        )
    return groups


def read(data, group):
    """The same from the lake's files, by DuckDB."""
    rows = ducklake.rows(ducklake.connect(data), SESSIONS.format(group=group))
    return {
        row["name"]: (row["sessions"], row["engaged"], row["escalated"], row["messages"]) for row in rows
    }


def test_every_event_is_there_once(data, events):
    connection = ducklake.connect(data)
    assert ducklake.rows(
        connection, "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM lake.events"
    ) == [{"n": len(events), "ids": len(events)}]


def test_events_hold_what_was_sent(data, events):
    said = ducklake.rows(
        ducklake.connect(data),
        "SELECT event_id, epoch_us(time) AS time, role, channel FROM lake.events ORDER BY event_id LIMIT 50",
    )
    by_id = {event["event_id"]: event for event in events}
    for row in said:
        event = by_id[row["event_id"]]
        assert (row["role"], row["channel"]) == (event.get("role"), event["channel"])
    assert len(said) == 50


@pytest.mark.parametrize("dimension", ["channel"])
def test_counts_and_sums_by_a_dimension_are_the_product_s(upshot, data, dimension):
    ours = asked(upshot, data, "--by", dimension)
    assert len(ours) == 3 and all(values[0] > 0 for values in ours.values())
    assert read(data, dimension) == ours


def test_counts_and_sums_in_all_are_the_product_s(upshot, data):
    ours = asked(upshot, data)
    (sessions, engaged, escalated, _) = ours[None]
    assert sessions > 400 and 0 < escalated < engaged < sessions + 1
    assert read(data, "NULL") == ours


def test_days_are_the_product_s(upshot, data):
    ours = asked(upshot, data, "--grain", "day")
    theirs = read(data, "strftime(start_time AT TIME ZONE 'UTC', '%Y-%m-%d')")
    filled = {name: values for name, values in ours.items() if values[0]}
    assert {name[:10]: values for name, values in filled.items()} == theirs


def test_the_same_import_adds_nothing(upshot, data, events):
    before = read(data, "channel")
    upshot("import", "--data", data, data.parent / "events.jsonl")
    assert read(data, "channel") == before
    test_every_event_is_there_once(data, events)


def test_messages_belong_to_the_sessions(data):
    connection = ducklake.connect(data)
    assert ducklake.rows(
        connection,
        """
        SELECT count(*) AS wrong
        FROM lake.sessions AS session
        LEFT JOIN (
            SELECT session_id, count(*) AS counted FROM lake.messages GROUP BY session_id
        ) AS message USING (session_id)
        WHERE session.messages <> coalesce(message.counted, 0)
        """,
    ) == [{"wrong": 0}]
