//! The fields of an event by name, and what each may hold.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use upshot_core::{Event, FieldKind, Record};

/// Other names under which a field is understood.
const ALIASES: &[(&str, &str)] = &[
    ("type", "event_type"),
    ("id", "event_id"),
    ("timestamp", "time"),
];

/// Fields that hold a JSON array as text. The array itself is understood too.
const LISTS: &[&str] = &[
    "intent_candidates",
    "sources_retrieved",
    "sources_cited",
    "sources_failed",
];

/// What a field may hold.
#[derive(Debug)]
pub(crate) struct FieldRule {
    pub name: &'static str,
    pub kind: FieldKind,
    /// The words of a vocabulary.
    pub words: Vec<&'static str>,
    /// Whether the text is a JSON array.
    pub list: bool,
}

/// All fields, in the order of the record.
pub(crate) struct Fields {
    pub rules: Vec<FieldRule>,
    by_name: FxHashMap<&'static str, usize>,
}

impl Fields {
    /// The fields of [`Event`].
    pub fn of_event() -> &'static Self {
        static FIELDS: OnceLock<Fields> = OnceLock::new();
        FIELDS.get_or_init(|| {
            let rules = Event::FIELDS.iter().map(|field| FieldRule {
                name: field.name,
                kind: field.kind,
                words: field.words.map(|words| words()).unwrap_or_default(),
                list: LISTS.contains(&field.name),
            });
            let names = Event::FIELDS.iter().enumerate();
            let mut by_name: FxHashMap<_, _> = names.map(|(it, field)| (field.name, it)).collect();
            for (alias, name) in ALIASES {
                if let Some(index) = Event::field(name) {
                    by_name.insert(alias, index);
                }
            }
            Self {
                rules: rules.collect(),
                by_name,
            }
        })
    }

    /// The field of this name or alias.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The known name that is nearest to an unknown one, if any is near.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.rules.iter().map(|rule| rule.name))
    }
}

/// The candidate that is nearest to a text, if any is near enough to have been meant.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // A text this long is no slip of the fingers, and the measure is quadratic.
    if text.len() > 64 {
        return None;
    }
    let text = plain(text);
    let near = |candidate: &'a str| {
        let most = 1 + candidate.len() / 5;
        let candidate_text = plain(candidate);
        if candidate_text.len().abs_diff(text.len()) > most {
            return None;
        }
        let distance = strsim::osa_distance(&text, &candidate_text);
        (distance <= most).then_some((distance, candidate))
    };
    let (_, candidate) = candidates.filter_map(near).min()?;
    Some(candidate)
}

/// Without case and separators: `conversationId` is `conversation_id`.
fn plain(text: &str) -> String {
    let kept = text
        .bytes()
        .filter(|it| !matches!(it, b'_' | b'-' | b' ' | b'.'));
    let lower = kept.map(|it| char::from(it.to_ascii_lowercase()));
    lower.collect()
}
