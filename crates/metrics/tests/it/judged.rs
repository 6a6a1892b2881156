//! When a session is old enough to be judged: the time-out of its own channel decides.

use upshot_core::profile::MaturityTimes;
use upshot_core::time::MINUTE;
use upshot_metrics::{Query, SessionQuery};

use crate::facts::{Layout, capture, sessions};
use crate::worked::engine;

/// Noon of 2026-01-08.
const NOW: i64 = 1_767_873_600_000_000;

const TABLE: &str = "
start                | channel  | outcome  | messages
2026-01-07T10:00:00Z | WhatsApp | resolved | 1
2026-01-08T09:30:00Z | WhatsApp | resolved | 2
2026-01-08T09:45:00Z | web      | resolved | 3
2026-01-08T11:30:00Z | web      | resolved | 4
2026-01-08T11:40:00Z | kiosk    | resolved | 5
2026-01-08T11:55:00Z | kiosk    | resolved | 6
2026-01-08T09:50:00Z |          | resolved | 7
";

/// An hour, of kiosks ten minutes, of WhatsApp a day.
fn times() -> MaturityTimes {
    MaturityTimes {
        others: 60 * MINUTE,
        channels: vec![
            ("whatsapp".into(), 24 * 60 * MINUTE),
            ("kiosk".into(), 10 * MINUTE),
        ],
    }
}

#[tokio::test]
async fn each_channel_waits_as_long_as_its_own_time_out() {
    for layout in [Layout::Memory(2), Layout::Files, Layout::Mixed] {
        let mut held = capture(&sessions(TABLE), layout);
        held.capture.maturity = Some(times());
        let query = Query {
            metrics: vec!["resolution_rate".to_owned()],
            dimensions: vec!["channel".to_owned()],
            now: NOW,
            ..Query::default()
        };
        let found = engine().run(&query, &held.capture).await.unwrap();
        let mut rows: Vec<(Option<&str>, u64, u64)> = Vec::new();
        for row in &found.rows {
            let rate = &row.metrics["resolution_rate"];
            rows.push((row.dimensions["channel"].as_deref(), rate.n, rate.pending));
        }
        rows.sort_unstable();
        let expected = [
            (None, 1, 0),
            (Some("WhatsApp"), 1, 1),
            (Some("kiosk"), 1, 1),
            (Some("web"), 1, 1),
        ];
        assert_eq!(rows, expected, "{layout:?}");
        let listed = SessionQuery {
            filters: vec!["judged".to_owned()],
            now: NOW,
            ..SessionQuery::default()
        };
        let listed = engine().sessions(&listed, &held.capture).await.unwrap();
        let mut listed: Vec<i64> = listed.iter().map(|session| session.messages).collect();
        listed.sort_unstable();
        assert_eq!(listed, [1, 3, 5, 7], "{layout:?}");
    }
}

#[tokio::test]
async fn a_query_may_say_one_time_for_all() {
    let mut held = capture(&sessions(TABLE), Layout::Files);
    held.capture.maturity = Some(times());
    let query = Query {
        metrics: vec!["resolution_rate".to_owned()],
        maturity: Some(25 * MINUTE),
        now: NOW,
        ..Query::default()
    };
    let found = engine().run(&query, &held.capture).await.unwrap();
    let rate = &found.totals["resolution_rate"];
    assert_eq!((rate.n, rate.pending), (5, 2));
}
