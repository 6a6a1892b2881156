//! `upshot serve`.

use std::sync::Arc;
use std::time::Duration;

use upshot_lake::{Lake, LakeOptions};
use upshot_metrics::{Engine, EngineOptions, RollupOptions, memory_of_machine};
use upshot_server::access::links::owner_link;
use upshot_server::{ServerOptions, serve};
use upshot_store::Store;
use upshot_text::PrivacyMode;

use crate::arguments::{Common, ServeArguments};
use crate::failure::Failure;
use crate::output;
use crate::session::{close, now, open_store};

/// Runs the command until it is told to end.
pub async fn run(common: &Common, arguments: ServeArguments) -> Result<u8, Failure> {
    let privacy =
        PrivacyMode::parse(&arguments.text).map_err(|error| Failure::usage(error.to_string()))?;
    let key = key(&arguments)?;
    let has_key = key.is_some();
    let budget = budget(arguments.memory, memory_of_machine());
    let mut options = LakeOptions::new(&common.data, Arc::new(now));
    options.memory_bytes = budget / 2;
    options.flush_bytes = (budget / 8).min(options.flush_bytes);
    options.flush_interval = duration("--flush-seconds", arguments.flush_seconds)?;
    options.segment_bytes = arguments.segment_kib.saturating_mul(1024);
    options.keep_snapshots =
        duration("--keep-snapshots-seconds", arguments.keep_snapshots_seconds)?;
    let lake = Lake::open(options).await?;
    let rollups = RollupOptions::default();
    let engine = Engine::new(EngineOptions {
        memory_limit_bytes: budget / 2,
        rollups: RollupOptions {
            memory_bytes: rollups.memory_bytes.min(budget),
            ..rollups
        },
        ..EngineOptions::default()
    })
    .map_err(|error| Failure::failed(error.to_string()))?;
    let defaults = ServerOptions::new(Arc::new(now));
    let options = ServerOptions {
        listen: arguments.listen,
        key,
        behind_proxy: arguments.behind_proxy,
        public_url: arguments.public_url.clone(),
        privacy,
        ahead_after: defaults.ahead_after.filter(|_| !arguments.no_ahead),
        ..defaults
    };
    let address = format!("http://{}", arguments.listen);
    let store = open_store(common).await?;
    // Nobody would see a link that is not printed, nor reach a server that refuses to start.
    let starts = has_key || arguments.listen.ip().is_loopback();
    if starts || store.owner_exists().await? {
        output::note(
            common,
            &format!("upshot answers at {address} (ctrl-c ends it)"),
        );
    }
    if starts && !arguments.no_owner_link && !common.quiet {
        let shown = arguments.public_url.as_deref().unwrap_or(&address);
        offer_ownership(common, &store, shown).await?;
    }
    let served = serve(lake.clone(), engine, store.clone(), options, ended()).await;
    store.close().await;
    close(common, &lake).await?;
    served.map_err(|error| Failure::failed(error.to_string()))?;
    Ok(0)
}

/// What events in memory and queries may take together, in bytes, of a machine with so much memory; `said` is in MiB.
fn budget(said: Option<usize>, machine: usize) -> usize {
    said.map_or_else(
        || (machine / 4).clamp(768 << 20, 4096 << 20),
        |said| said.saturating_mul(1 << 20),
    )
}

/// Prints the link that makes the first owner, where there is none.
async fn offer_ownership(common: &Common, store: &Store, address: &str) -> Result<(), Failure> {
    let link = owner_link(store, &common.workspace, now()).await?;
    if let Some(link) = link {
        let address = address.trim_end_matches('/');
        output::note(
            common,
            &format!("nobody owns it yet; who opens this within a day does: {address}{link}"),
        );
    }
    Ok(())
}

fn duration(option: &str, seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| Failure::usage(format!("{option} {seconds}: {error}")))
}

fn key(arguments: &ServeArguments) -> Result<Option<String>, Failure> {
    let Some(path) = &arguments.key_file else {
        return Ok(std::env::var("UPSHOT_KEY")
            .ok()
            .filter(|key| !key.is_empty()));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
    Ok(Some(text.trim().to_owned()))
}

async fn ended() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            // Without the signal there is still ctrl-c.
            let _ = interrupt.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::budget;

    #[test]
    fn what_may_be_held_follows_the_machine_unless_somebody_says() {
        const GIB: usize = 1 << 30;
        assert_eq!(budget(None, 2 * GIB), 768 << 20);
        assert_eq!(budget(None, 8 * GIB), 2 * GIB);
        assert_eq!(budget(None, 64 * GIB), 4 * GIB);
        assert_eq!(budget(Some(512), 64 * GIB), 512 << 20);
    }
}
