//! `upshot demo`: makes believable conversations and loads them as any other source would.

use std::time::Instant;

use clap::Args;
use serde::Serialize;
use upshot_core::Event;
use upshot_demo::{DemoOptions, Story, generate};
use upshot_lake::Lake;
use upshot_metrics::{Query, RangeSpec, tables_needed};
use upshot_server::demo::{ClearedDemo, DEMO_SOURCE};
use upshot_text::{Masker, PrivacyMode};

use crate::answers::give;
use crate::arguments::{Common, OutputFormat};
use crate::failure::Failure;
use crate::output::{self, number};
use crate::people::note;
use crate::query;
use crate::session::{
    close, engine, instant, instant_or_now, now, open_existing, open_lake, open_store, spinner,
};
use crate::text_mode;

const BATCH_EVENTS: usize = 8192;

/// `upshot demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// How many conversations
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub conversations: u64,
    /// Another seed gives other conversations; the same gives the same
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,
    /// The last instant of the history; now, when not said
    #[arg(long, value_name = "INSTANT")]
    pub end: Option<String>,
    /// Instead: clear the demo, if the workspace holds nothing else
    #[arg(long, conflicts_with_all = ["conversations", "seed", "end"])]
    pub clear: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    conversations: u64,
    events: u64,
    added: u64,
    seconds: f64,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: DemoArguments) -> Result<u8, Failure> {
    if arguments.clear {
        return clear(common).await;
    }
    let end = instant_or_now(arguments.end.as_deref())?;
    let options = DemoOptions {
        conversations: arguments.conversations,
        seed: arguments.seed,
        ..DemoOptions::until(end)
    };
    let started = Instant::now();
    let lake = open_lake(common).await?;
    remember(common, &lake).await?;
    // Nobody wrote what is made here: it is left as it is unless the workspace says what it keeps.
    let modes = text_mode::of_directory(common, PrivacyMode::Full).await?;
    let masker = Masker::new(lake.secret());
    let progress = spinner(common, 0);
    let mut report = Report {
        conversations: arguments.conversations,
        events: 0,
        added: 0,
        seconds: 0.0,
    };
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<Event>>(4);
    let making = options;
    let maker = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(BATCH_EVENTS + 256);
        for conversation in generate(&making) {
            batch.extend(conversation);
            if batch.len() >= BATCH_EVENTS
                && sender.blocking_send(std::mem::take(&mut batch)).is_err()
            {
                return;
            }
        }
        // The other end may have failed; it says so itself.
        let _ = sender.blocking_send(batch);
    });
    while let Some(mut batch) = receiver.recv().await {
        upshot_text::apply_all(&modes, &masker, &mut batch);
        let receipt = lake.append_waiting(&common.workspace, &batch).await?;
        report.events += receipt.received as u64;
        report.added += receipt.added as u64;
        progress.set_message(format!("{} events", number(report.events)));
    }
    maker
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    progress.set_message("writing files");
    lake.flush().await?;
    progress.finish_and_clear();
    report.seconds = started.elapsed().as_secs_f64();
    let summary = summary(common, &lake, end).await;
    close(common, &lake).await?;
    print(common, &options, &report, summary?)?;
    Ok(0)
}

/// Remembers that the demo fills the workspace, before it does: what is cut short can be cleared too.
async fn remember(common: &Common, lake: &Lake) -> Result<(), Failure> {
    lake.check_workspace(&common.workspace)?;
    let store = open_store(common).await?;
    let remembered = store.set_demo(&common.workspace, now()).await;
    store.close().await;
    Ok(remembered?)
}

/// Clears the demo.
async fn clear(common: &Common) -> Result<u8, Failure> {
    let lake = open_existing(common).await?;
    let clearing = async {
        let store = open_store(common).await?;
        let cleared = async {
            if store.demo(&common.workspace).await?.is_none() {
                return Err(Failure::failed(format!(
                    "the demo did not fill workspace `{}`; nothing was cleared",
                    common.workspace
                )));
            }
            let cleared = lake.clear(&common.workspace, DEMO_SOURCE).await?;
            // What people said of its sessions goes with them.
            store.forget_all_sessions(&common.workspace).await?;
            store.forget_demo(&common.workspace).await?;
            note(common, &store, "demo.clear", ("", "")).await?;
            Ok(cleared)
        };
        let cleared = cleared.await;
        store.close().await;
        cleared
    };
    let cleared = clearing.await;
    close(common, &lake).await?;
    let cleared = ClearedDemo::from(cleared?);
    if common.output == OutputFormat::Json {
        output::json(&cleared)?;
    } else {
        let (events, sessions) = (number(cleared.events), number(cleared.sessions));
        output::line(&format!("cleared {events} events and {sessions} sessions"))?;
    }
    Ok(0)
}

async fn summary(
    common: &Common,
    lake: &Lake,
    end: i64,
) -> Result<upshot_metrics::QueryResult, Failure> {
    let metrics = [
        "sessions",
        "engagement_rate",
        "resolution_rate",
        "escalation_rate",
        "abandon_rate",
        "csat_score",
    ];
    let asked = Query {
        metrics: metrics.map(str::to_owned).to_vec(),
        dimensions: vec!["channel".to_owned()],
        range: RangeSpec::default(),
        now: end,
        ..Query::default()
    };
    let capture = lake
        .capture(&common.workspace, &tables_needed(&asked))
        .await?;
    engine()?
        .run(&asked, &capture)
        .await
        .map_err(query::failure)
}

fn print(
    common: &Common,
    options: &DemoOptions,
    report: &Report,
    summary: upshot_metrics::QueryResult,
) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(&serde_json::json!({"loaded": report, "summary": summary}));
    }
    if common.output == OutputFormat::Table {
        output::line(&format!(
            "{} conversations, {} events, {} of them new, in {:.1} s\n",
            number(report.conversations),
            number(report.events),
            number(report.added),
            report.seconds
        ))?;
    }
    give(common, &summary, None, || {
        query::print_table(common, &summary)
    })?;
    let story = Story::of(options);
    output::note(
        common,
        &format!(
            "\nThere is a story in it: {} {} is a bad release, from {} on.\nTry:\n  \
             upshot query --metrics resolution_rate,escalation_rate --by bot_version --filter 'bot = {}'\n  \
             upshot drivers --outcome escalation --limit 5\n  \
             upshot sessions --filter 'outcome = abandoned' --limit 5",
            Story::BAD_BOT,
            Story::BAD_VERSION,
            instant(story.bad_release.start),
            Story::BAD_BOT
        ),
    );
    Ok(())
}
