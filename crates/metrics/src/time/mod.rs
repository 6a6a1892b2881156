//! Time: ranges as people say them, and the buckets into which a chart cuts them, in any time zone.

mod beside;
mod buckets;
mod calendar;
mod grain;
mod range;

pub use buckets::{Buckets, Clock, MOST_BUCKETS};
pub(crate) use buckets::{HOURS, WEEKDAYS};
pub use calendar::Calendar;
pub(crate) use calendar::zone_name;
pub use grain::Grain;
pub use range::{
    Compare, Range, RangeSpec, parse_instant, parse_zone, resolve_compare, resolve_range,
};
pub(crate) use range::{back, format_instant};

#[cfg(test)]
mod tests;
