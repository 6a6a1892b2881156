//! Channels: the platform's own names and ours, beside those of Bot Framework.

use std::borrow::Cow;

use super::json::plain;
use crate::channel;

pub(super) use crate::channel::VOICE;

/// The label of the test pane in the authoring tool.
pub(super) const TEST_PANE: &str = "test-pane";
/// The label of runs that an event of another system triggers.
pub(super) const AUTONOMOUS: &str = "autonomous";

/// The platform's own channels, in lower case and without punctuation.
const LABELS: &[(&str, &str)] = &[
    ("pvastudio", TEST_PANE),
    ("pvaautonomous", AUTONOMOUS),
    ("pvapublishedenginedirect", "engine-api"),
    ("m365copilot", "m365-copilot"),
    ("copilot", "m365-copilot"),
    ("ivr", VOICE),
];

/// The stable label of a channel; a channel that is not listed keeps its name in lower case.
pub(super) fn label(channel_id: &str) -> Cow<'static, str> {
    let name = plain(channel_id);
    let known = LABELS.iter().find(|(theirs, _)| *theirs == name);
    known.map_or_else(
        || channel::label(channel_id),
        |(_, ours)| Cow::Borrowed(*ours),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_stable_labels() {
        for (theirs, ours) in [
            ("pva-studio", "test-pane"),
            ("PVA-Autonomous", "autonomous"),
            ("pva-published-engine-direct", "engine-api"),
            ("msteams", "teams"),
            ("webchat", "web"),
            ("directline", "direct-line"),
            ("lcw", "live-chat"),
            ("conversationconductor", "voice"),
            ("Facebook", "facebook"),
            ("something-new", "something-new"),
        ] {
            assert_eq!(label(theirs), ours);
        }
    }
}
