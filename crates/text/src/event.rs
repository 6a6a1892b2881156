//! Privacy of a whole event.

use std::fmt;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use upshot_core::Event;

use crate::masker::{DataKind, Masked, Masker};
use crate::modes::PrivacyModes;
use crate::url;

/// What is kept of the text of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PrivacyMode {
    /// Text is kept with its personal data replaced by tokens.
    #[default]
    Masked,
    /// Text is kept as it is.
    Full,
    /// No text is kept; everything else is treated as in [`PrivacyMode::Masked`].
    None,
}

/// A text that is no privacy mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a privacy mode; expected masked, full or none")]
pub struct UnknownPrivacyMode {
    /// What was found.
    pub found: String,
}

impl PrivacyMode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Masked, Self::Full, Self::None];

    /// The mode's name in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Full => "full",
            Self::None => "none",
        }
    }

    /// Whether more is left of a text than under the other.
    pub fn keeps_more_than(self, other: Self) -> bool {
        let kept = |mode| match mode {
            Self::None => 0,
            Self::Masked => 1,
            Self::Full => 2,
        };
        kept(self) > kept(other)
    }

    /// The one of the two that keeps less.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        if self.keeps_more_than(other) {
            other
        } else {
            self
        }
    }

    /// The mode of this name.
    pub fn parse(text: &str) -> Result<Self, UnknownPrivacyMode> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| UnknownPrivacyMode {
                found: text.to_owned(),
            })
    }
}

impl fmt::Display for PrivacyMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for PrivacyMode {
    type Err = UnknownPrivacyMode;
    fn from_str(text: &str) -> Result<Self, UnknownPrivacyMode> {
        Self::parse(text)
    }
}

/// Brings an event into the form in which it may be stored under this mode.
///
/// Under `full` nothing is taken out. Under `masked` personal data is taken out of texts, of what authors
/// and sources wrote in their own words, of addresses of pages and of attributes; ids that are
/// themselves an e-mail address or a phone number become pseudonyms, so that what belongs together
/// still does. Under `none` the texts go altogether. In all modes the event notes what facts need to
/// know of its texts ([`Event::note_texts`]). Doing it twice changes nothing.
pub fn apply(mode: PrivacyMode, masker: &Masker, event: &mut Event) {
    apply_knowing(mode, masker, &mut KnownIds::default(), event);
}

/// [`apply`] to many events, to each under the mode of its source; faster than to each alone: events of a conversation
/// share their ids.
pub fn apply_all(modes: &PrivacyModes, masker: &Masker, events: &mut [Event]) {
    let mut known = KnownIds::default();
    for event in events {
        apply_knowing(modes.of_event(event), masker, &mut known, event);
    }
}

/// Ids that were looked at, and whether each names a person.
#[derive(Default)]
struct KnownIds(FxHashMap<Box<str>, bool>);

impl KnownIds {
    /// So many are remembered at once.
    const MOST: usize = 1 << 14;

    fn is_contact(&mut self, masker: &Masker, id: &str) -> bool {
        if let Some(known) = self.0.get(id) {
            return *known;
        }
        if self.0.len() == Self::MOST {
            self.0.clear();
        }
        let found = masker.is_contact(id);
        self.0.insert(id.into(), found);
        found
    }
}

fn apply_knowing(mode: PrivacyMode, masker: &Masker, known: &mut KnownIds, event: &mut Event) {
    if mode == PrivacyMode::Full {
        event.note_texts(true);
        return;
    }
    if mode == PrivacyMode::None {
        event.note_texts(false);
    }
    apply_to_texts(mode, masker, event);
    if mode == PrivacyMode::Masked {
        event.note_texts(true);
    }
    apply_to_ids(masker, known, event);
    for address in [&mut event.page, &mut event.referrer] {
        change(address, |text| masker.mask_address(text));
    }
    // The phone number or mailbox that a button leads to is the author's own.
    let authors = event
        .option_destination
        .as_deref()
        .is_some_and(|place| place.starts_with("tel:") || place.starts_with("mailto:"));
    if !authors {
        change(&mut event.option_destination, |text| {
            masker.mask_address(text)
        });
    }
    for prose in [
        &mut event.option_title,
        &mut event.handover_reason,
        &mut event.outcome_reason,
        &mut event.reported_outcome_reason,
        &mut event.label_value,
    ] {
        change(prose, |text| masker.mask(text));
    }
    for value in [
        &mut event.utm_source,
        &mut event.utm_medium,
        &mut event.utm_campaign,
        &mut event.utm_term,
        &mut event.utm_content,
        &mut event.error,
        &mut event.sources_retrieved,
        &mut event.sources_cited,
        &mut event.sources_failed,
    ] {
        change(value, |text| masker.mask_value(text));
    }
    apply_to_attributes(masker, event);
}

/// The fields of [`upshot_core::event::TEXT_FIELDS`].
fn apply_to_texts(mode: PrivacyMode, masker: &Masker, event: &mut Event) {
    for text in [
        &mut event.text,
        &mut event.survey_comment,
        &mut event.feedback_comment,
    ] {
        if mode == PrivacyMode::None {
            *text = None;
        } else {
            change(text, |text| masker.mask(text));
        }
    }
}

fn apply_to_ids(masker: &Masker, known: &mut KnownIds, event: &mut Event) {
    let by_phone = event.channel.as_deref().is_some_and(names_users_by_phone);
    let mut hide = |prefix: &str, id: &str| {
        let bare = by_phone
            && (8..=15).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_digit());
        (bare || known.is_contact(masker, id))
            .then(|| masker.pseudonym(prefix, id).into_boxed_str())
    };
    if let Some(pseudonym) = hide("c_", &event.conversation_id) {
        event.conversation_id = pseudonym;
    }
    if let Some(pseudonym) = hide("e_", &event.event_id) {
        event.event_id = pseudonym;
    }
    for (prefix, id) in [
        ("u_", &mut event.user_id),
        ("a_", &mut event.agent_id),
        ("r_", &mut event.reference),
        ("w_", &mut event.window_id),
        ("m_", &mut event.message_id),
        ("m_", &mut event.reply_to),
    ] {
        if let Some(pseudonym) = id.as_deref().and_then(|id| hide(prefix, id)) {
            *id = Some(pseudonym);
        }
    }
}

/// Channels whose ids of users and conversations are phone numbers, often without a plus.
fn names_users_by_phone(channel: &str) -> bool {
    [
        "whatsapp", "sms", "voice", "phone", "rcs", "viber", "signal",
    ]
    .iter()
    .any(|name| channel.eq_ignore_ascii_case(name))
}

fn apply_to_attributes(masker: &Masker, event: &mut Event) {
    for (name, value) in &mut event.attributes {
        let token = match url::named(name) {
            Some(DataKind::Personal) if named_for_sure(name) => Some(DataKind::Personal),
            Some(DataKind::Secret) if named_for_sure(name) => Some(DataKind::Secret),
            _ => None,
        };
        match token {
            Some(kind) if !value.is_empty() && !is_token(value) => *value = kind.token().into(),
            Some(_) => {}
            None => {
                let masked = if value.contains("://") {
                    masker.mask_address(value)
                } else {
                    masker.mask_value(value)
                };
                if !masked.replaced.is_empty() {
                    *value = masked.text.into();
                }
            }
        }
    }
}

/// Names that are personal or secret in the query of a page and often mean something else as an
/// attribute that the workspace chose to send: `code`, `session`, `name` of a plan, `user` type.
fn named_for_sure(name: &str) -> bool {
    const ELSEWHERE: &[&str] = &[
        "code",
        "session",
        "key",
        "hash",
        "sign",
        "ticket",
        "reset",
        "invite",
        "magic",
        "name",
        "user",
        "userid",
        "login",
        "card",
        "address",
        "ip",
        "pass",
        "verification",
        "sid",
        "session_id",
        "sessionid",
        "user_id",
        "unlock",
        "auth",
    ];
    !ELSEWHERE
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

fn is_token(value: &str) -> bool {
    DataKind::ALL.iter().any(|kind| kind.token() == value)
}

fn change(field: &mut Option<Box<str>>, mask: impl Fn(&str) -> Masked) {
    if let Some(text) = field {
        let masked = mask(text);
        if !masked.replaced.is_empty() {
            *text = masked.text.into();
        }
    }
}
