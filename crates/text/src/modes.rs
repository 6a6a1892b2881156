//! What is kept of texts by source.

use std::collections::BTreeMap;

use upshot_core::Event;

use crate::event::PrivacyMode;

/// What is kept of texts in a workspace: one mode, and others for the sources that have their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrivacyModes {
    /// The mode of all sources that have none of their own, and of events that name no source.
    pub default: PrivacyMode,
    /// The modes of single sources, by the name that stands in their events' `source`.
    pub sources: BTreeMap<Box<str>, PrivacyMode>,
}

impl PrivacyModes {
    /// The mode for what this source sends.
    pub fn of(&self, source: Option<&str>) -> PrivacyMode {
        let own = source.and_then(|source| self.sources.get(source));
        own.copied().unwrap_or(self.default)
    }

    /// The mode for an event.
    pub fn of_event(&self, event: &Event) -> PrivacyMode {
        self.of(event.source.as_deref())
    }

    /// The same modes, where none keeps more than this one.
    #[must_use]
    pub fn at_most(mut self, most: PrivacyMode) -> Self {
        for mode in self.sources.values_mut().chain([&mut self.default]) {
            *mode = mode.stricter(most);
        }
        self
    }

    /// The mode that keeps least: for what nobody can tell the source of.
    pub fn strictest(&self) -> PrivacyMode {
        let sources = self.sources.values().copied();
        sources.fold(self.default, PrivacyMode::stricter)
    }

    /// Whether a source, or all others, may be kept so.
    pub fn allow(&self, mode: PrivacyMode) -> bool {
        let mut modes = self.sources.values().chain([&self.default]);
        modes.any(|allowed| !mode.keeps_more_than(*allowed))
    }
}

impl From<PrivacyMode> for PrivacyModes {
    fn from(default: PrivacyMode) -> Self {
        Self {
            default,
            sources: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PrivacyMode::{Full, Masked, None as Nothing};

    fn modes() -> PrivacyModes {
        PrivacyModes {
            default: Masked,
            sources: [("crm".into(), Full), ("voice".into(), Nothing)].into(),
        }
    }

    #[test]
    fn a_sources_own_mode_goes_before_that_of_all() {
        let modes = modes();
        assert_eq!(modes.of(Some("crm")), Full);
        assert_eq!(modes.of(Some("voice")), Nothing);
        for other in [None, Some("web"), Some("CRM"), Some("")] {
            assert_eq!(modes.of(other), Masked, "{other:?}");
        }
    }

    #[test]
    fn none_keeps_more_than_the_most_that_was_asked_for() {
        let capped = modes().at_most(Masked);
        assert_eq!(capped.of(Some("crm")), Masked);
        assert_eq!(capped.of(Some("voice")), Nothing);
        assert_eq!(modes().at_most(Nothing).of(Some("crm")), Nothing);
        assert_eq!(modes().at_most(Full), modes());
    }

    #[test]
    fn the_strictest_keeps_least_and_what_one_allows_is_allowed() {
        assert_eq!(modes().strictest(), Nothing);
        assert_eq!(PrivacyModes::from(Full).strictest(), Full);
        assert!(modes().allow(Full));
        assert!(!PrivacyModes::from(Nothing).allow(Masked));
    }
}
