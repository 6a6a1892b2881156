//! The parts of the documentation.

use serde::{Deserialize, Serialize};

/// The part of the documentation to which a metric belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Sessions, engagement and outcomes.
    Sessions,
    /// Users.
    Users,
    /// First contact and repeat contact.
    Contacts,
    /// Messages.
    Messages,
    /// Options: shown, chosen, clicked.
    Clicks,
    /// Questions: form fields and slots.
    Questions,
    /// Handover.
    Handover,
    /// Feedback and satisfaction.
    Satisfaction,
    /// Resolution and efficiency.
    Efficiency,
    /// Understanding.
    Understanding,
    /// Models.
    Models,
    /// What is going on now.
    Live,
}

impl Section {
    /// All sections, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Sessions,
        Self::Users,
        Self::Contacts,
        Self::Messages,
        Self::Clicks,
        Self::Questions,
        Self::Handover,
        Self::Satisfaction,
        Self::Efficiency,
        Self::Understanding,
        Self::Models,
        Self::Live,
    ];

    /// The section's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions, engagement and outcomes",
            Self::Users => "Users",
            Self::Contacts => "First contact and repeat contact",
            Self::Messages => "Messages",
            Self::Clicks => "Clicks",
            Self::Questions => "Questions",
            Self::Handover => "Handover",
            Self::Satisfaction => "Feedback and satisfaction",
            Self::Efficiency => "Resolution and efficiency",
            Self::Understanding => "Understanding",
            Self::Models => "Models",
            Self::Live => "Live",
        }
    }
}
