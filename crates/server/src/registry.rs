//! What there is to ask for: metrics, dimensions, fields of filters and profiles.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use upshot_core::profile::{Profile, built_in_text};
use upshot_metrics::registry;
use utoipa::ToSchema;

use crate::input::{InPath, Workspace};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The registry of numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Metrics {
    /// Every metric.
    metrics: Vec<Metric>,
    /// Names that stand for several metrics.
    families: Vec<Family>,
}

/// What a number says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Metric {
    /// The id, by which queries name it.
    #[schema(examples("resolution_rate"))]
    id: &'static str,
    /// The name for people.
    #[schema(examples("Resolution rate"))]
    name: &'static str,
    /// To which part of the documentation it belongs.
    section: &'static str,
    /// What it says, in a sentence.
    definition: &'static str,
    /// Grows by one whenever the definition changes.
    version: u32,
    /// The unit of its values.
    unit: registry::Unit,
    /// Which direction is good.
    direction: registry::Direction,
    /// What is counted: sessions, messages or steps.
    subject: registry::Subject,
    /// By what a range selects.
    clock: registry::Clock,
    /// Which sessions are judged.
    maturity: registry::Maturity,
    /// The filter that lists the sessions behind the value; empty where it is all of them.
    evidence: String,
    /// A worked example, which a test runs.
    example: Example,
}

/// A worked example.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Example {
    /// Sessions as a table; where messages or steps come in, tables under their names.
    sessions: &'static str,
    /// What the metric makes of them.
    result: &'static str,
}

/// A name that stands for several metrics.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Family {
    /// The id, by which queries name it.
    id: &'static str,
    /// Its metrics.
    members: Vec<&'static str>,
    /// What they say together.
    documentation: &'static str,
}

/// By what numbers can be cut, and what filters may name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dimensions {
    /// The dimensions. Besides these, `attribute.NAME` cuts by any attribute.
    dimensions: Vec<Dimension>,
    /// The fields of filters. Besides these, `attribute.NAME` is any attribute.
    fields: Vec<FilterField>,
}

/// A dimension.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dimension {
    /// The id, by which queries name it.
    #[schema(examples("channel"))]
    id: &'static str,
    /// The name for people.
    #[schema(examples("Channel"))]
    name: &'static str,
    /// What it says.
    documentation: &'static str,
    /// Whether a session counts in several rows.
    many_valued: bool,
}

/// A field that filters may name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FilterField {
    /// Its name.
    #[schema(examples("duration"))]
    name: &'static str,
    /// What it holds, in words.
    #[schema(examples("duration"))]
    holds: &'static str,
    /// The words that it may hold, where they are a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<&'static str>>,
    /// What it says.
    documentation: &'static str,
}

/// The rules that turn events into sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profiles {
    /// Which profile serves which source in this workspace.
    in_use: Vec<ProfileInUse>,
    /// The profiles that come with the program.
    built_in: Vec<BuiltInProfile>,
}

/// A profile that serves a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileInUse {
    /// The source; nothing means all that have no profile of their own.
    source: Option<String>,
    /// The profile's name.
    #[schema(examples("default"))]
    name: String,
    /// The profile's version.
    #[schema(examples(1))]
    version: u32,
    /// The facts that it makes: its name and version and the fold's.
    #[schema(examples("default@1/fold2"))]
    fact_set: String,
    /// How old a session must be to be judged, in microseconds.
    maturity: i64,
}

/// A profile that comes with the program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuiltInProfile {
    /// The name.
    #[schema(examples("default"))]
    name: &'static str,
    /// The version.
    #[schema(examples(1))]
    version: u32,
    /// The whole profile as TOML.
    toml: &'static str,
}

fn entry(metric: &registry::Metric) -> Metric {
    Metric {
        id: metric.id,
        name: metric.name,
        section: metric.section.title(),
        definition: metric.definition,
        version: metric.version,
        unit: metric.unit,
        direction: metric.direction,
        subject: metric.subject,
        clock: metric.clock,
        maturity: metric.maturity,
        evidence: metric.evidence(),
        example: Example {
            sessions: metric.example.sessions,
            result: metric.example.result,
        },
    }
}

/// List every number
#[utoipa::path(
    get,
    path = "/api/v1/metrics",
    operation_id = "list_metrics",
    tag = "registry",
    responses(
        (status = 200, description = "The registry", body = Metrics),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn metrics() -> Json<Metrics> {
    let families = registry::families().iter().map(|family| Family {
        id: family.id,
        members: family.members.to_vec(),
        documentation: family.documentation,
    });
    Json(Metrics {
        metrics: registry::metrics().iter().map(entry).collect(),
        families: families.collect(),
    })
}

/// Show one number
#[utoipa::path(
    get,
    path = "/api/v1/metrics/{id}",
    operation_id = "show_metric",
    tag = "registry",
    params(("id" = String, Path, description = "The metric's id", example = "resolution_rate")),
    responses(
        (status = 200, description = "What the number says", body = Metric),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no number of this id", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn metric(InPath(id): InPath<String>) -> Result<Json<Metric>, Problem> {
    registry::metric(&id)
        .map(|metric| Json(entry(metric)))
        .ok_or_else(|| {
            let short: String = id.chars().take(80).collect();
            Problem::new(
                ProblemKind::NotFound,
                format!("there is no metric `{short}`; `/api/v1/metrics` lists them"),
            )
        })
}

/// List the dimensions and the fields of filters
#[utoipa::path(
    get,
    path = "/api/v1/dimensions",
    operation_id = "list_dimensions",
    tag = "registry",
    responses(
        (status = 200, description = "The dimensions and fields", body = Dimensions),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn dimensions() -> Json<Dimensions> {
    let dimensions = registry::dimensions().iter().map(|dimension| Dimension {
        id: dimension.id,
        name: dimension.name,
        documentation: dimension.documentation,
        many_valued: dimension.is_many_valued(),
    });
    let fields = registry::filter_fields().iter().map(|field| FilterField {
        name: field.name,
        holds: field.kind.describe(),
        words: match field.kind {
            registry::ValueKind::Word(words) => Some(words()),
            _ => None,
        },
        documentation: field.documentation,
    });
    Json(Dimensions {
        dimensions: dimensions.collect(),
        fields: fields.collect(),
    })
}

/// List the profiles
#[utoipa::path(
    get,
    path = "/api/v1/profiles",
    operation_id = "list_profiles",
    tag = "registry",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The profiles", body = Profiles),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn profiles(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Json<Profiles> {
    let settings = state.lake.settings(&workspace);
    let in_use = settings.profiles().map(|(source, profile)| ProfileInUse {
        source: source.map(str::to_owned),
        name: profile.name().to_owned(),
        version: profile.version(),
        fact_set: profile.fact_set(),
        maturity: profile.maturity(),
    });
    let built_in = Profile::built_in_names().iter().filter_map(|name| {
        Some(BuiltInProfile {
            name,
            version: Profile::built_in(name)?.version(),
            toml: built_in_text(name)?,
        })
    });
    Json(Profiles {
        in_use: in_use.collect(),
        built_in: built_in.collect(),
    })
}
