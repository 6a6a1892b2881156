//! Listening.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;
use upshot_lake::Lake;
use upshot_metrics::Engine;
use upshot_store::Store;

use crate::access::digest;
use crate::options::ServerOptions;
use crate::router::router;
use crate::state::ServerState;
use crate::{ahead, erasures, keeping};

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Others could reach it, and nothing would keep them out.
    #[error(
        "{0} can be reached from other machines, and there is neither a key nor an owner; set UPSHOT_KEY or \
         --key-file, or listen on 127.0.0.1 and open the owner's link that is printed there"
    )]
    KeyNeeded(SocketAddr),
    /// The key cannot be sent in a header.
    #[error(
        "the key is empty or holds spaces or other characters that a header cannot carry; use \
         letters, digits and punctuation of ASCII"
    )]
    KeyUnusable,
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The listener failed.
    #[error("the server stopped: {0}")]
    Stopped(#[from] std::io::Error),
    /// What people set cannot be read.
    #[error(transparent)]
    Store(#[from] upshot_store::StoreError),
}

/// A key shorter than this can be guessed by trying.
const SHORT_KEY: usize = 20;

/// Answers requests until `shutdown` is done, then finishes those that have begun. The lake and the
/// store stay open: they are the caller's to close.
///
/// # Errors
/// When the address is not loopback and there is neither a key nor an owner, or it cannot be listened on.
pub async fn serve(
    lake: Lake,
    engine: Engine,
    store: Store,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    check(&options, &store).await?;
    let address = options.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServerError::Listen { address, source })?;
    serve_on(listener, lake, engine, store, options, shutdown).await
}

/// As [`serve`], on a listener that is there already.
///
/// # Errors
/// When the listener's address is not loopback and there is neither a key nor an owner.
pub async fn serve_on(
    listener: TcpListener,
    lake: Lake,
    engine: Engine,
    store: Store,
    mut options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    options.listen = listener.local_addr()?;
    check(&options, &store).await?;
    let patience = options.limits.shutdown_time;
    tracing::info!(address = %options.listen, "listening");
    let state = ServerState::new(lake, engine, store, options);
    // With the address of each client, which the delays of wrong sign-ins need.
    let routes = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (told, mut hears) = watch::channel(false);
    let ends = state.clone();
    let signal = async move {
        shutdown.await;
        tracing::info!("finishing what has begun");
        ends.end();
        // Whoever hears it may be gone with the server.
        let _ = told.send(true);
    };
    let impatience = async move {
        // An error means that the signal will never come.
        if hears.wait_for(|told| *told).await.is_ok() {
            tokio::time::sleep(patience).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    erasures::settle_all(&state).await;
    let digests = tokio::spawn(digest::run(state.clone()));
    let remarks = tokio::spawn(keeping::run(state.clone()));
    let questions = tokio::spawn(ahead::run(state.clone()));
    let served = tokio::select! {
        served = axum::serve(listener, routes).with_graceful_shutdown(signal) => Ok(served?),
        () = impatience => {
            tracing::warn!("requests were cut off that did not end in time");
            Ok(())
        }
    };
    digests.abort();
    remarks.abort();
    questions.abort();
    served
}

async fn check(options: &ServerOptions, store: &Store) -> Result<(), ServerError> {
    match &options.key {
        None if options.listen.ip().is_loopback() || store.owner_exists().await? => Ok(()),
        None => Err(ServerError::KeyNeeded(options.listen)),
        Some(key) if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(ServerError::KeyUnusable)
        }
        Some(key) => {
            if key.len() < SHORT_KEY {
                tracing::warn!("the key is short; use at least {SHORT_KEY} random characters");
            }
            Ok(())
        }
    }
}
