//! How a server works.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use upshot_lake::engine::Clock;
use upshot_text::PrivacyMode;

/// How a server works.
#[derive(Clone)]
pub struct ServerOptions {
    /// Where it listens. Another address than loopback needs a key, or an owner.
    pub listen: SocketAddr,
    /// The server's own key, which opens everything when it is sent as `Authorization: Bearer`.
    pub key: Option<String>,
    /// Whether what `X-Forwarded-Proto`, `-For` and `-Host` say is believed: a proxy before the server sets them.
    pub behind_proxy: bool,
    /// The address at which people reach the server, for links in mails; where it listens, when nothing is said.
    pub public_url: Option<String>,
    /// What is kept of the texts of events that come in, where their workspace has set nothing.
    pub privacy: PrivacyMode,
    /// How long nothing must happen after data files changed until what people will ask of them is asked ahead; nothing
    /// means that it never is.
    pub ahead_after: Option<Duration>,
    /// Of how many sessions in files on a workspace is asked ahead: fewer are read in a moment.
    pub ahead_from: u64,
    /// How much one request, and all together, may take.
    pub limits: Limits,
    /// The clock: what `now` is for every query, and when events were received.
    pub clock: Clock,
}

impl ServerOptions {
    /// Loopback, no key, masked texts.
    pub fn new(clock: Clock) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7700)),
            key: None,
            behind_proxy: false,
            public_url: None,
            privacy: PrivacyMode::default(),
            ahead_after: Some(Duration::from_secs(2)),
            ahead_from: 500_000,
            limits: Limits::default(),
            clock,
        }
    }
}

impl ServerOptions {
    /// The address at which people reach the server, without a slash at its end.
    pub(crate) fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerOptions")
            .field("listen", &self.listen)
            .field("key", &self.key.as_ref().map(|_| "set"))
            .field("behind_proxy", &self.behind_proxy)
            .field("public_url", &self.public_url)
            .field("privacy", &self.privacy)
            .field("ahead_after", &self.ahead_after)
            .field("ahead_from", &self.ahead_from)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How much one request, and all together, may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A body of events as it is sent, in bytes.
    pub packed_bytes: usize,
    /// The same after unpacking, in bytes.
    pub unpacked_bytes: usize,
    /// The body of a query, in bytes.
    pub query_bytes: usize,
    /// What all bodies that are being received or read may take together, in bytes. Beyond it
    /// requests are answered with 429.
    pub bodies_bytes: usize,
    /// What answers that are kept to be given again may take together, in bytes.
    pub answers_bytes: usize,
    /// How long a client may take to send its body.
    pub body_time: Duration,
    /// How long a query may take, with the wait for its turn.
    pub query_time: Duration,
    /// How many queries run at once; the others wait for their turn.
    pub queries_at_once: usize,
    /// How many exports run at once. Beyond it requests are answered with 429.
    pub exports_at_once: usize,
    /// How many clients listen for changes at once. Beyond it requests are answered with 429.
    pub listeners_at_once: usize,
    /// After how long a client that listens is let go; it may come again.
    pub listening_time: Duration,
    /// How long a client may take nothing of an export before it is given up.
    pub export_patience: Duration,
    /// How long requests may take to end after the server was told to.
    pub shutdown_time: Duration,
    /// When the oldest event that is in no data file is this old, the server says that it is not
    /// ready.
    pub ready_lag: Duration,
}

impl Limits {
    /// The defaults, cut down so that bodies of events take about this many bytes in all.
    #[must_use]
    pub fn within(bytes: usize) -> Self {
        let whole = Self::default();
        let bodies_bytes = bytes.clamp(1 << 20, whole.bodies_bytes);
        Self {
            // One body must fit beside its packed form, and its buffer may be twice as large.
            packed_bytes: whole.packed_bytes.min(bodies_bytes / 8),
            unpacked_bytes: whole.unpacked_bytes.min(bodies_bytes / 3),
            bodies_bytes,
            answers_bytes: whole.answers_bytes.min(bodies_bytes / 4),
            ..whole
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packed_bytes: 16 << 20,
            unpacked_bytes: 64 << 20,
            query_bytes: 256 << 10,
            bodies_bytes: 192 << 20,
            answers_bytes: 32 << 20,
            body_time: Duration::from_secs(60),
            query_time: Duration::from_secs(30),
            queries_at_once: 8,
            exports_at_once: 4,
            listeners_at_once: 256,
            listening_time: Duration::from_secs(30 * 60),
            export_patience: Duration::from_secs(60),
            shutdown_time: Duration::from_secs(30),
            ready_lag: Duration::from_secs(600),
        }
    }
}
