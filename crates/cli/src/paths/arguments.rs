//! What the commands about paths take.

use clap::Args;

use crate::answers::Ask;
use crate::arguments::Scope;

/// Which steps.
#[derive(Debug, Args)]
pub struct StepArguments {
    /// What counts as a step: topics, options, questions, separated by commas, or intents
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "topics",
        value_name = "KIND,…"
    )]
    pub steps: Vec<String>,
    /// By what steps are the same: name or id
    #[arg(long = "match", default_value = "name", value_name = "WHAT")]
    pub match_by: String,
    /// Only steps for which this expression holds; may be repeated
    #[arg(long, value_name = "EXPRESSION")]
    pub only: Vec<String>,
}

/// `upshot paths`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot paths --last 28d --first 4\n  \
    upshot paths --steps topics,options --loops cycles --by bot_version\n\n\
    docs/paths.md explains the numbers; --output json has the filters that list their sessions.")]
pub struct PathArguments {
    /// So many steps from the first make a path
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub first: usize,
    /// All steps make a path, up to 100
    #[arg(long, conflicts_with = "first")]
    pub all: bool,
    /// What becomes of loops: keep, repeats (a step that follows itself counts once) or cycles (going back
    /// cuts what lay between)
    #[arg(long, default_value = "keep", value_name = "LOOPS")]
    pub loops: String,
    /// Break it down by a dimension of sessions, such as bot_version
    #[arg(long, value_name = "DIMENSION")]
    pub by: Option<String>,
    /// Which steps.
    #[command(flatten)]
    pub steps: StepArguments,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Say how the answer came about: what its numbers say, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}

/// `upshot flows`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot flows --step 'Order status' --depth 2\n  \
    upshot flows --step Escalate --direction backward\n\n\
    docs/paths.md explains the numbers; --output json has the filters that list their sessions.")]
pub struct FlowArguments {
    /// Begin at the first visit of this step; without it at the first step of each session
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// Which way: forward or backward
    #[arg(long, default_value = "forward", value_name = "DIRECTION")]
    pub direction: String,
    /// How many steps away
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub depth: usize,
    /// What becomes of loops: keep, repeats (a step that follows itself counts once) or cycles (going back
    /// cuts what lay between)
    #[arg(long, default_value = "keep", value_name = "LOOPS")]
    pub loops: String,
    /// Break it down by a dimension of sessions, such as bot_version
    #[arg(long, value_name = "DIMENSION")]
    pub by: Option<String>,
    /// Which steps.
    #[command(flatten)]
    pub steps: StepArguments,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Say how the answer came about: what its numbers say, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}

/// `upshot funnel`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot funnel --through 'step.topic_name = Order' --through 'step.topic_name = Payment' --within 1h\n  \
    upshot funnel --unit user --within 7d --through 'message.unmatched' --through 'step.handover_stage = requested'\n\n\
    docs/paths.md explains the numbers; --output json has the filters that list their sessions.")]
pub struct FunnelArguments {
    /// A condition on a step or message; repeat it for each, in order
    #[arg(long, required = true, value_name = "EXPRESSION")]
    pub through: Vec<String>,
    /// How long after the first the last may come
    #[arg(long, value_name = "LENGTH")]
    pub within: Option<String>,
    /// Who goes through: session or user
    #[arg(long, default_value = "session", value_name = "UNIT")]
    pub unit: String,
    /// Break it down by a dimension of sessions, such as bot_version
    #[arg(long, value_name = "DIMENSION")]
    pub by: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Say how the answer came about: what its numbers say, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}

/// `upshot lift`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot lift --last 28d\n  \
    upshot lift --steps intents --at-least 20\n\n\
    docs/paths.md explains the numbers; --output json has the filters that list their sessions.")]
pub struct LiftArguments {
    /// Show and test pairs that so many sessions have
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub at_least: u64,
    /// Which steps.
    #[command(flatten)]
    pub steps: StepArguments,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Say how the answer came about: what its numbers say, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}

/// `upshot topics`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot topics --last 28d\n  \
    upshot topics --last 4w --filter 'channel = web' --limit 10\n\n\
    docs/paths.md explains the numbers; --output json has the filters that list their sessions.")]
pub struct TopicArguments {
    /// Compare with: previous, year, FROM..TO, or none; previous where the range has two ends
    #[arg(long, value_name = "RANGE")]
    pub compare: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Say how the answer came about: what its numbers say, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}
