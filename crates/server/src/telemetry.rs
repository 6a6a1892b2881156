//! What the server counts of itself, for Prometheus.

use std::fmt;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use upshot_lake::Lake;

use crate::events::Accepted;

/// What the server counts of itself.
pub(crate) struct Telemetry {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    query_seconds: Family<QueryLabels, Histogram>,
    ahead_seconds: Family<AheadLabels, Histogram>,
    events: Family<EventLabels, Counter>,
    received_bytes: Counter,
    append_seconds: Histogram,
    capture_seconds: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueryLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AheadLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    result: &'static str,
}

/// From a millisecond to more than half a minute.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Telemetry {
    pub fn new(lake: Lake) -> Self {
        let telemetry = Self {
            registry: Registry::with_prefix("upshot"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            query_seconds: Family::new_with_constructor(seconds),
            ahead_seconds: Family::new_with_constructor(seconds),
            events: Family::default(),
            received_bytes: Counter::default(),
            append_seconds: seconds(),
            capture_seconds: seconds(),
        };
        telemetry.registered(lake)
    }

    fn registered(mut self, lake: Lake) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Requests that were answered",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "How long requests took",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register_with_unit(
            "query_duration",
            "How long queries took, by what came of them",
            Unit::Seconds,
            self.query_seconds.clone(),
        );
        registry.register_with_unit(
            "ahead_duration",
            "How long questions took that were asked ahead, by what came of them",
            Unit::Seconds,
            self.ahead_seconds.clone(),
        );
        registry.register(
            "events",
            "Records that were received over HTTP, by what became of them",
            self.events.clone(),
        );
        registry.register_with_unit(
            "events_received",
            "Bodies of events after unpacking",
            Unit::Bytes,
            self.received_bytes.clone(),
        );
        registry.register_with_unit(
            "append_duration",
            "How long events took until they were on disk and visible to queries",
            Unit::Seconds,
            self.append_seconds.clone(),
        );
        registry.register_with_unit(
            "capture_duration",
            "How long questions waited until the facts of all answered events were made",
            Unit::Seconds,
            self.capture_seconds.clone(),
        );
        registry.register_collector(Box::new(LakeCollector(lake)));
        self
    }

    /// A request was answered.
    pub fn request(&self, method: &Method, route: &str, status: StatusCode, time: Duration) {
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::HEAD => "HEAD",
            _ => "other",
        };
        let labels = RequestLabels {
            method,
            route: route.to_owned(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels {
            route: route.to_owned(),
        };
        self.request_seconds
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
    }

    /// A body of events was received.
    pub fn received_bytes(&self, bytes: usize) {
        self.received_bytes.inc_by(bytes as u64);
    }

    /// The lake took events in.
    pub fn appended(&self, time: Duration) {
        self.append_seconds.observe(time.as_secs_f64());
    }

    /// The lake gave what a question reads.
    pub fn captured(&self, time: Duration) {
        self.capture_seconds.observe(time.as_secs_f64());
    }

    /// Events were taken in.
    pub fn events(&self, accepted: &Accepted) {
        for (result, count) in [
            ("added", accepted.added),
            ("repeated", accepted.repeated),
            ("erased", accepted.erased),
            ("outdated", accepted.outdated),
            ("rejected", accepted.rejected_count),
        ] {
            self.events
                .get_or_create(&EventLabels { result })
                .inc_by(count);
        }
    }

    /// A query begins. What comes of it is told to the watch; one that is dropped before was
    /// cancelled.
    pub fn query(&self, kind: &'static str) -> QueryWatch<'_> {
        QueryWatch {
            telemetry: self,
            kind,
            outcome: "cancelled",
            began: Instant::now(),
        }
    }

    /// A question is asked ahead. What comes of it is told to the watch; one that is dropped before made way for others.
    pub fn ahead(&self) -> AheadWatch<'_> {
        AheadWatch {
            telemetry: self,
            outcome: "made_way",
            began: Instant::now(),
        }
    }

    /// Everything as OpenMetrics text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

/// Measures a query.
pub(crate) struct QueryWatch<'a> {
    telemetry: &'a Telemetry,
    kind: &'static str,
    outcome: &'static str,
    began: Instant,
}

impl QueryWatch<'_> {
    /// Ends the measurement.
    pub fn ended(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for QueryWatch<'_> {
    fn drop(&mut self) {
        let labels = QueryLabels {
            kind: self.kind,
            outcome: self.outcome,
        };
        self.telemetry
            .query_seconds
            .get_or_create(&labels)
            .observe(self.began.elapsed().as_secs_f64());
    }
}

/// Measures a question that is asked ahead.
pub(crate) struct AheadWatch<'a> {
    telemetry: &'a Telemetry,
    outcome: &'static str,
    began: Instant,
}

impl AheadWatch<'_> {
    /// Ends the measurement.
    pub fn ended(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for AheadWatch<'_> {
    fn drop(&mut self) {
        let labels = AheadLabels {
            outcome: self.outcome,
        };
        self.telemetry
            .ahead_seconds
            .get_or_create(&labels)
            .observe(self.began.elapsed().as_secs_f64());
    }
}

/// Asks the lake how it is whenever Prometheus asks.
struct LakeCollector(Lake);

impl fmt::Debug for LakeCollector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LakeCollector")
    }
}

impl Collector for LakeCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let status = self.0.status();
        let mut counter = |name, help, unit: Option<&Unit>, value: u64| {
            let metric = encoder.encode_descriptor(name, help, unit, MetricType::Counter)?;
            ConstCounter::new(value).encode(metric)
        };
        counter(
            "lake_events_added",
            "Events that were added since the start",
            None,
            status.events_received,
        )?;
        counter(
            "lake_log_written",
            "Written to the log since the start",
            Some(&Unit::Bytes),
            status.log_bytes,
        )?;
        counter(
            "lake_files_written",
            "Written to data files since the start",
            Some(&Unit::Bytes),
            status.file_bytes,
        )?;
        counter(
            "lake_data_files",
            "Data files written since the start",
            None,
            status.files_written,
        )?;
        counter(
            "lake_flushes",
            "Flushes since the start",
            None,
            status.flushes,
        )?;
        for (name, help, unit, value) in gauges(&status) {
            let metric = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
            ConstGauge::new(value).encode(metric)?;
        }
        Ok(())
    }
}

type GaugeRow = (&'static str, &'static str, Option<Unit>, f64);

fn gauges(status: &upshot_lake::Status) -> Vec<GaugeRow> {
    let mut rows = vec![
        (
            "lake_lag",
            "How long the oldest event that is in no data file has waited since its answer",
            Some(Unit::Seconds),
            status.unflushed_age as f64 / 1e6,
        ),
        (
            "lake_unflushed_events",
            "Events that are in the log and in memory, and in no data file yet",
            None,
            status.unflushed_events as f64,
        ),
        (
            "lake_log_sequence",
            "The newest position of the log that is durable",
            None,
            status.log_sequence as f64,
        ),
        (
            "lake_flushed_sequence",
            "What has this position of the log or a lower one is in data files",
            None,
            status.flushed_sequence as f64,
        ),
        (
            "lake_overlay_conversations",
            "Conversations whose facts are made in memory",
            None,
            status.overlay_conversations as f64,
        ),
        (
            "lake_overlay",
            "What these conversations take in memory",
            Some(Unit::Bytes),
            status.overlay_bytes as f64,
        ),
        (
            "lake_log_stopped",
            "1 when the log accepts nothing more because a write failed",
            None,
            f64::from(u8::from(status.stopped)),
        ),
    ];
    if status.log_bytes > 0 {
        rows.push((
            "lake_write_amplification",
            "Bytes written to files of any kind since the start, by bytes of events in the log",
            None,
            status.written_bytes as f64 / status.log_bytes as f64,
        ));
    }
    rows
}
