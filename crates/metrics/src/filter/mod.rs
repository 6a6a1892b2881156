//! Filters: a small language of conditions on sessions, messages and steps.
//!
//! `channel = web and (country in (DE, AT) or not engaged)` is read by [`parse`] into an
//! [`Expression`], which [`resolve`] turns into a [`Predicate`] over columns. A filter never becomes
//! SQL text. Conditions are two-valued: a comparison with nothing is false, so that a filter and its
//! `not` together always give all sessions.

mod ids;
mod labels;
mod lexer;
mod parser;
mod predicate;
mod resolve;
mod segments;
pub(crate) mod sequence;
mod value;

pub use ids::asks_for_ids;
pub(crate) use lexer::MOST_CHARACTERS;
pub use parser::sequences::{FunnelText, ItemText, PathText};
pub use parser::{Comparison, Expression, Operand, parse};
pub(crate) use predicate::{Known, Nulls};
pub use predicate::{Measure, NumberTest, Order, Predicate, Real, SessionSet, TextSource};
pub(crate) use resolve::definition;
pub use resolve::{ResolveContext, resolve};
pub use segments::{NoSegments, Segments, check_segment};
pub use sequence::{
    FunnelCondition, Loops, MatchBy, PathCondition, PatternItem, Place, StepChoice, StepSort,
};
pub use value::parse_duration;
