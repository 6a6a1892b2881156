//! Times are UTC microseconds since 1970 and days are whole UTC days since 1970.

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// The UTC day of a time.
pub const fn day_of(time: i64) -> i32 {
    time.div_euclid(DAY) as i32
}

/// The first microsecond of a UTC day.
pub const fn start_of_day(day: i32) -> i64 {
    day as i64 * DAY
}
