//! The registry: every metric, every dimension and every field of filters, declared once.
//!
//! Where to start reading: [`Metric`] says what a metric is, `metrics/` declares them by subject, and
//! [`Kind`] says how a number comes of sessions. Predicates are written in the language of filters, so
//! that what a number counts is what its drill-down lists.

mod dimensions;
mod document;
pub mod fields;
mod kinds;
mod metrics;

pub use dimensions::{Dimension, DimensionOrigin, dimension, dimensions};
pub use document::{describe, markdown};
pub use fields::{FieldOrigin, FilterField, ValueKind, filter_field, filter_fields};
pub use kinds::{Clock, Direction, Example, Kind, Maturity, Metric, Section, Unit};
pub use metrics::{Family, families, family, metric, metrics};
