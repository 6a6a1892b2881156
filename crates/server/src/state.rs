//! What all requests share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::Semaphore;
use upshot_lake::{Capture, Lake, Table};
use upshot_metrics::time::Calendar;
use upshot_metrics::{Engine, QueryError};
use upshot_store::Store;
use upshot_text::Masker;

use crate::access::guard::Guard;
use crate::ahead::Ahead;
use crate::answers::Answers;
use crate::body::BODY_UNIT;
use crate::events::READING_BYTES;
use crate::import::IMPORTS_AT_ONCE;
use crate::observe::RequestIds;
use crate::options::ServerOptions;
use crate::problem::Problem;
use crate::settings::preferences;
use crate::sources::Rejections;
use crate::telemetry::Telemetry;

/// What all requests share. Cheap to clone.
#[derive(Clone)]
pub struct ServerState {
    shared: Arc<Shared>,
}

/// What is behind [`ServerState`].
pub struct Shared {
    pub(crate) lake: Lake,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) options: ServerOptions,
    pub(crate) guard: Guard,
    pub(crate) masker: Masker,
    pub(crate) telemetry: Telemetry,
    pub(crate) request_ids: RequestIds,
    /// Room for bodies, in [`BODY_UNIT`]s.
    pub(crate) body_room: Arc<Semaphore>,
    /// Room for bodies that are turned into events, in bytes.
    pub(crate) reading_room: Semaphore,
    /// Answers that may be given again.
    pub(crate) answers: Arc<Answers>,
    /// What is asked ahead.
    pub(crate) ahead: Ahead,
    /// How many more queries may run at once; the others wait for their turn.
    pub(crate) query_turns: Semaphore,
    /// How many more exports may run at once.
    pub(crate) export_turns: Arc<Semaphore>,
    /// How many more files may be taken in at once.
    pub(crate) import_turns: Semaphore,
    /// What could not be taken in lately.
    pub(crate) rejections: Rejections,
    /// How many more clients may listen for changes.
    pub(crate) listeners: Arc<Semaphore>,
    /// Whether the server was told to end: whoever listens is let go.
    ending: AtomicBool,
}

impl ServerState {
    /// A server's state. The key is kept as its hash only.
    pub fn new(lake: Lake, engine: Engine, store: Store, mut options: ServerOptions) -> Self {
        let guard = Guard::new(options.key.take().as_deref());
        let units = (options.limits.bodies_bytes / BODY_UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            shared: Arc::new(Shared {
                guard,
                masker: Masker::new(lake.secret()),
                telemetry: Telemetry::new(lake.clone()),
                request_ids: RequestIds::default(),
                body_room: Arc::new(Semaphore::new(units)),
                reading_room: Semaphore::new(READING_BYTES),
                answers: Arc::new(Answers::new(options.limits.answers_bytes)),
                ahead: Ahead::default(),
                query_turns: Semaphore::new(options.limits.queries_at_once),
                export_turns: Arc::new(Semaphore::new(options.limits.exports_at_once)),
                rejections: Rejections::default(),
                import_turns: Semaphore::new(IMPORTS_AT_ONCE),
                listeners: Arc::new(Semaphore::new(options.limits.listeners_at_once)),
                ending: AtomicBool::new(false),
                lake,
                engine,
                store,
                options,
            }),
        }
    }
}

impl Shared {
    /// What a question reads of these tables in this fact set, or the active one: everything that was answered before,
    /// and what people set.
    pub(crate) async fn capture(
        &self,
        workspace: &str,
        profile: Option<&str>,
        tables: &[Table],
    ) -> Result<Capture, Problem> {
        let preferences = Arc::new(preferences(&self.store, workspace).await?);
        let began = Instant::now();
        let capture = self.lake.capture_of(workspace, profile, tables).await?;
        self.telemetry.captured(began.elapsed());
        Ok(Capture {
            preferences,
            ..capture
        })
    }

    /// The day in the workspace's time zone.
    pub(crate) async fn today(&self, workspace: &str) -> Result<String, Problem> {
        let set = preferences(&self.store, workspace).await?;
        let calendar = Calendar::of(None, None, &set).map_err(QueryError::from)?;
        Ok(calendar.day(self.now()).to_string())
    }

    /// Lets go whoever listens: the server was told to end.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether the server was told to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// The time that the server's clock shows.
    pub(crate) fn now(&self) -> i64 {
        (self.options.clock)()
    }
}

impl Deref for ServerState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.shared
    }
}
