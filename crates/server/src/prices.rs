//! Price lists: `/api/v1/prices`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_core::prices::{Price, PriceError, PriceList};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::input::{Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{FieldProblem, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The price list of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Prices {
    /// Its name, which changes with every change; answers carry it beside what was priced.
    #[schema(examples("2026-03-29#5f3a9c01"))]
    pub version: String,
    /// The day on which it was compiled.
    #[schema(examples("2026-03-29"))]
    pub compiled: String,
    /// Whether the workspace has it of its own; else it came with the program.
    pub own: bool,
    /// Its entries.
    pub prices: Vec<ModelPrice>,
    /// The whole list as TOML, to be changed and given back.
    pub toml: String,
}

/// What models cost for some time, in US dollars a million tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ModelPrice {
    /// Who serves the models; empty means anybody.
    pub providers: Vec<String>,
    /// The names of the models; `*` stands for any letters.
    pub models: Vec<String>,
    /// The first UTC day; nothing means always before.
    pub from: Option<String>,
    /// The first UTC day on which it no longer holds; nothing means until further notice.
    pub to: Option<String>,
    /// Read.
    pub input: f64,
    /// Written.
    pub output: f64,
    /// Read from a cache.
    pub cached: f64,
    /// Written into a cache.
    pub cache_write: f64,
    /// Written in reasoning.
    pub reasoning: f64,
    /// Where the figures come from.
    pub source: String,
}

/// A price list that a workspace is given.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrices {
    /// The whole list as TOML; docs/prices.md explains every key.
    pub toml: String,
}

impl Prices {
    /// What is told of a list.
    pub fn of(list: &PriceList, own: bool) -> Self {
        Self {
            version: list.version().to_owned(),
            compiled: list.compiled(),
            own,
            prices: list.prices().iter().map(entry).collect(),
            toml: list.text().to_owned(),
        }
    }
}

fn entry(price: &Price) -> ModelPrice {
    let names = |names: &[Box<str>]| names.iter().map(ToString::to_string).collect();
    let dollars = |rate: u64| rate as f64 / 1e6;
    ModelPrice {
        providers: names(&price.providers),
        models: names(&price.models),
        from: price.first_day(),
        to: price.end_day(),
        input: dollars(price.rates.input),
        output: dollars(price.rates.output),
        cached: dollars(price.rates.cached),
        cache_write: dollars(price.rates.cache_write),
        reasoning: dollars(price.rates.reasoning),
        source: price.source.to_string(),
    }
}

/// Show what models cost
///
/// The price list of the workspace: its own, or the one that came with the program. By it calls are
/// priced that do not say themselves what they cost.
#[utoipa::path(
    get,
    path = "/api/v1/prices",
    operation_id = "show_prices",
    tag = "registry",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The price list", body = Prices),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Json<Prices> {
    let own = state.lake.own_prices(&workspace);
    let is_own = own.is_some();
    let list = own.unwrap_or_else(PriceList::built_in);
    Json(Prices::of(&list, is_own))
}

/// Give a workspace a price list
///
/// Questions that are asked afterwards price by it, also what was called before: nothing is built anew.
#[utoipa::path(
    put,
    path = "/api/v1/prices",
    operation_id = "set_prices",
    tag = "registry",
    params(WorkspaceParameters),
    request_body(content = NewPrices, example = json!({
        "toml": "compiled = 2026-03-29\ncurrency = \"USD\"\n[[price]]\nprovider = \"acme\"\nmodel = \"acme-large*\"\nfrom = 2026-01-01\ninput = 1.2\noutput = 4.8\nsource = \"our contract\"\n"
    })),
    responses(
        (status = 200, description = "The list that is in use now", body = Prices),
        (status = 400, description = "The list is wrong; `errors` names every key", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<(Extension<Done>, Json<Prices>), Problem> {
    let new: NewPrices = json(&state, request).await?;
    let list = state.lake.set_prices(&workspace, &new.toml).await?;
    let done = Done {
        subject: String::new(),
        detail: list.version().to_owned(),
    };
    Ok((Extension(done), Json(Prices::of(&list, true))))
}

impl From<PriceError> for Problem {
    fn from(error: PriceError) -> Self {
        let detail = error.to_string();
        let errors = match error {
            PriceError::Syntax { .. } => Vec::new(),
            PriceError::Wrong(problems) => problems
                .into_iter()
                .map(|problem| FieldProblem {
                    field: format!("toml: {}", problem.key),
                    position: None,
                    detail: problem.cause,
                    suggestion: None,
                })
                .collect(),
        };
        Self::new(ProblemKind::BadRequest, detail).with_errors(errors)
    }
}
