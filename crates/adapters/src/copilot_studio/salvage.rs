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
    let elements = elements(&content[array..], array > start);
    salvaged.cut = elements
        .last()
        .is_some_and(|it| it.problem == Some(Problem::Cut));
    for element in elements {
        let whole = element.problem.is_none();
        let value = whole
            .then(|| serde_json::from_slice(element.text).ok())
            .flatten();
        let raw = || Value::String(String::from_utf8_lossy(element.text).into_owned());
        salvaged.activities.push(value.unwrap_or_else(raw));
    }
    let some = salvaged.activities.iter().any(Value::is_object);
    some.then_some(salvaged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whole_activities_are_found_beside_damaged_ones() {
        let text = br#"{"activities":[{"type":"a","text":"one"},{"type":"a","text":"two,"x":1},{"type":"a"}],"more":1}"#;
        let salvaged = salvage(text).unwrap();
        let whole: Vec<bool> = salvaged.activities.iter().map(Value::is_object).collect();
        assert_eq!(whole, [true, false, true]);
        assert!(!salvaged.cut);
        let salvaged = salvage(&text[..50]).unwrap();
        assert_eq!(salvaged.activities.len(), 2);
        assert!(salvaged.cut);
        assert!(salvage(b"{\"a\":[{}").is_none());
        assert!(salvage(b"").is_none());
    }
}
