//! New versions of bots: when each was first seen, and which of many are told.

use std::fmt::Write;

use upshot_metrics::{Query, RangeSpec, ReleaseQuery, Releases};

use crate::facts::{Layout, capture, sessions};
use crate::worked::engine;

const TABLE: &str = "
start                | bot  | bot_version | environment
2026-01-05T10:00:00Z | shop | 1.0         | production
2026-01-05T11:00:00Z | shop | 1.0         | production
2026-01-06T10:00:00Z | shop | 1.1         | test
2026-01-07T23:30:00Z | shop | 1.1         | production
2026-01-08T10:00:00Z | shop | 1.1         | production
2026-01-08T10:00:00Z | shop | 1.0         | production
2026-01-09T10:00:00Z | care | 1.1         | production
2026-01-10T10:00:00Z | care |             | production
2026-01-12T10:00:00Z | care | 2.0         | production
2026-01-12T11:00:00Z | care | 2.0         | production
2026-01-12T11:00:00Z |      | 9           | production
2026-01-13T10:00:00Z |      | 10          | production
";

async fn releases(table: &str, query: &ReleaseQuery, layout: Layout) -> Releases {
    let held = capture(&sessions(table), layout);
    engine().releases(query, &held.capture).await.unwrap()
}

fn told(found: &Releases) -> Vec<String> {
    let each = found.releases.iter();
    each.map(|one| {
        let bot = one.bot.as_deref().unwrap_or("-");
        format!("{} {bot} {} ({})", one.day, one.version, one.sessions)
    })
    .collect()
}

fn range(from: Option<&str>, to: Option<&str>) -> ReleaseQuery {
    ReleaseQuery {
        range: RangeSpec {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            last: None,
        },
        ..ReleaseQuery::default()
    }
}

#[tokio::test]
async fn a_version_is_new_on_its_first_day_unless_its_bot_began_with_it() {
    for layout in [Layout::Memory(2), Layout::Files, Layout::Mixed] {
        let all = releases(TABLE, &ReleaseQuery::default(), layout).await;
        let expected = [
            "2026-01-07 shop 1.1 (2)",
            "2026-01-12 care 2.0 (2)",
            "2026-01-13 - 10 (1)",
        ];
        assert_eq!(told(&all), expected, "{layout:?}");
        assert_eq!(all.left_out, 0);
        assert_eq!(all.releases[0].time, "2026-01-07T00:00:00Z");
        // What was before the range counts.
        let later = range(Some("2026-01-08"), Some("2026-01-12"));
        let later = releases(TABLE, &later, layout).await;
        assert_eq!(told(&later), ["2026-01-12 care 2.0 (2)"], "{layout:?}");
        let first = releases(TABLE, &range(None, Some("2026-01-08")), layout).await;
        assert_eq!(told(&first), ["2026-01-07 shop 1.1 (2)"], "{layout:?}");
        let nothing = range(Some("2026-02-01"), None);
        assert_eq!(releases(TABLE, &nothing, layout).await, Releases::default());
    }
}

#[tokio::test]
async fn bot_and_zone_are_those_of_the_question() {
    let of = |bot: &str, zone: &str| ReleaseQuery {
        bot: Some(bot.to_owned()),
        time_zone: Some(zone.to_owned()),
        ..ReleaseQuery::default()
    };
    let found = releases(TABLE, &of("shop", "Europe/Berlin"), Layout::Files).await;
    assert_eq!(told(&found), ["2026-01-08 shop 1.1 (2)"]);
    assert_eq!(found.releases[0].time, "2026-01-07T23:00:00Z");
    let found = releases(TABLE, &of("care", "UTC"), Layout::Files).await;
    assert_eq!(told(&found), ["2026-01-12 care 2.0 (2)"]);
}

#[tokio::test]
async fn of_very_many_versions_the_last_of_the_most_used_are_told() {
    let mut table =
        "\nstart | bot | bot_version | environment\n2025-12-01T10:00:00Z | shop | 0 | production\n"
            .to_owned();
    for number in 1..=130 {
        let day = 1 + (number - 1) % 28;
        let month = 1 + (number - 1) / 28;
        // Those that come last are used once, all others twice.
        for hour in 0..if number > 110 { 1 } else { 2 } {
            writeln!(
                table,
                "2026-{month:02}-{day:02}T{:02}:00:00Z | shop | v{number:03} | production",
                10 + hour
            )
            .unwrap();
        }
    }
    let found = releases(&table, &range(Some("2026-01-01"), None), Layout::Memory(64)).await;
    assert_eq!(found.releases.len(), 20);
    assert_eq!(found.left_out, 110);
    let days: Vec<&str> = found.releases.iter().map(|one| one.day.as_str()).collect();
    assert!(days.is_sorted(), "{days:?}");
    assert!(found.releases.iter().all(|one| one.sessions == 2));
    // It is what a query says, and no more is asked of one.
    let held = capture(&sessions(&table), Layout::Memory(64));
    let query = Query {
        metrics: vec!["sessions".to_owned()],
        filters: vec![format!("bot_version = {}", found.releases[0].version)],
        ..Query::default()
    };
    let answer = engine().run(&query, &held.capture).await.unwrap();
    assert_eq!(answer.totals["sessions"].n, found.releases[0].sessions);
}
