//! What the command line takes. The texts here are the manual: `--help` shows them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use upshot_metrics::RowFormat;

use crate::answers::Ask;
use crate::demo::DemoArguments;
use crate::erase::EraseArguments;
use crate::export::ExportArguments;
use crate::keys::KeysArguments;
use crate::paths::{FlowArguments, FunnelArguments, LiftArguments, PathArguments, TopicArguments};
use crate::people::PeopleArguments;
use crate::prices::PricesArguments;
use crate::segments::SegmentsArguments;
use crate::sessions::SessionsArguments;
use crate::settings::SettingsArguments;

/// Analytics for conversations: who came, what they wanted, what came of it.
#[derive(Debug, Parser)]
#[command(
    name = "upshot",
    version,
    about,
    long_about = "Upshot takes the conversations of any bot platform and says what came of them.\n\n\
        Try it:\n  \
        upshot demo                                     makes and loads believable conversations\n  \
        upshot query --metrics sessions,resolution_rate --by channel --last 28d\n  \
        upshot import transcripts/                      loads your own\n  \
        upshot serve                                    answers over HTTP\n\n\
        Everything is kept in one folder: --data, or UPSHOT_DATA, or ./upshot-data.",
    after_help = "Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 done, but some records \
        were rejected; 4 another process holds the data directory; 5 verify found damage."
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What everything shares.
    #[command(flatten)]
    pub common: Common,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The data directory
    #[arg(
        long,
        global = true,
        env = "UPSHOT_DATA",
        default_value = "./upshot-data",
        value_name = "DIR"
    )]
    pub data: PathBuf,
    /// The workspace: its data are invisible to the others
    #[arg(
        long,
        global = true,
        env = "UPSHOT_WORKSPACE",
        default_value = "main",
        value_name = "NAME"
    )]
    pub workspace: String,
    /// How to print: a table for people, or JSON or CSV for programs; answers to questions also as jsonl, parquet or arrow
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table)]
    pub output: OutputFormat,
    /// Say less: no progress, no notes
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Columns for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header.
    Csv,
    /// JSON Lines: an object a row.
    Jsonl,
    /// A Parquet file.
    Parquet,
    /// A stream of Arrow's interprocess format.
    Arrow,
}

impl OutputFormat {
    /// Whether only answers to questions are printed so.
    pub const fn is_of_answers(self) -> bool {
        matches!(self, Self::Jsonl | Self::Parquet | Self::Arrow)
    }

    /// The format in which an answer is given as rows.
    pub const fn row_format(self) -> Option<RowFormat> {
        match self {
            Self::Table | Self::Json => None,
            Self::Csv => Some(RowFormat::Csv),
            Self::Jsonl => Some(RowFormat::Jsonl),
            Self::Parquet => Some(RowFormat::Parquet),
            Self::Arrow => Some(RowFormat::Arrow),
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load conversations from files, folders, globs or standard input
    Import(ImportArguments),
    /// Ask for numbers
    Query(QueryArguments),
    /// What is going on now: open sessions, users who wait, agents who serve
    Live(LiveArguments),
    /// List sessions with their facts, or those behind a number
    Sessions(SessionsArguments),
    /// What a workspace has set: time zone, week, currency, costs, names of bots
    Settings(SettingsArguments),
    /// Filters that are saved under a name
    Segments(SegmentsArguments),
    /// Show a session's messages in order, with what each did and by which rule
    Explain(ExplainArguments),
    /// Write sessions, messages, steps, events or conversations to a file, for other programs
    Export(ExportArguments),
    /// What drives an outcome: the impact of each topic, or of another dimension
    Drivers(DriversArguments),
    /// The commonest paths: what sessions do in which order, and what comes of it
    Paths(PathArguments),
    /// What comes after or before a step, and what ends where
    Flows(FlowArguments),
    /// How many come through steps in order, and how long it takes them
    Funnel(FunnelArguments),
    /// Which topic, option, question or intent follows which more often than chance
    Lift(LiftArguments),
    /// The report on topics: visits, sessions, outcomes, impacts, trend, where they lead
    Topics(TopicArguments),
    /// Who came back: users by the day, week or month of their first session
    Retention(RetentionArguments),
    /// The registry of numbers: what each one is, with a worked example
    Metrics(MetricsArguments),
    /// The rules that turn events into sessions
    Profiles(ProfilesArguments),
    /// What models cost, for calls that do not say it themselves
    Prices(PricesArguments),
    /// Who takes part in the workspace, and invitations
    People(PeopleArguments),
    /// Keys by which programs ask the workspace
    Keys(KeysArguments),
    /// Erase users: their conversations with all that was made of them, for good
    Erase(EraseArguments),
    /// Answer over HTTP
    Serve(ServeArguments),
    /// Make and load believable conversations
    Demo(DemoArguments),
    /// Check log, catalog, files and facts against each other
    Verify(VerifyArguments),
    /// Copy everything into an empty folder, consistent, while nothing else writes
    Backup(BackupArguments),
    /// Make the data directory from a backup
    Restore(RestoreArguments),
}

impl Command {
    /// Whether it asks a question, whose answer has rows.
    pub const fn asks(&self) -> bool {
        matches!(
            self,
            Self::Query(_)
                | Self::Live(_)
                | Self::Drivers(_)
                | Self::Retention(_)
                | Self::Paths(_)
                | Self::Flows(_)
                | Self::Funnel(_)
                | Self::Lift(_)
                | Self::Topics(_)
        )
    }
}

/// `upshot import`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot import conversationtranscripts.json\n  \
    upshot import --format copilot-studio 'exports/**/*.csv'\n  \
    upshot import --mapping helpdesk.toml --dry-run tickets.csv\n  \
    zcat events.jsonl.gz | upshot import -\n\n\
    Importing a file again adds only what is new. A record that cannot be read is listed with its \
    place and reason, and kept in DIR/rejected/WORKSPACE; the rest goes in.")]
pub struct ImportArguments {
    /// Files, folders, globs, or - for standard input; .gz and .zst are unpacked
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// The format: auto, upshot, copilot-studio, botframework
    #[arg(long, default_value = "auto", value_name = "FORMAT")]
    pub format: String,
    /// Read any JSON or CSV as this TOML file says; docs/formats/mapping.md has the language
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub mapping: Option<PathBuf>,
    /// Show the first events, counts and what would be rejected; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The profile for conversations of this source: a name from `upshot profiles`, or a TOML file
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// What is kept of texts: masked, full or none. What the workspace has set where nothing is said, else masked; never
    /// more than the workspace has set
    #[arg(long, value_name = "MODE")]
    pub text: Option<String>,
    /// Send to a running server instead of opening the data directory
    #[arg(long, value_name = "URL", env = "UPSHOT_SERVER")]
    pub server: Option<String>,
    /// The server's key
    #[arg(long, value_name = "KEY", env = "UPSHOT_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

/// What a question is about: shared by `query`, `sessions` and `drivers`.
#[derive(Debug, Clone, Args)]
pub struct Scope {
    /// Only what this expression holds for, as 'channel = web and not engaged'; may be repeated
    #[arg(long = "filter", value_name = "EXPRESSION")]
    pub filters: Vec<String>,
    /// From this day or instant on
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Until this day (with it) or instant (without it)
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// The last stretch of time: 24h, 28d, 8w, 12mo
    #[arg(long, value_name = "LENGTH", conflicts_with_all = ["from", "to"])]
    pub last: Option<String>,
    /// The time zone of days and hours, as Europe/Berlin; that of the workspace's settings where nothing is said
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Which traffic: production, test or all
    #[arg(long, default_value = "production", value_name = "ENVIRONMENT")]
    pub environment: String,
    /// Which fact set to read: the name of its profile, as `upshot profiles` lists them; the active one
    /// where nothing is said
    #[arg(long = "fact-set", value_name = "PROFILE")]
    pub fact_set: Option<String>,
    /// What time it is taken to be, for answers that can be repeated
    #[arg(long, value_name = "INSTANT", hide = true, env = "UPSHOT_NOW")]
    pub now: Option<String>,
}

/// `upshot query`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot query --metrics sessions,engagement_rate,resolution_rate --last 28d --compare previous\n  \
    upshot query --metrics abandon_rate --by topic --order -abandon_rate --limit 10\n  \
    upshot query --metrics sessions --grain day --timezone Europe/Berlin\n  \
    upshot query --metrics sessions,escalation_rate --by channel,topic --limit 20 --other --subtotals\n\n\
    `upshot metrics` lists the numbers; docs/query.md has the language of filters and the shape of the output.")]
pub struct QueryArguments {
    /// The numbers, separated by commas
    #[arg(long, value_delimiter = ',', required = true, value_name = "ID,…")]
    pub metrics: Vec<String>,
    /// The dimensions to group by, separated by commas
    #[arg(long = "by", value_delimiter = ',', value_name = "DIMENSION,…")]
    pub dimensions: Vec<String>,
    /// Cut time into minute, quarter_hour, hour, day, week, month, quarter or year; hour_of_day, weekday and
    /// hour_of_week put what lies at the same hour of a day, day of a week or hour of a week together
    #[arg(long, value_name = "GRAIN")]
    pub grain: Option<String>,
    /// Compare with: previous, year, year_by_weekday, FROM..TO, or 'segment NAME'
    #[arg(long, value_name = "RANGE")]
    pub compare: Option<String>,
    /// Only the sessions of this saved filter; several stand side by side, compared with the first
    #[arg(long = "segment", value_name = "NAME")]
    pub segments: Vec<String>,
    /// Who counts as one user: device (a user on one device and browser) or id
    #[arg(long, default_value = "device", value_name = "IDENTITY")]
    pub identity: String,
    /// Within which time another session on the topic is the same problem come back: 24h, 7d
    #[arg(long, value_name = "LENGTH")]
    pub window: Option<String>,
    /// Only groups whose numbers fulfil this, such as 'sessions >= 30' or 'abandon_rate.lower > 20%'; may be
    /// given several times
    #[arg(long, value_name = "CONDITION")]
    pub having: Vec<String>,
    /// Sort by this metric or dimension; - before it for the largest first
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub order: Option<String>,
    /// At most so many groups
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Put all groups beyond the limit together as one
    #[arg(long, requires = "limit", conflicts_with = "cursor")]
    pub other: bool,
    /// Add the totals of the first dimension, of the first two, and so on
    #[arg(long)]
    pub subtotals: bool,
    /// Go on after the groups of the answer before, which gave this; everything but the limit as it was
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Say how the answer came about: definitions, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}

/// `upshot live`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot live --server http://127.0.0.1:7700\n  \
    upshot live --by skill --filter 'channel = web' --server http://127.0.0.1:7700\n\n\
    The numbers are those of the family `live`; an event shows as soon as it was acknowledged.")]
pub struct LiveArguments {
    /// The dimensions to group by, separated by commas
    #[arg(long = "by", value_delimiter = ',', value_name = "DIMENSION,…")]
    pub dimensions: Vec<String>,
    /// Only sessions for which this expression holds; may be repeated
    #[arg(long = "filter", value_name = "EXPRESSION")]
    pub filters: Vec<String>,
    /// Which traffic: production, test or all
    #[arg(long, default_value = "production", value_name = "ENVIRONMENT")]
    pub environment: String,
    /// Which fact set to read: the name of its profile; the active one where nothing is said
    #[arg(long = "fact-set", value_name = "PROFILE")]
    pub fact_set: Option<String>,
    /// Say how the answer came about: definitions, files, rows and columns read, time of each stage
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask, and where the answer goes.
    #[command(flatten)]
    pub ask: Ask,
    /// What time it is taken to be, for answers that can be repeated
    #[arg(long, value_name = "INSTANT", hide = true, env = "UPSHOT_NOW")]
    pub now: Option<String>,
}

/// `upshot explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The session's id, from `upshot sessions`
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// Whom to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot drivers`.
#[derive(Debug, Args)]
pub struct DriversArguments {
    /// Of what: resolution, escalation, abandon or csat
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: String,
    /// The dimension
    #[arg(long = "by", default_value = "topic", value_name = "DIMENSION")]
    pub dimension: String,
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

/// `upshot retention`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot retention --last 12w\n  \
    upshot retention --period month --periods 6 --rolling --identity id\n  \
    upshot retention --period day --filter 'utm_campaign = spring' --back engaged\n\n\
    A filter chooses by the first session who belongs to a cohort, --back which later sessions count.")]
pub struct RetentionArguments {
    /// Sort users by the day, week or month of their first session
    #[arg(long, default_value = "week", value_name = "PERIOD")]
    pub period: String,
    /// Look at so many periods after it
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub periods: usize,
    /// Count as being back only what this expression holds for; may be repeated
    #[arg(long, value_name = "EXPRESSION")]
    pub back: Vec<String>,
    /// Show who was back in a period or later
    #[arg(long)]
    pub rolling: bool,
    /// Who counts as one user: device (a user on one device and browser) or id
    #[arg(long, default_value = "device", value_name = "IDENTITY")]
    pub identity: String,
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

/// `upshot metrics`.
#[derive(Debug, Args)]
pub struct MetricsArguments {
    /// One number in full
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `upshot profiles`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    upshot profiles preview shop.toml               what would change\n  \
    upshot profiles apply shop.toml                 builds its facts and switches\n  \
    upshot profiles add indigo                      keeps its facts beside the active ones\n  \
    upshot query --metrics sessions --fact-set indigo\n\n\
    Building goes on after an interruption, whenever the data directory is opened."
)]
pub struct ProfilesArguments {
    /// One profile in full, as TOML
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Where to ask for what is in use.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What to do.
    #[command(subcommand)]
    pub action: Option<ProfilesAction>,
}

/// What `upshot profiles` does.
#[derive(Debug, Subcommand)]
pub enum ProfilesAction {
    /// Say what a profile would change, in numbers and sessions; nothing is written
    Preview(PreviewArguments),
    /// Build the facts of a profile, then use them
    Apply(ProfileChangeArguments),
    /// Keep the facts of a profile beside the active ones
    Add(ProfileChangeArguments),
    /// Take an additional fact set away, or stop the building of one
    Remove(RemoveArguments),
}

/// A running server, instead of the data directory.
#[derive(Debug, Clone, Args)]
pub struct ServerChoice {
    /// Ask a running server instead of opening the data directory
    #[arg(long, value_name = "URL", env = "UPSHOT_SERVER")]
    pub server: Option<String>,
    /// The server's key
    #[arg(long, value_name = "KEY", env = "UPSHOT_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

/// `upshot profiles preview`.
#[derive(Debug, Args)]
pub struct PreviewArguments {
    /// A name from `upshot profiles`, or a TOML file
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    /// Only for conversations of this source
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Look at one conversation in so many only
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub one_in: u64,
    /// List at most so many sessions that change
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub limit: usize,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot profiles apply` and `add`.
#[derive(Debug, Args)]
pub struct ProfileChangeArguments {
    /// A name from `upshot profiles`, or a TOML file
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    /// Only for conversations of this source
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot profiles remove`.
#[derive(Debug, Args)]
pub struct RemoveArguments {
    /// The profile's name
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Until somebody owns it, a server without a key answers everybody on this machine and nobody else. At each \
        start it prints a link that makes the first owner, once and within a day. From then on everybody \
        signs in. Other addresses than loopback need a key or an owner: set UPSHOT_KEY (or --key-file), or \
        open the link first. docs/people.md explains roles, keys and links."
)]
pub struct ServeArguments {
    /// Where to listen
    #[arg(
        long,
        default_value = "127.0.0.1:7700",
        env = "UPSHOT_LISTEN",
        value_name = "ADDRESS"
    )]
    pub listen: std::net::SocketAddr,
    /// A file with the server's own key, which opens everything when it is sent as `Authorization: Bearer KEY`
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The address at which people reach the server, for links in mails; http:// and --listen, when not said
    #[arg(long, env = "UPSHOT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Believe what X-Forwarded-Proto, -For and -Host say: a proxy before the server sets them, and nobody
    /// reaches the server past it
    #[arg(long, env = "UPSHOT_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Print no link for the first owner, and make none
    #[arg(long)]
    pub no_owner_link: bool,
    /// Do not ask ahead what people will ask: whoever asks first after new data came waits until it is read
    #[arg(long, env = "UPSHOT_NO_AHEAD")]
    pub no_ahead: bool,
    /// What is kept of texts that come in, where their workspace has set nothing: masked, full or none
    #[arg(long, default_value = "masked", value_name = "MODE")]
    pub text: String,
    /// What events in memory and queries may take together, in MiB; what is kept of files takes up to as much again. A
    /// quarter of the machine's memory where nothing is said, at least 768 and at most 4096
    #[arg(long, env = "UPSHOT_MEMORY", value_name = "MIB")]
    pub memory: Option<usize>,
    /// How long an event waits until it moves from the log into files, in seconds
    #[arg(long, hide = true, default_value_t = 60.0, value_name = "SECONDS")]
    pub flush_seconds: f64,
    /// At which size a segment of the log is followed by another, in KiB
    #[arg(long, hide = true, default_value_t = 65_536, value_name = "KIB")]
    pub segment_kib: u64,
    /// How long older snapshots stay readable, in seconds
    #[arg(long, hide = true, default_value_t = 3600.0, value_name = "SECONDS")]
    pub keep_snapshots_seconds: f64,
}

/// `upshot verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Leave out folding everything anew, which takes longest
    #[arg(long)]
    pub skip_facts: bool,
}

/// `upshot backup`.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The folder; it must be empty or not exist
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}

/// `upshot restore`.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The folder that `upshot backup` made
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}
