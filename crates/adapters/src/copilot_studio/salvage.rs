//! Contents whose JSON is damaged: the activities that are whole.

use serde_json::Value;

use crate::split::{Problem, array_under, elements, skip_space};

/// What is left of a damaged content.
#[derive(Debug)]
pub(super) struct Salvaged {
    /// The activities. A damaged one is its own text, so that the others keep their numbers.
    pub(super) activities: Vec<Value>,
    /// Whether the text ends before the content does.
    pub(super) cut: bool,
}

/// The activities of a damaged content; nothing where no array of activities begins.
pub(super) fn salvage(content: &[u8]) -> Option<Salvaged> {
    let start = skip_space(content, 0);
    let array = match content.get(start)? {
        b'[' => start,
        b'{' => start + array_under(&content[start..], &["activities", "Activities"])?,
        _ => return None,
    };
    let mut salvaged = Salvaged {
        activities: Vec::new(),
        cut: false,
    };
    for element in elements(&content[array..], array > start) {
        let value = match element.problem {
            None => serde_json::from_slice(element.text).ok(),
            Some(problem) => {
                salvaged.cut |= problem == Problem::Cut;
                None
            }
        };
        let raw = || Value::String(String::from_utf8_lossy(element.text).into_owned());
        salvaged.activities.push(value.unwrap_or_else(raw));
    }
    let some = salvaged.activities.iter().any(Value::is_object);
    some.then_some(salvaged)
}
