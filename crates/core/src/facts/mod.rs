//! The facts that the fold makes of events: sessions, their messages and their steps.
//!
//! Facts, not classes: a class («mobile traffic», «bounced») is a predicate over facts wherever it
//! can be, so that its definition can change without a rebuild. Durations are microseconds.

mod message;
mod session;
mod step;

pub use message::Message;
pub use session::Session;
pub use step::Step;

/// Separates the names in [`Session::topics`] and in every other list of a fact.
pub const TOPIC_SEPARATOR: char = '\u{1f}';

/// The fields that hold lists: names separated by [`TOPIC_SEPARATOR`].
pub const LIST_FIELDS: &[&str] = &[
    "topics",
    "intents",
    "agents",
    "skills",
    "models",
    "tools",
    "experiments",
    "sources_retrieved",
    "sources_cited",
    "sources_failed",
];

/// The fields that hold hashes of 64 bits. Not every reader of JSON can hold such numbers, so there they are
/// text.
pub const HASH_FIELDS: &[&str] = &["user_key", "person_key"];

/// The fields that hold durations, in microseconds.
pub const DURATION_FIELDS: &[&str] = &[
    "duration",
    "first_response_time",
    "response_time_sum",
    "response_time",
    "waiting_time",
    "agent_first_response_time",
    "agent_response_time_sum",
    "agent_handle_time_sum",
    "question_time",
    "option_time",
    "latency",
    "time_to_first_token",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FieldKind, Record};

    #[test]
    fn lists_and_durations_are_fields() {
        let fields = [Session::FIELDS, Message::FIELDS, Step::FIELDS].concat();
        for name in LIST_FIELDS {
            let own = fields.iter().filter(|field| field.name == *name);
            assert!(own.clone().count() > 0, "{name}");
            assert!(own.clone().all(|field| field.kind == FieldKind::Text));
        }
        for name in DURATION_FIELDS {
            assert!(fields.iter().any(|field| field.name == *name), "{name}");
        }
        let number = [FieldKind::Integer, FieldKind::Count];
        let told = |name: &str| name.ends_with("_time") || name.ends_with("_time_sum");
        for field in fields.iter().filter(|field| number.contains(&field.kind)) {
            assert!(
                !told(field.name) || DURATION_FIELDS.contains(&field.name),
                "{}",
                field.name
            );
        }
    }
}
