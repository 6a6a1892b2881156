//! Channels: the platforms' names and ours.

use std::borrow::Cow;

/// Names of Bot Framework channels, in lower case, with the labels that people read.
const LABELS: &[(&str, &str)] = &[
    ("webchat", "web"),
    ("directline", "direct-line"),
    ("directlinespeech", VOICE),
    ("telephony", VOICE),
    ("conversationconductor", VOICE),
    ("msteams", "teams"),
    ("m365extensions", "m365-copilot"),
    ("lcw", "live-chat"),
    ("omnichannel", "live-chat"),
    ("twilio-sms", "sms"),
    ("outlook", "email"),
];

/// The label of calls.
pub(crate) const VOICE: &str = "voice";

/// Channels on which only authors and tests talk.
const TEST: &[&str] = &["emulator", "chatdown", "test"];

/// The stable label of a channel; one that is not listed keeps its name in lower case.
pub(crate) fn label(channel_id: &str) -> Cow<'static, str> {
    let name = channel_id.trim().to_lowercase();
    let known = LABELS.iter().find(|(theirs, _)| *theirs == name);
    known.map_or(Cow::Owned(name), |(_, ours)| Cow::Borrowed(*ours))
}

/// Whether a channel carries trials only: the emulator, scripted conversations, test adapters.
pub(crate) fn is_test(label: &str) -> bool {
    TEST.contains(&label)
}

/// Whether the conversations of a channel have ids that mean something outside their file.
pub(crate) fn has_global_ids(label: &str) -> bool {
    !matches!(label, "chatdown" | "test")
}
