//! What most commands begin with: the clock, the lake, the progress bar.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use upshot_core::time::{DAY, HOUR, MINUTE};
use upshot_lake::{Capture, Lake, LakeError, LakeOptions, Preferences, Table};
use upshot_metrics::{Engine, EngineOptions};
use upshot_server::keeping::{forget_remarks, has_let_go};
use upshot_server::settings::preferences;
use upshot_store::{STORE_FILE, Store, StoreError};

use crate::arguments::Common;
use crate::failure::Failure;

/// The time, in UTC microseconds since 1970. The only place of the program that reads the clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the outermost place, which hands the time to all others"
)]
pub fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// The time that the command line says it is taken to be, or the clock's.
pub fn instant_or_now(text: Option<&str>) -> Result<i64, Failure> {
    let Some(text) = text else { return Ok(now()) };
    upshot_metrics::time::parse_instant(text, &jiff::tz::TimeZone::UTC).ok_or_else(|| {
        Failure::usage(format!(
            "`{text}` is not an instant; write 2026-03-01 or 2026-03-01T12:00:00Z"
        ))
    })
}

/// How the data directory of the command line is opened.
pub fn lake_options(common: &Common) -> LakeOptions {
    LakeOptions::new(&common.data, Arc::new(now))
}

/// Opens the data directory of the command line.
pub async fn open_lake(common: &Common) -> Result<Lake, Failure> {
    Ok(try_open(common).await?)
}

/// The same for whoever can do without it.
pub async fn try_open(common: &Common) -> Result<Lake, LakeError> {
    Lake::open(lake_options(common)).await
}

/// Opens the data directory if there is one; a question makes none.
pub async fn open_existing(common: &Common) -> Result<Lake, Failure> {
    refuse_nothing(common)?;
    open_lake(common).await
}

/// Closes the data directory. What is too old went by then, whatever the command was; what people say of sessions goes
/// with these.
pub async fn close(common: &Common, lake: &Lake) -> Result<(), Failure> {
    lake.close().await?;
    let mut letting_go = lake.workspaces().await?;
    letting_go.retain(|workspace| has_let_go(lake, workspace));
    if letting_go.is_empty() {
        return Ok(());
    }
    let Some(store) = existing_store(common).await? else {
        return Ok(());
    };
    let forgetting = async {
        for workspace in &letting_go {
            forget_remarks(lake, &store, workspace).await?;
        }
        Ok::<_, StoreError>(())
    };
    let forgotten = forgetting.await;
    store.close().await;
    Ok(forgotten?)
}

/// Opens what people set in the data directory of the command line, whose lake is open.
pub async fn open_store(common: &Common) -> Result<Store, Failure> {
    Ok(Store::open(&common.data).await?)
}

/// The same where anything was ever set; a question makes no store.
pub async fn existing_store(common: &Common) -> Result<Option<Store>, Failure> {
    match common.data.join(STORE_FILE).exists() {
        true => Ok(Some(open_store(common).await?)),
        false => Ok(None),
    }
}

/// What a question reads of these tables in this fact set, or the active one, and what people set.
pub async fn capture(
    common: &Common,
    lake: &Lake,
    profile: Option<&str>,
    tables: &[Table],
) -> Result<Capture, Failure> {
    let set = match existing_store(common).await? {
        None => Preferences::default(),
        Some(store) => {
            let set = preferences(&store, &common.workspace).await;
            store.close().await;
            set?
        }
    };
    let capture = lake.capture_of(&common.workspace, profile, tables).await?;
    Ok(Capture {
        preferences: Arc::new(set),
        ..capture
    })
}

/// Refuses a folder that is no data directory.
pub fn refuse_nothing(common: &Common) -> Result<(), Failure> {
    if !common.data.join("upshot.json").exists() {
        return Err(Failure::failed(format!(
            "{} holds no data; load some with `upshot import` or `upshot demo`, or name another folder with --data",
            common.data.display()
        )));
    }
    Ok(())
}

/// What answers questions.
pub fn engine() -> Result<Engine, Failure> {
    let options = EngineOptions {
        memory_limit_bytes: 768 << 20,
        ..EngineOptions::default()
    };
    Engine::new(options).map_err(|error| Failure::failed(error.to_string()))
}

/// A bar for so many bytes, or a spinner for none; nothing where nobody looks.
pub fn spinner(common: &Common, bytes: u64) -> ProgressBar {
    if common.quiet {
        return ProgressBar::hidden();
    }
    let bar = if bytes > 0 {
        ProgressBar::new(bytes)
    } else {
        ProgressBar::new_spinner()
    };
    let template = if bytes > 0 {
        "{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}"
    } else {
        "{spinner} {elapsed} {msg}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A UTC instant as people write it, to the second.
pub fn instant(time: i64) -> String {
    jiff::Timestamp::from_microsecond(time).map_or_else(
        |_| time.to_string(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A length of time in a few letters: `48 s`, `12 min`, `3.5 h`, `2.1 d`.
pub fn length(microseconds: i64) -> String {
    let seconds = microseconds as f64 / 1e6;
    if microseconds < MINUTE {
        format!("{seconds:.0} s")
    } else if microseconds < HOUR {
        format!("{:.0} min", seconds / 60.0)
    } else if microseconds < DAY {
        format!("{:.1} h", seconds / 3600.0)
    } else {
        format!("{:.1} d", seconds / 86_400.0)
    }
}
