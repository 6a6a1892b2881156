//! The weekly digest: the headline numbers of the app's page «Today» of the week that is over, by mail, to whoever
//! wants it.

use std::time::Duration;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use upshot_metrics::present;
use upshot_metrics::result::Verdict;
use upshot_metrics::time::parse_zone;
use upshot_metrics::{Query, QueryResult, RangeSpec, tables_needed};
use upshot_store::{Member, Person};

use super::mail::send;
use crate::problem::Problem;
use crate::state::ServerState;
use crate::turns::bounded;

/// How often it is looked who is to be written to.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);

/// When on a Monday the digest is sent.
const HOUR_OF_DAY: i8 = 7;

/// What the digest tells, part by part: what «Today» shows first.
const PARTS: [(&str, &[&str]); 4] = [
    ("Did people come?", &["sessions", "users", "user_messages"]),
    (
        "Were they helped?",
        &[
            "self_service_resolution_rate",
            "resolution_rate",
            "first_contact_resolution",
            "deflection_rate",
            "csat_score",
        ],
    ),
    (
        "What did it cost?",
        &["model_cost", "model_cost_per_resolved_session"],
    ),
    (
        "What else is worth a look?",
        &["escalation_rate", "abandon_rate", "fallback_rate"],
    ),
];

/// Sends digests until the server ends.
pub(crate) async fn run(state: ServerState) {
    while !state.is_ending() {
        if let Err(problem) = send_due(&state).await {
            tracing::warn!(kind = ?problem.kind(), "digests are sent later: something failed");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Sends the digest to everybody to whom it is due; gives how many were sent. Who cannot be written to now is tried
/// again when it is looked next.
///
/// # Errors
/// When the store or the lake cannot be read.
pub async fn send_due(state: &ServerState) -> Result<usize, Problem> {
    let mut sent = 0;
    let wanted = state.store.digests_wanted().await?;
    for of_workspace in wanted.chunk_by(|(one, _), (other, _)| one == other) {
        sent += send_of(state, of_workspace).await?;
    }
    Ok(sent)
}

/// Sends the digest of one workspace to those of these to whom it is due.
async fn send_of(state: &ServerState, wanted: &[(String, Member)]) -> Result<usize, Problem> {
    let Some((workspace, _)) = wanted.first() else {
        return Ok(0);
    };
    let now = state.now();
    let Some(monday) = last_monday(now, zone(state, workspace).await?) else {
        return Ok(0);
    };
    let since = monday.timestamp().as_microsecond();
    let is_due = |member: &&Member| member.digest_sent.is_none_or(|sent| sent < since);
    let due: Vec<&Member> = wanted
        .iter()
        .map(|(_, member)| member)
        .filter(is_due)
        .collect();
    let settings = state.store.mail(workspace).await?;
    let (false, Some(settings)) = (due.is_empty(), settings) else {
        return Ok(0);
    };
    let text = digest(state, workspace, &monday).await?;
    let subject = format!("The week of {workspace} in Upshot");
    let mut sent = 0;
    for member in due {
        let Person { id, email, .. } = &member.person;
        match send(&settings, email, &subject, text.clone()).await {
            Ok(()) => {
                state.store.digest_sent(workspace, id, now).await?;
                sent += 1;
            }
            Err(error) => tracing::warn!(%error, workspace, "a digest was not sent"),
        }
    }
    Ok(sent)
}

/// The zone of a workspace: that in which its questions are asked.
async fn zone(state: &ServerState, workspace: &str) -> Result<TimeZone, Problem> {
    let settings = state.store.settings(workspace).await?;
    let named = settings.and_then(|(settings, _)| settings.time_zone);
    // What is stored was checked.
    let zone = named.and_then(|name| parse_zone(&name).ok());
    Ok(zone.unwrap_or(TimeZone::UTC))
}

/// When the last digest was due in a zone.
fn last_monday(now: i64, zone: TimeZone) -> Option<Zoned> {
    let now = Timestamp::from_microsecond(now).ok()?.to_zoned(zone);
    let days = now.weekday().since(Weekday::Monday);
    let monday = now
        .checked_sub(i64::from(days).days())
        .ok()?
        .with()
        .time(jiff::civil::time(HOUR_OF_DAY, 0, 0, 0))
        .build()
        .ok()?;
    match monday <= now {
        true => Some(monday),
        false => monday.checked_sub(1.week()).ok(),
    }
}

async fn digest(state: &ServerState, workspace: &str, monday: &Zoned) -> Result<String, Problem> {
    let day = |days: i64| {
        let day = monday.checked_sub(days.days());
        day.map(|day| day.date().to_string()).unwrap_or_default()
    };
    let (from, to) = (day(7), day(1));
    let mut query = Query {
        metrics: PARTS
            .iter()
            .flat_map(|(_, ids)| ids.iter())
            .map(|id| (*id).to_owned())
            .collect(),
        range: RangeSpec {
            from: Some(from.clone()),
            to: Some(to.clone()),
            ..RangeSpec::default()
        },
        compare: Some("previous".to_owned()),
        ..Query::default()
    };
    query.now = state.now();
    let work = || async {
        let tables = tables_needed(&query);
        let capture = state.capture(workspace, None, &tables).await?;
        Ok(state.engine.run(&query, &capture).await?)
    };
    let answer = bounded(state, "digest", work).await?;
    Ok(written(&answer, (&from, &to), &state.options.public_url()))
}

/// The digest as text.
fn written(answer: &QueryResult, (from, to): (&str, &str), address: &str) -> String {
    let mut text = format!("From {from} to {to}, beside the week before.\n");
    for (title, ids) in PARTS {
        text.push_str(&format!("\n{title}\n"));
        for id in ids {
            if let Some(line) = line(answer, id) {
                text.push_str(&line);
            }
        }
    }
    text.push_str(&format!(
        "\nWhat is marked with ! changed more than by chance. Look closer: {address}/\n\
         You get this because you asked for it; your settings end it.\n"
    ));
    text
}

fn line(answer: &QueryResult, id: &str) -> Option<String> {
    let definition = answer
        .definitions
        .iter()
        .find(|definition| definition.id == id)?;
    let found = answer.totals.get(id)?;
    let shown = |value: Option<f64>| {
        value.map_or_else(
            || "–".to_owned(),
            |value| present::value(definition.unit, value),
        )
    };
    let (before, mark) = match &found.compare {
        Some(compare) => {
            let changed = matches!(
                compare.verdict,
                Verdict::Better | Verdict::Worse | Verdict::Changed
            );
            (shown(compare.value), if changed { " !" } else { "" })
        }
        None => ("–".to_owned(), ""),
    };
    let name = &definition.name;
    let value = shown(found.value);
    Some(format!("  {name}: {value} (before: {before}){mark}\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(zone: &str, now: &str, due: &str) {
        let now: Timestamp = now.parse().unwrap();
        let monday = last_monday(now.as_microsecond(), parse_zone(zone).unwrap()).unwrap();
        assert_eq!(monday.timestamp().to_string(), due, "{zone} {now}");
    }

    #[test]
    fn a_digest_is_due_on_mondays_at_seven() {
        check("UTC", "2026-03-09T06:59:59Z", "2026-03-02T07:00:00Z");
        check("UTC", "2026-03-09T07:00:00Z", "2026-03-09T07:00:00Z");
        check("UTC", "2026-03-10T12:00:00Z", "2026-03-09T07:00:00Z");
        check("UTC", "2026-03-15T23:59:59Z", "2026-03-09T07:00:00Z");
    }

    #[test]
    fn seven_is_that_of_the_workspace_in_summer_and_winter() {
        let berlin = |now, due| check("Europe/Berlin", now, due);
        berlin("2026-03-23T05:59:59Z", "2026-03-16T06:00:00Z");
        berlin("2026-03-23T06:00:00Z", "2026-03-23T06:00:00Z");
        // The clock goes forward on the 29th, a Sunday: the week has an hour less.
        berlin("2026-03-30T04:59:59Z", "2026-03-23T06:00:00Z");
        berlin("2026-03-30T05:00:00Z", "2026-03-30T05:00:00Z");
        // And back on the 25th of October.
        berlin("2026-10-26T05:59:59Z", "2026-10-19T05:00:00Z");
        berlin("2026-10-26T06:00:00Z", "2026-10-26T06:00:00Z");
        // Where it is Monday already, and where it is still Sunday.
        check(
            "Pacific/Auckland",
            "2026-07-05T19:00:00Z",
            "2026-07-05T19:00:00Z",
        );
        check(
            "America/Los_Angeles",
            "2026-07-06T13:59:59Z",
            "2026-06-29T14:00:00Z",
        );
    }
}
