//! Paths, flows, funnels and lift: worked examples, and a slow and obvious second implementation.

pub mod examples;
mod oracle;
mod properties;
