//! What a workspace has set for itself: `/api/v1/settings`.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Request, State};
use axum::{Extension, Json};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use upshot_core::time::WeekStart;
use upshot_lake::{Labels, Preferences, TicketBaseline as StatedBaseline};
use upshot_metrics::RangeSpec;
use upshot_metrics::time::{parse_zone, resolve_range};
use upshot_store::{Store, StoreError, TicketBaseline, WorkspaceSettings};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::facts::instant;
use crate::input::{Workspace, json, named_members, named_members_of_each, nearest};
use crate::openapi::WorkspaceParameters;
use crate::problem::{FieldProblem, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The most bots that have names.
const MOST_BOTS: usize = 1_000;
/// The most characters of a bot's id or name.
const LONGEST_NAME: usize = 200;

/// What a workspace has set for itself, and what holds where it has set nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// The IANA name of the zone of days, for questions that name none.
    #[schema(examples("Europe/Berlin"))]
    pub time_zone: String,
    /// With which day weeks begin, for questions that name none: monday, sunday or saturday.
    #[schema(examples("monday"))]
    pub week_start: String,
    /// The ISO 4217 code of the currency of `costs`. What models cost stays in US dollars.
    #[schema(examples("EUR"))]
    pub currency: String,
    /// The language and region in which numbers and dates are written, as BCP 47 has it; null means that of
    /// whoever looks.
    #[schema(examples("de-DE"))]
    pub locale: Option<String>,
    /// What things cost.
    pub costs: Costs,
    /// The names of bots, by id. A bot that is not here is shown by its id.
    pub bots: Vec<BotName>,
    /// With what `ticket_reduction` compares.
    pub ticket_baseline: Baseline,
    /// When they were last set; null where they never were.
    #[schema(format = DateTime)]
    pub changed: Option<String>,
}

/// What things cost, in the currency of the workspace; null where nobody said. No number uses them yet: they are for
/// what the work of agents costs and what the bot saves.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Costs {
    /// A minute of an agent's work.
    #[schema(examples(0.9))]
    pub agent_minute: Option<f64>,
    /// A contact that people serve from its beginning to its end, as a call or a ticket.
    #[schema(examples(6.5))]
    pub human_contact: Option<f64>,
}

/// With what `ticket_reduction` compares how many inquiries need people: with a rate, or with what is found in a
/// range of time; all null where nobody said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = TicketBaseline)]
pub struct Baseline {
    /// The share of inquiries that needed people, more than 0 and at most 1.
    #[schema(examples(0.42))]
    pub rate: Option<f64>,
    /// The first day of the range, in the zone of the workspace, or the instant at which it begins.
    #[schema(examples("2025-10-01"))]
    pub from: Option<String>,
    /// The last day of the range, or the instant at which it ends.
    #[schema(examples("2025-12-31"))]
    pub to: Option<String>,
}

/// What a bot is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotName {
    /// The bot's id, as its events say it.
    #[schema(examples("shop"))]
    pub id: String,
    /// What people call it.
    #[schema(examples("Shop assistant"))]
    pub name: String,
}

/// All settings of a workspace; what is left out, or null, is as where nothing was ever set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewSettings {
    /// The IANA name of the zone of days; UTC where nothing is said.
    pub time_zone: Option<String>,
    /// With which day weeks begin: monday, sunday or saturday; monday where nothing is said.
    pub week_start: Option<String>,
    /// The ISO 4217 code of the currency of `costs`; USD where nothing is said.
    pub currency: Option<String>,
    /// The language and region in which numbers and dates are written, as BCP 47 has it.
    pub locale: Option<String>,
    /// What things cost.
    #[serde(deserialize_with = "named_members")]
    pub costs: Costs,
    /// The names of bots.
    #[serde(deserialize_with = "named_members_of_each")]
    pub bots: Vec<BotName>,
    /// With what `ticket_reduction` compares.
    #[serde(deserialize_with = "named_members")]
    pub ticket_baseline: Baseline,
}

impl Settings {
    /// What holds in a workspace that set these at this time, or nothing.
    pub fn of(stored: Option<(WorkspaceSettings, i64)>) -> Self {
        let (settings, changed) = stored.unzip();
        let settings = settings.unwrap_or_default();
        let cost = |name: &str| settings.costs.get(name).copied();
        let bots = settings.bots.iter().map(|(id, name)| BotName {
            id: id.clone(),
            name: name.clone(),
        });
        Self {
            costs: Costs {
                agent_minute: cost(AGENT_MINUTE),
                human_contact: cost(HUMAN_CONTACT),
            },
            bots: bots.collect(),
            time_zone: settings.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            week_start: settings
                .week_start
                .unwrap_or_else(|| WeekStart::default().to_string()),
            currency: settings.currency.unwrap_or_else(|| "USD".to_owned()),
            locale: settings.locale,
            ticket_baseline: settings.ticket_baseline.into(),
            changed: changed.map(instant),
        }
    }

    /// The same as something to be set.
    pub fn again(self) -> NewSettings {
        NewSettings {
            time_zone: Some(self.time_zone),
            week_start: Some(self.week_start),
            currency: Some(self.currency),
            locale: self.locale,
            costs: self.costs,
            bots: self.bots,
            ticket_baseline: self.ticket_baseline,
        }
    }
}

impl From<Option<TicketBaseline>> for Baseline {
    fn from(stored: Option<TicketBaseline>) -> Self {
        match stored {
            None => Self::default(),
            Some(TicketBaseline::Rate(rate)) => Self {
                rate: Some(rate),
                ..Self::default()
            },
            Some(TicketBaseline::Range(from, to)) => Self {
                rate: None,
                from: Some(from),
                to: Some(to),
            },
        }
    }
}

impl Baseline {
    /// Checks it; `zone` is that of the workspace.
    fn checked(self, zone: &str) -> Result<Option<TicketBaseline>, FieldProblem> {
        let refused = |detail: String| wrong("ticket_baseline", detail, None);
        match (self.rate, self.from, self.to) {
            (None, None, None) => Ok(None),
            (Some(rate), None, None) if rate > 0.0 && rate <= 1.0 => {
                Ok(Some(TicketBaseline::Rate(rate)))
            }
            (Some(rate), None, None) => {
                let detail = format!("{rate} is no rate; expected more than 0 and at most 1");
                Err(wrong("ticket_baseline.rate", detail, None))
            }
            (None, Some(from), Some(to)) => {
                let spec = RangeSpec {
                    from: Some(from.clone()),
                    to: Some(to.clone()),
                    last: None,
                };
                // A zone that there is not has a problem of its own.
                let zone = parse_zone(zone).unwrap_or(TimeZone::UTC);
                let range = resolve_range(&spec, &zone.into(), 0);
                range.map_err(|problem| {
                    let field = problem.field.replace("range", "ticket_baseline");
                    wrong(&field, problem.message, None)
                })?;
                Ok(Some(TicketBaseline::Range(from, to)))
            }
            (Some(_), ..) => Err(refused(
                "a rate and a range exclude each other; give one".to_owned(),
            )),
            _ => Err(refused(
                "a range has a beginning and an end; give `from` and `to`".to_owned(),
            )),
        }
    }
}

const AGENT_MINUTE: &str = "agent_minute";
const HUMAN_CONTACT: &str = "human_contact";

impl NewSettings {
    /// Checks them.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn checked(self) -> Result<WorkspaceSettings, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        problems.extend(self.time_zone.as_deref().and_then(wrong_zone));
        problems.extend(self.week_start.as_deref().and_then(wrong_week));
        problems.extend(self.currency.as_deref().and_then(wrong_currency));
        problems.extend(self.locale.as_deref().and_then(wrong_locale));
        problems.extend(wrong_bots(&self.bots));
        let mut costs = BTreeMap::new();
        let said = [
            (AGENT_MINUTE, self.costs.agent_minute),
            (HUMAN_CONTACT, self.costs.human_contact),
        ];
        for (name, cost) in said {
            let Some(cost) = cost else { continue };
            if !(0.0..=1e9).contains(&cost) {
                let detail = format!("{cost} is no cost; expected 0 to 1,000,000,000");
                problems.push(wrong(&format!("costs.{name}"), detail, None));
            }
            costs.insert(name.to_owned(), cost);
        }
        let zone = self.time_zone.as_deref().unwrap_or("UTC");
        let ticket_baseline = self.ticket_baseline.checked(zone);
        let ticket_baseline = ticket_baseline.map_err(|problem| problems.push(problem));
        if !problems.is_empty() {
            return Err(problems);
        }
        let bots = self.bots.into_iter().map(|bot| (bot.id, bot.name));
        Ok(WorkspaceSettings {
            time_zone: self.time_zone,
            week_start: self.week_start,
            currency: self.currency,
            locale: self.locale,
            costs,
            bots: bots.collect(),
            ticket_baseline: ticket_baseline.ok().flatten(),
        })
    }
}

fn wrong(field: &str, detail: String, suggestion: Option<String>) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        position: None,
        detail,
        suggestion,
    }
}

fn wrong_zone(name: &str) -> Option<FieldProblem> {
    let problem = parse_zone(name).err()?;
    Some(wrong("time_zone", problem.message, problem.suggestion))
}

fn wrong_week(name: &str) -> Option<FieldProblem> {
    let error = name.parse::<WeekStart>().err()?;
    let suggestion = nearest(name, WeekStart::ALL.map(WeekStart::as_str));
    Some(wrong("week_start", error.to_string(), suggestion))
}

fn wrong_currency(code: &str) -> Option<FieldProblem> {
    let good = code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    let detail = || {
        let short: String = code.chars().take(20).collect();
        format!("`{short}` is no code of a currency; expected three letters such as EUR")
    };
    (!good).then(|| wrong("currency", detail(), None))
}

fn wrong_locale(tag: &str) -> Option<FieldProblem> {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let good = (2..=3).contains(&language.len())
        && language.bytes().all(|letter| letter.is_ascii_alphabetic())
        && tag.len() <= 35
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    let detail = || {
        let short: String = tag.chars().take(40).collect();
        format!("`{short}` is no locale; expected a language and perhaps a region, such as de-DE")
    };
    (!good).then(|| wrong("locale", detail(), None))
}

fn wrong_bots(bots: &[BotName]) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if bots.len() > MOST_BOTS {
        let detail = format!("{} bots; at most {MOST_BOTS} have names", bots.len());
        problems.push(wrong("bots", detail, None));
    }
    let mut seen = BTreeSet::new();
    for (index, bot) in bots.iter().enumerate() {
        for (part, text) in [("id", &bot.id), ("name", &bot.name)] {
            let length = text.chars().count();
            if !(1..=LONGEST_NAME).contains(&length) || text.chars().any(char::is_control) {
                let detail = format!(
                    "expected 1 to {LONGEST_NAME} characters, none of them a control character"
                );
                problems.push(wrong(&format!("bots[{index}].{part}"), detail, None));
            }
        }
        if !seen.insert(&bot.id) {
            let detail = "the bot has a name already; give it one".to_owned();
            problems.push(wrong(&format!("bots[{index}].id"), detail, None));
        }
    }
    problems
}

/// What answers depend on of all that people set in a workspace.
///
/// # Errors
/// When the store cannot be read.
pub async fn preferences(store: &Store, workspace: &str) -> Result<Preferences, StoreError> {
    let settings = store.settings(workspace).await?;
    let (settings, _) = settings.unzip();
    let settings = settings.unwrap_or_default();
    let week_start = settings.week_start.and_then(|name| name.parse().ok());
    let labels = store.labels(workspace).await?;
    Ok(Preferences {
        segments: store.filters(workspace).await?,
        labels: Labels {
            sessions: labels.sessions,
            version: labels.version,
        },
        time_zone: settings.time_zone,
        week_start: week_start.unwrap_or_default(),
        ticket_baseline: settings.ticket_baseline.map(|stated| match stated {
            TicketBaseline::Rate(rate) => StatedBaseline::Rate(rate),
            TicketBaseline::Range(from, to) => StatedBaseline::Range { from, to },
        }),
    })
}

/// What differs between two states of the settings, in words, for the record of who did what.
pub fn difference(before: &Settings, after: &Settings) -> String {
    let fields = |settings: &Settings| match serde_json::json!(settings) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let changed = after
        .iter()
        .filter(|(name, value)| *name != "changed" && before.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}: {} → {value}", before[name]));
    changed.collect::<Vec<_>>().join("; ")
}

/// Show the settings of a workspace
///
/// Questions that name no time zone are asked in that of the workspace, and their weeks begin as it says.
#[utoipa::path(
    get,
    path = "/api/v1/settings",
    operation_id = "show_settings",
    tag = "workspace",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Settings>, Problem> {
    Ok(Json(Settings::of(state.store.settings(&workspace).await?)))
}

/// Set the settings of a workspace
///
/// All of them at once: what is left out is as where nothing was ever set.
#[utoipa::path(
    put,
    path = "/api/v1/settings",
    operation_id = "set_settings",
    tag = "workspace",
    params(WorkspaceParameters),
    request_body(content = NewSettings, example = json!({
        "time_zone": "Europe/Berlin",
        "week_start": "monday",
        "currency": "EUR",
        "locale": "de-DE",
        "costs": { "agent_minute": 0.9, "human_contact": 6.5 },
        "bots": [{ "id": "shop", "name": "Shop assistant" }],
        "ticket_baseline": { "from": "2025-10-01", "to": "2025-12-31" }
    })),
    responses(
        (status = 200, description = "The settings as they are now", body = Settings),
        (status = 400, description = "A setting is wrong; `errors` names every one", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<(Extension<Done>, Json<Settings>), Problem> {
    let new: NewSettings = json(&state, request).await?;
    let settings = new.checked().map_err(Problem::of_fields)?;
    let before = Settings::of(state.store.settings(&workspace).await?);
    let now = state.now();
    state.store.set_settings(&workspace, &settings, now).await?;
    let settings = Settings::of(Some((settings, now)));
    let done = Done {
        subject: String::new(),
        detail: difference(&before, &settings),
    };
    Ok((Extension(done), Json(settings)))
}

impl Problem {
    /// A request that is wrong in several fields.
    pub(crate) fn of_fields(errors: Vec<FieldProblem>) -> Self {
        let details: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.detail))
            .collect();
        Self::new(ProblemKind::BadRequest, details.join("\n")).with_errors(errors)
    }
}
