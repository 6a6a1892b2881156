//! Channels: the platform's names and ours.

use std::borrow::Cow;

use super::json::plain;

/// The label of the test pane in the authoring tool.
pub(super) const TEST_PANE: &str = "test-pane";
/// The label of runs that an event of another system triggers.
pub(super) const AUTONOMOUS: &str = "autonomous";
/// The label of calls.
pub(super) const VOICE: &str = "voice";

const LABELS: &[(&str, &str)] = &[
    ("pvastudio", TEST_PANE),
    ("pvaautonomous", AUTONOMOUS),
    ("pvapublishedenginedirect", "engine-api"),
    ("msteams", "teams"),
    ("m365copilot", "m365-copilot"),
    ("m365extensions", "m365-copilot"),
    ("copilot", "m365-copilot"),
    ("webchat", "web"),
    ("directline", "direct-line"),
    ("directlinespeech", VOICE),
    ("conversationconductor", VOICE),
    ("telephony", VOICE),
    ("ivr", VOICE),
    ("voice", VOICE),
    ("lcw", "live-chat"),
    ("omnichannel", "live-chat"),
    ("facebook", "facebook"),
    ("whatsapp", "whatsapp"),
    ("slack", "slack"),
    ("telegram", "telegram"),
    ("line", "line"),
    ("kik", "kik"),
    ("groupme", "groupme"),
    ("twilio", "sms"),
    ("twiliosms", "sms"),
    ("sms", "sms"),
    ("email", "email"),
    ("outlook", "email"),
    ("sharepoint", "sharepoint"),
    ("emulator", "emulator"),
];

/// The stable label of a channel; a channel that is not listed keeps its name in lower case.
pub(super) fn label(channel_id: &str) -> Option<Cow<'static, str>> {
    let name = plain(channel_id);
    if name.is_empty() {
        return None;
    }
    let known = LABELS.iter().find(|(theirs, _)| *theirs == name);
    Some(known.map_or_else(
        || Cow::Owned(channel_id.trim().to_lowercase()),
        |(_, ours)| Cow::Borrowed(*ours),
    ))
}

/// All channels that are known by name, with their labels.
#[cfg(test)]
pub(super) fn all() -> &'static [(&'static str, &'static str)] {
    LABELS
}
