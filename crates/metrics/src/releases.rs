//! New versions of bots: on which day each was first seen.
//!
//! A version is new where its bot was seen before it: those with which a bot begins are not. What is looked at is
//! bounded: of the versions of a range only those with the most sessions, and of the new ones among them only the last
//! are told. Each question reads two columns: first the range, then what was before it, then the days of the new ones.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::paths::text::quoted;
use crate::query::{EnvironmentChoice, Query, tables_of_filters};
use crate::result::QueryResult;
use crate::time::{
    Calendar, Grain, Range, RangeSpec, format_instant, parse_instant, resolve_range,
};

/// Of so many versions it is looked whether they are new: of those with the most sessions in the range.
const LOOKED_AT: usize = 100;
/// So many new versions are told: the last.
const TOLD: usize = 20;

/// Of which range the new versions are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseQuery {
    /// From when until when.
    pub range: RangeSpec,
    /// Only of this bot.
    pub bot: Option<String>,
    /// The IANA name of the zone of days; that of the workspace where nothing is said.
    pub time_zone: Option<String>,
    /// The clock, in UTC microseconds; whoever asks sets it.
    #[serde(skip)]
    pub now: i64,
}

/// A new version of a bot, in production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Release {
    /// The bot; null where its events name none.
    #[cfg_attr(feature = "openapi", schema(examples("shop")))]
    pub bot: Option<String>,
    /// The version.
    #[cfg_attr(feature = "openapi", schema(examples("2.3")))]
    pub version: String,
    /// The first day on which a session of it began.
    #[cfg_attr(feature = "openapi", schema(examples("2026-03-05")))]
    pub day: String,
    /// The instant at which that day began, in the zone of days.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub time: String,
    /// How many sessions of it began in the range.
    #[cfg_attr(feature = "openapi", schema(examples(1204)))]
    pub sessions: u64,
}

/// The new versions of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Releases {
    /// They, by day.
    pub releases: Vec<Release>,
    /// How many versions of the range are not told because there are too many: new ones that came earlier, and those of
    /// which it was not looked whether they are new.
    pub left_out: usize,
}

/// A bot and its version.
type Key = (Option<String>, String);

impl ReleaseQuery {
    /// The tables that it reads.
    pub fn tables_needed(&self) -> Vec<Table> {
        tables_of_filters(&[])
    }

    /// Sessions in production by these dimensions.
    fn sessions(&self, dimensions: &[&str], range: RangeSpec, more: &[String]) -> Query {
        let of_bot = self
            .bot
            .as_deref()
            .map(|bot| format!("bot = {}", quoted(bot)));
        Query {
            metrics: vec!["sessions".to_owned()],
            dimensions: dimensions.iter().map(ToString::to_string).collect(),
            filters: of_bot.into_iter().chain(more.iter().cloned()).collect(),
            range,
            time_zone: self.time_zone.clone(),
            environment: EnvironmentChoice::Production,
            now: self.now,
            ..Query::default()
        }
    }
}

impl Engine {
    /// The new versions of bots in a range.
    ///
    /// # Errors
    /// When the range or the zone is wrong, or files cannot be read.
    pub async fn releases(
        &self,
        query: &ReleaseQuery,
        capture: &Capture,
    ) -> Result<Releases, QueryError> {
        let calendar = Calendar::of(query.time_zone.as_deref(), None, &capture.preferences)?;
        let range = resolve_range(&query.range, &calendar, query.now)?;
        let said = ["bot_version is not null".to_owned()];
        let mut seen = query.sessions(&["bot", "bot_version"], query.range.clone(), &said);
        seen.order = vec!["sessions desc".to_owned()];
        seen.limit = Some(LOOKED_AT);
        let seen = self.run(&seen, capture).await?;
        let not_looked_at = seen.row_count.saturating_sub(seen.rows.len());
        let mut sessions = versions(&seen);
        let before = self.before(query, range, &sessions, capture).await?;
        sessions.retain(|key, _| !before.versions.contains(key));
        let first_days = self.first_days(query, &sessions, &before, capture).await?;
        let mut releases: Vec<Release> = first_days
            .into_iter()
            .filter_map(|(key, day)| {
                let sessions = sessions.get(&key).copied()?;
                let time = parse_instant(&day, &calendar.zone)?;
                let (bot, version) = key;
                Some(Release {
                    bot,
                    version,
                    time: Timestamp::from_microsecond(time).ok()?.to_string(),
                    day,
                    sessions,
                })
            })
            .collect();
        releases.sort_by(|one, other| {
            one.day
                .cmp(&other.day)
                .then(one.version.cmp(&other.version))
        });
        let earlier = releases.len().saturating_sub(TOLD);
        releases.drain(..earlier);
        Ok(Releases {
            releases,
            left_out: earlier + not_looked_at,
        })
    }

    /// What there was before the range: of these versions, and of bots.
    async fn before(
        &self,
        query: &ReleaseQuery,
        range: Range,
        versions_seen: &BTreeMap<Key, u64>,
        capture: &Capture,
    ) -> Result<Before, QueryError> {
        if range.from == i64::MIN || versions_seen.is_empty() {
            return Ok(Before::default());
        }
        let before = RangeSpec {
            to: Some(format_instant(range.from, &TimeZone::UTC)),
            ..RangeSpec::default()
        };
        let filter = [one_of(versions_seen)];
        let queries = [
            query.sessions(&["bot", "bot_version"], before.clone(), &filter),
            query.sessions(&["bot"], before, &[]),
        ];
        let mut answers = self.run_all(&queries, capture).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(stopped()));
        let (of_versions, of_bots) = (next()?, next()?);
        Ok(Before {
            versions: versions(&of_versions).into_keys().collect(),
            bots: rows(&of_bots).map(|(bot, ..)| bot).collect(),
        })
    }

    /// The first day of each of these versions that does not begin with its bot.
    async fn first_days(
        &self,
        query: &ReleaseQuery,
        sessions: &BTreeMap<Key, u64>,
        before: &Before,
        capture: &Capture,
    ) -> Result<BTreeMap<Key, String>, QueryError> {
        if sessions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let filter = [one_of(sessions)];
        let by_day = |dimensions: &[&str], filters: &[String]| {
            let mut query = query.sessions(dimensions, query.range.clone(), filters);
            query.grain = Some(Grain::Day);
            query
        };
        let queries = [
            by_day(&["bot", "bot_version"], &filter),
            by_day(&["bot"], &[]),
        ];
        let mut answers = self.run_all(&queries, capture).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(stopped()));
        let (of_versions, of_bots) = (next()?, next()?);
        let mut bots: BTreeMap<Option<String>, String> = BTreeMap::new();
        for (bot, _, day, _) in rows(&of_bots) {
            keep_first(&mut bots, bot, day);
        }
        let mut days: BTreeMap<Key, String> = BTreeMap::new();
        for (bot, version, day, _) in rows(&of_versions) {
            if let Some(version) = version
                && sessions.contains_key(&(bot.clone(), version.clone()))
            {
                keep_first(&mut days, (bot, version), day);
            }
        }
        days.retain(|(bot, _), day| before.bots.contains(bot) || bots.get(bot) != Some(day));
        Ok(days)
    }
}

/// What there was before a range.
#[derive(Default)]
struct Before {
    versions: HashSet<Key>,
    bots: HashSet<Option<String>>,
}

fn stopped() -> QueryError {
    QueryError::Stopped("a question about versions was given up".to_owned())
}

/// The filter of these versions, of whatever bot.
fn one_of(versions: &BTreeMap<Key, u64>) -> String {
    let names: BTreeSet<String> = versions
        .keys()
        .map(|(_, version)| quoted(version))
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    format!("bot_version in ({})", names.join(", "))
}

/// Bot, version, day and sessions of each row that has some.
fn rows(
    answer: &QueryResult,
) -> impl Iterator<Item = (Option<String>, Option<String>, Option<String>, u64)> {
    answer.rows.iter().filter_map(|row| {
        let said = |dimension: &str| row.dimensions.get(dimension).cloned().flatten();
        let sessions = row.metrics.get("sessions").map_or(0, |value| value.n);
        (sessions > 0).then(|| (said("bot"), said("bot_version"), said("day"), sessions))
    })
}

fn versions(answer: &QueryResult) -> BTreeMap<Key, u64> {
    let rows = rows(answer);
    rows.filter_map(|(bot, version, _, sessions)| Some(((bot, version?), sessions)))
        .collect()
}

/// Days are written so that their order is that of their text.
fn keep_first<K: Ord>(days: &mut BTreeMap<K, String>, key: K, day: Option<String>) {
    let Some(day) = day else { return };
    let first = days.entry(key).or_insert_with(|| day.clone());
    if day < *first {
        *first = day;
    }
}
