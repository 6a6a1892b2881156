//! The registry: every metric, every dimension and every field of filters, declared once.
//!
//! Where to start reading: [`Metric`] says what a metric is, `metrics/` declares them by subject, and
//! [`Kind`] says how a number comes of rows. Predicates are written in the language of filters, so
//! that what a number counts is what its drill-down lists.
//!
//! # How to add a number
//!
//! 1. Decide what its rows are: sessions, messages or steps ([`Subject`]). `Metric::new` is about sessions and
//!    selects by their start; `.of(Subject::Messages)` and `.of(Subject::Steps)` are about those, select by
//!    when they happened and judge all of them. `.judged()` waits until the session is over and old enough,
//!    `.by_session_start()` selects by its start.
//! 2. Write its conditions as filters. A plain name is the session's fact in every metric (`topic`,
//!    `outcome`, `engaged`); a fact of the row itself is `message.NAME` or `step.NAME`. Other rows of the same
//!    session are asked for with `any message (…)`, `no step (…)`.
//! 3. Choose its [`Kind`]. What is summed or averaged is a [`Measure`](crate::filter::Measure) over columns,
//!    whose names are those of the records in `upshot-core` with the same prefixes: `duration`,
//!    `message.response_time`, `step.latency`.
//!    Where sources may be silent (thumbs, queues, copies), `.told(CONDITION, REASON)` says by which rows it is
//!    seen that one speaks; without such rows the answer is «no data» with the reason, not 0.
//! 4. Add it to a list in `metrics/` (a new file joins `metrics()` there), with a definition that ends in a full
//!    stop, and a worked [`Example`]: tables under `sessions:`, `messages:` and `steps:` that the column
//!    `session` joins, and the result as `present::worked` writes it. A test runs it with the facts in
//!    memory, in files and mixed.
//! 5. `UPDATE_EXPECT=1 cargo test -p upshot-metrics` writes `docs/metrics.md` anew.
//!
//! A new column of messages or steps is a field of filters and (if few-valued) a dimension without another
//! word; one of sessions is a field, and a dimension once it stands in `dimensions.rs`. A list of values in a
//! column is named in `LIST_FIELDS` of `upshot-core`. What no column holds comes from a provider:
//! `crate::provide` says how.

mod dimensions;
mod document;
pub mod fields;
mod kinds;
mod metrics;
pub(crate) mod remarks;
mod section;
mod sources;
mod total;
mod unit;

pub use crate::columns::Owner;
pub use dimensions::{Dimension, DimensionOrigin, dimension, dimensions};
pub use document::{describe, markdown};
pub use fields::{FieldOrigin, FilterField, ValueKind, filter_field, filter_fields};
pub use kinds::{Clock, Direction, Example, Kind, Maturity, Metric, Subject, Told};
pub use metrics::{Family, families, family, metric, metrics};
pub use remarks::{Made, Remark};
pub use section::Section;
pub use sources::Sources;
pub use total::{Amount, Total};
pub use unit::Unit;
