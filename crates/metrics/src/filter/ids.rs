//! Whether a filter asks for somebody or something by its id.

use super::{Expression, Operand, parse};

/// What names one user, conversation, session, message or event, whoever owns it.
const IDS: [&str; 13] = [
    "user",
    "user_id",
    "user_key",
    "person_key",
    "conversation",
    "conversation_id",
    "session",
    "session_id",
    "event",
    "event_id",
    "message_id",
    "window_id",
    "reference",
];

/// Whether a text is a filter that asks for an id: so who knows one would learn what is said of it. Filters with names
/// are not looked into.
pub fn asks_for_ids(text: &str) -> bool {
    parse(text).is_ok_and(|expression| asks(&expression))
}

fn asks(expression: &Expression) -> bool {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => parts.iter().any(asks),
        Expression::Not(inner) => asks(inner),
        Expression::Flag(field)
        | Expression::Compare(field, ..)
        | Expression::In(field, _)
        | Expression::HasOther(field, _)
        | Expression::IsNull(field) => is_id(field),
        Expression::Any { condition, .. } => condition.as_deref().is_some_and(asks),
        Expression::Segment(_) => false,
        Expression::Path(path) => path.only.as_deref().is_some_and(asks),
        Expression::Funnel(funnel) => funnel.steps.iter().any(asks),
    }
}

/// Also behind the prefix of whoever owns it: `message.event_id`, `session.user`.
fn is_id(field: &Operand) -> bool {
    let name = field.text.rsplit('.').next().unwrap_or_default();
    IDS.iter().any(|id| id.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_a_filter_asks_for_one() {
        for asking in [
            "user_id = anna",
            "channel = web and not (User = anna or engaged)",
            "user in (anna, ben)",
            "conversation_id is null",
            "message.event_id = e1",
            "any message (message.user_id = anna)",
            "session_id contains f",
        ] {
            assert!(parse(asking).is_ok(), "{asking}");
            assert!(asks_for_ids(asking), "{asking}");
        }
        for other in [
            "channel = user_id",
            "user.visit > 1",
            "agent = anna",
            "any message (message.role = user)",
            "segment newcomers",
            "no filter at all =",
        ] {
            assert!(!asks_for_ids(other), "{other}");
        }
    }
}
