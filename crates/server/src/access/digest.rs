//! The weekly digest: the headline numbers of the app's page «Today» of the week that is over, by mail, to whoever
//! wants it.

use std::time::Duration;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use upshot_metrics::present;
use upshot_metrics::result::Verdict;
use upshot_metrics::{Query, QueryResult, RangeSpec, tables_needed};

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
    let now = state.now();
    let Some(monday) = last_monday(now) else {
        return Ok(0);
    };
    let since = monday.timestamp().as_microsecond();
    let mut sent = 0;
    let mut last: Option<(String, String)> = None;
    for (workspace, member) in state.store.digests_due(since).await? {
        let Some(settings) = state.store.mail(&workspace).await? else {
            continue;
        };
        let text = match last.take().filter(|(of, _)| *of == workspace) {
            Some((_, text)) => text,
            None => digest(state, &workspace, &monday).await?,
        };
        let subject = format!("The week of {workspace} in Upshot");
        let to = &member.person.email;
        match send(&settings, to, &subject, text.clone()).await {
            Ok(()) => {
                let id = &member.person.id;
                state.store.digest_sent(&workspace, id, now).await?;
                sent += 1;
            }
            Err(error) => tracing::warn!(%error, workspace, "a digest was not sent"),
        }
        last = Some((workspace, text));
    }
    Ok(sent)
}

/// When the last digest was due.
fn last_monday(now: i64) -> Option<Zoned> {
    let now = Timestamp::from_microsecond(now)
        .ok()?
        .to_zoned(TimeZone::UTC);
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

    #[test]
    fn a_digest_is_due_on_mondays_at_seven() {
        for (now, due) in [
            ("2026-03-09T06:59:59Z", "2026-03-02T07:00:00Z"),
            ("2026-03-09T07:00:00Z", "2026-03-09T07:00:00Z"),
            ("2026-03-10T12:00:00Z", "2026-03-09T07:00:00Z"),
            ("2026-03-15T23:59:59Z", "2026-03-09T07:00:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            let monday = last_monday(now.as_microsecond()).unwrap();
            assert_eq!(monday.timestamp().to_string(), due, "{now}");
        }
    }
}
