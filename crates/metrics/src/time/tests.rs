#![allow(clippy::unwrap_used)]
use jiff::tz::TimeZone;

use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    parse_zone(name).unwrap()
}

fn at(text: &str) -> i64 {
    parse_instant(text, &TimeZone::UTC).unwrap()
}

fn days(from: &str, to: &str, zone: &TimeZone) -> Range {
    let spec = RangeSpec {
        from: Some(from.into()),
        to: Some(to.into()),
        last: None,
    };
    resolve_range(&spec, &zone.clone().into(), at("2030-01-01")).unwrap()
}

/// The labels of all buckets, after checking that they follow each other without gap and that every
/// bucket finds its own first and last microsecond.
fn labels(grain: Grain, from: &str, to: &str, zone_name: &str) -> Vec<String> {
    let zone = zone(zone_name);
    let range = days(from, to, &zone);
    let buckets = Buckets::new(grain, range, &zone.clone().into()).unwrap();
    assert!(buckets.start(0) <= range.from);
    assert!(buckets.start(buckets.len()) >= range.to);
    for bucket in 0..buckets.len() {
        let (start, end) = (buckets.start(bucket), buckets.start(bucket + 1));
        assert!(start < end);
        for hint in [0, bucket, buckets.len() - 1] {
            assert_eq!(buckets.find(start, hint), Some(bucket));
            assert_eq!(buckets.find(end - 1, hint), Some(bucket));
        }
    }
    assert_eq!(buckets.find(buckets.start(0) - 1, 0), None);
    assert_eq!(buckets.find(buckets.start(buckets.len()), 0), None);
    (0..buckets.len())
        .map(|bucket| buckets.label(bucket))
        .collect()
}

fn count(grain: Grain, from: &str, to: &str, zone: &str) -> usize {
    labels(grain, from, to, zone).len()
}

#[test]
fn days_have_23_24_and_25_hours() {
    assert_eq!(
        count(Grain::Hour, "2026-03-29", "2026-03-29", "Europe/Berlin"),
        23
    );
    assert_eq!(
        count(Grain::Hour, "2026-10-25", "2026-10-25", "Europe/Berlin"),
        25
    );
    assert_eq!(
        count(Grain::Hour, "2026-03-08", "2026-03-08", "America/New_York"),
        23
    );
    assert_eq!(
        count(Grain::Hour, "2026-11-01", "2026-11-01", "America/New_York"),
        25
    );
    assert_eq!(
        count(Grain::Hour, "2026-03-29", "2026-03-29", "Asia/Kolkata"),
        24
    );
    assert_eq!(
        count(Grain::Minute, "2026-03-29", "2026-03-29", "Europe/Berlin"),
        23 * 60
    );
    assert_eq!(
        count(Grain::Minute, "2026-10-25", "2026-10-25", "Europe/Berlin"),
        25 * 60
    );
    assert_eq!(
        count(
            Grain::Minute,
            "2026-11-01",
            "2026-11-01",
            "America/New_York"
        ),
        25 * 60
    );
    assert_eq!(
        count(Grain::Minute, "2026-11-01", "2026-11-01", "Asia/Kolkata"),
        24 * 60
    );
}

#[test]
fn the_repeated_hour_is_two_hours_with_their_offsets() {
    let labels = labels(Grain::Hour, "2026-10-25", "2026-10-25", "Europe/Berlin");
    assert_eq!(
        labels[1..5],
        [
            "2026-10-25T01:00:00+02:00",
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T03:00:00+01:00"
        ]
    );
}

#[test]
fn hours_of_a_zone_that_lies_half_an_hour_off() {
    let labels = labels(Grain::Hour, "2026-07-01", "2026-07-01", "Asia/Kolkata");
    assert_eq!(labels[0], "2026-07-01T00:00:00+05:30");
    assert_eq!(labels[23], "2026-07-01T23:00:00+05:30");
}

#[test]
fn a_clock_that_changes_by_half_an_hour() {
    // Lord Howe puts the clock back from 02:00 (+11) to 01:30 (+10:30), and forward from 02:00 to 02:30.
    let back = labels(
        Grain::Hour,
        "2026-04-05",
        "2026-04-05",
        "Australia/Lord_Howe",
    );
    assert_eq!(
        back[1..4],
        [
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T02:00:00+10:30"
        ]
    );
    assert_eq!(back.len(), 25);
    let forward = labels(
        Grain::Hour,
        "2026-10-04",
        "2026-10-04",
        "Australia/Lord_Howe",
    );
    assert_eq!(
        forward[1..4],
        [
            "2026-10-04T01:00:00+10:30",
            "2026-10-04T02:30:00+11:00",
            "2026-10-04T03:00:00+11:00"
        ]
    );
    assert_eq!(forward.len(), 24);
    assert_eq!(
        count(
            Grain::Minute,
            "2026-04-05",
            "2026-04-05",
            "Australia/Lord_Howe"
        ),
        24 * 60 + 30
    );
}

#[test]
fn days_begin_at_local_midnight_or_after_a_gap_over_it() {
    let zone = zone("Europe/Berlin");
    let range = days("2026-03-28", "2026-03-30", &zone);
    let buckets = Buckets::new(Grain::Day, range, &zone.clone().into()).unwrap();
    assert_eq!(buckets.start(0), at("2026-03-27T23:00:00Z"));
    assert_eq!(buckets.start(1), at("2026-03-28T23:00:00Z"));
    assert_eq!(buckets.start(2), at("2026-03-29T22:00:00Z"));
    assert_eq!(
        labels(Grain::Day, "2026-03-28", "2026-03-30", "Europe/Berlin"),
        ["2026-03-28", "2026-03-29", "2026-03-30"]
    );
    // Beirut puts the clock forward at midnight: the day begins at one o'clock.
    let beirut = self::zone("Asia/Beirut");
    assert_eq!(
        parse_instant("2026-03-29", &beirut),
        Some(at("2026-03-28T22:00:00Z"))
    );
    assert_eq!(
        count(Grain::Hour, "2026-03-29", "2026-03-29", "Asia/Beirut"),
        23
    );
}

#[test]
fn longer_stretches() {
    assert_eq!(
        labels(Grain::Week, "2026-01-01", "2026-01-12", "Europe/Berlin"),
        ["2025-12-29", "2026-01-05", "2026-01-12"]
    );
    assert_eq!(
        labels(Grain::Month, "2025-12-31", "2026-02-01", "America/New_York"),
        ["2025-12", "2026-01", "2026-02"]
    );
    assert_eq!(
        labels(Grain::Quarter, "2025-12-31", "2026-04-01", "Asia/Kolkata"),
        ["2025-Q4", "2026-Q1", "2026-Q2"]
    );
    assert_eq!(
        labels(
            Grain::Year,
            "2025-12-31",
            "2026-01-01",
            "Australia/Lord_Howe"
        ),
        ["2025", "2026"]
    );
}

#[test]
fn positions_follow_the_local_clock() {
    for name in [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
    ] {
        let zone = zone(name);
        let range = days("2026-01-01", "2026-12-31", &zone);
        let (hours, weekdays) = (
            Clock::new(Grain::HourOfDay, range, &zone),
            Clock::new(Grain::Weekday, range, &zone),
        );
        let mut time = range.from;
        while time < range.to {
            let local = zone.to_datetime(jiff::Timestamp::from_microsecond(time).unwrap());
            assert_eq!(hours.find(time), local.hour() as usize, "{name} {local}");
            let weekday = local.weekday().to_monday_zero_offset() as usize;
            assert_eq!(weekdays.find(time), weekday, "{name} {local}");
            time += 17 * 60_000_000;
        }
    }
    let range = Range { from: 0, to: 1 };
    let clock = Clock::new(Grain::Weekday, range, &TimeZone::UTC);
    assert_eq!(clock.label(clock.find(0)), "thursday");
}

#[test]
fn too_many_buckets_are_refused() {
    let range = Range {
        from: at("2020-01-01"),
        to: at("2026-01-01"),
    };
    let problem = Buckets::new(Grain::Minute, range, &TimeZone::UTC.into()).unwrap_err();
    assert_eq!(problem.field, "grain");
}

fn last(text: &str, now: &str, zone_name: &str) -> (i64, i64) {
    let spec = RangeSpec {
        last: Some(text.into()),
        ..RangeSpec::default()
    };
    let range = resolve_range(&spec, &zone(zone_name).into(), at(now)).unwrap();
    (range.from, range.to)
}

#[test]
fn the_last_so_many_units() {
    let now = "2026-03-30T10:00:00Z"; // a Monday, the day after the clock changed
    let berlin = "Europe/Berlin";
    assert_eq!(
        last("90min", now, berlin),
        (at("2026-03-30T08:30:00Z"), at(now))
    );
    assert_eq!(
        last("24h", now, berlin),
        (at("2026-03-29T10:00:00Z"), at(now))
    );
    assert_eq!(
        last("1d", now, berlin),
        (at("2026-03-29T22:00:00Z"), at(now))
    );
    assert_eq!(
        last("3d", now, berlin),
        (at("2026-03-27T23:00:00Z"), at(now))
    );
    assert_eq!(
        last("1w", now, berlin),
        (at("2026-03-22T23:00:00Z"), at("2026-03-29T22:00:00Z"))
    );
    assert_eq!(
        last("2mo", now, berlin),
        (at("2025-12-31T23:00:00Z"), at("2026-02-28T23:00:00Z"))
    );
    assert_eq!(last("1q", now, "UTC"), (at("2025-10-01"), at("2026-01-01")));
    assert_eq!(last("1y", now, "UTC"), (at("2025-01-01"), at("2026-01-01")));
    for wrong in ["", "d", "0d", "28", "28x", "-1d", "99999999999999999999d"] {
        let spec = RangeSpec {
            last: Some(wrong.into()),
            ..RangeSpec::default()
        };
        assert!(
            resolve_range(&spec, &TimeZone::UTC.into(), 0).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn a_day_as_end_belongs_to_the_range_and_an_instant_does_not() {
    let berlin = zone("Europe/Berlin");
    let range = days("2026-03-29", "2026-03-29", &berlin);
    assert_eq!(
        (range.from, range.to),
        (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"))
    );
    let spec = RangeSpec {
        from: Some("2026-03-29T10:00:00+02:00".into()),
        to: Some("2026-03-29T12:00".into()),
        last: None,
    };
    let range = resolve_range(&spec, &berlin.clone().into(), 0).unwrap();
    assert_eq!(
        (range.from, range.to),
        (at("2026-03-29T08:00:00Z"), at("2026-03-29T10:00:00Z"))
    );
    let spec = RangeSpec {
        from: Some("2026-03-30".into()),
        to: Some("2026-03-29".into()),
        last: None,
    };
    assert!(resolve_range(&spec, &berlin.clone().into(), 0).is_err());
}

fn compared(compare: &str, spec: RangeSpec, now: &str, zone_name: &str) -> (i64, i64) {
    let zone = zone(zone_name);
    let range = resolve_range(&spec, &zone.clone().into(), at(now)).unwrap();
    let other = resolve_compare(&Compare::parse(compare).unwrap(), range, &zone, at(now)).unwrap();
    (other.from, other.to)
}

fn from_to(from: &str, to: &str) -> RangeSpec {
    RangeSpec {
        from: Some(from.into()),
        to: Some(to.into()),
        last: None,
    }
}

#[test]
fn the_previous_range_ends_where_this_one_begins() {
    let now = "2026-06-01";
    // Seven days of the calendar, though one of them has 23 hours.
    assert_eq!(
        compared(
            "previous",
            from_to("2026-03-30", "2026-04-05"),
            now,
            "Europe/Berlin"
        ),
        (at("2026-03-22T23:00:00Z"), at("2026-03-29T22:00:00Z"))
    );
    assert_eq!(
        compared("previous", from_to("2026-03-01", "2026-03-31"), now, "UTC"),
        (at("2026-02-01"), at("2026-03-01"))
    );
    assert_eq!(
        compared(
            "previous",
            from_to("2026-03-01T06:00:00Z", "2026-03-01T09:00:00Z"),
            now,
            "UTC"
        ),
        (at("2026-03-01T03:00:00Z"), at("2026-03-01T06:00:00Z"))
    );
}

#[test]
fn an_unfinished_range_is_compared_with_as_much_time() {
    let now = "2026-03-11T14:30:00Z";
    let week = RangeSpec {
        last: Some("7d".into()),
        ..RangeSpec::default()
    };
    assert_eq!(
        compared("previous", week, now, "UTC"),
        (at("2026-02-26"), at("2026-03-04T14:30:00Z"))
    );
    assert_eq!(
        compared("previous", from_to("2026-03-09", "2026-03-15"), now, "UTC"),
        (at("2026-03-02"), at("2026-03-04T14:30:00Z"))
    );
    assert_eq!(
        compared(
            "2026-01-05..2026-01-11",
            from_to("2026-03-09", "2026-03-15"),
            now,
            "UTC"
        ),
        (at("2026-01-05"), at("2026-01-07T14:30:00Z"))
    );
    assert_eq!(
        compared("year", from_to("2026-03-01", "2026-03-31"), now, "UTC"),
        (at("2025-03-01"), at("2025-03-11T14:30:00Z"))
    );
    // Monday to Sunday beside Monday to Sunday, over a change of the clock.
    assert_eq!(
        compared(
            "year_by_weekday",
            from_to("2026-03-02", "2026-03-08"),
            "2026-04-01",
            "Europe/Berlin"
        ),
        (at("2025-03-02T23:00:00Z"), at("2025-03-09T23:00:00Z"))
    );
}

#[test]
fn a_comparison_needs_a_range() {
    let problem = resolve_compare(&Compare::Previous, Range::ALL, &TimeZone::UTC, 0).unwrap_err();
    assert_eq!(problem.field, "compare");
    assert!(Compare::parse("yesterday").is_err());
}

#[test]
fn unknown_zones_name_the_nearest() {
    let problem = parse_zone("Europe/Berln").unwrap_err();
    assert_eq!(problem.suggestion.as_deref(), Some("Europe/Berlin"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stretches_of_every_grain_follow_each_other_on_the_local_clock(
        grain in proptest::sample::select(Grain::ALL.into_iter().filter(|grain| !grain.is_cyclic()).collect::<Vec<_>>()),
        name in proptest::sample::select(vec![
            "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Havana", "Asia/Kathmandu",
            "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo",
        ]),
        // From 2010 to 2030: the years in which some of them lost a day or gave up their summer time, too.
        from in 1_262_304_000_i64..1_893_456_000,
        count in 1_i64..60,
    ) {
        let zone = zone(name);
        let seconds = match grain {
            Grain::Minute => 60,
            Grain::QuarterHour => 900,
            Grain::Hour => 3_600,
            Grain::Day => 86_400,
            Grain::Week => 7 * 86_400,
            Grain::Month => 30 * 86_400,
            Grain::Quarter => 91 * 86_400,
            _ => 365 * 86_400,
        };
        let range = Range { from: from * 1_000_000, to: (from + count * seconds) * 1_000_000 };
        let buckets = Buckets::new(grain, range, &zone.clone().into()).unwrap();
        prop_assert!(buckets.start(0) <= range.from && range.to <= buckets.start(buckets.len()));
        let mut names = std::collections::HashSet::new();
        for bucket in 0..buckets.len() {
            let (start, end) = (buckets.start(bucket), buckets.start(bucket + 1));
            prop_assert!(start < end, "{grain} {bucket}");
            prop_assert_eq!(buckets.find(start, 0), Some(bucket));
            prop_assert_eq!(buckets.find(end - 1, 0), Some(bucket));
            prop_assert!(names.insert(buckets.label(bucket)), "{} twice", buckets.label(bucket));
            let at = |time| zone.to_datetime(jiff::Timestamp::from_microsecond(time).unwrap());
            let (first, last) = (at(start), at(end - 1));
            let part = |local: jiff::civil::DateTime| match grain {
                Grain::Minute => (local.date(), local.hour(), local.minute()),
                Grain::QuarterHour => (local.date(), local.hour(), local.minute() / 15),
                Grain::Hour => (local.date(), local.hour(), 0),
                Grain::Day => (local.date(), 0, 0),
                Grain::Week => {
                    let days = jiff::Span::new().days(i64::from(local.weekday().to_monday_zero_offset()));
                    (local.date().checked_sub(days).unwrap(), 0, 0)
                }
                Grain::Month => (local.date().first_of_month(), 0, 0),
                Grain::Quarter => {
                    let month = (local.month() - 1) / 3 * 3 + 1;
                    (jiff::civil::date(local.year(), month, 1), 0, 0)
                }
                _ => (jiff::civil::date(local.year(), 1, 1), 0, 0),
            };
            prop_assert_eq!(part(first), part(last), "{} {}", grain, buckets.label(bucket));
        }
    }
}
