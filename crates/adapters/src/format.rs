//! The formats that can be read.

use std::fmt;

/// A source's way of writing events down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Our own JSON: one object, an array or JSON Lines.
    Upshot,
    /// Conversation transcripts of Power Virtual Agents and Copilot Studio: Dataverse rows as OData
    /// JSON or CSV, and bare contents.
    CopilotStudio,
    /// Bot Framework activities: `.transcript` files and Direct Line activity sets.
    BotFramework,
    /// Any records, by a [`Mapping`](crate::Mapping). Never recognised, and no name to choose: it is
    /// the mapping that is given.
    Mapping,
}

impl Format {
    /// All formats that can be chosen by name, in the order in which they are shown.
    pub const ALL: &'static [Self] = &[Self::Upshot, Self::CopilotStudio, Self::BotFramework];

    /// The name as it is written on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upshot => "upshot",
            Self::CopilotStudio => "copilot-studio",
            Self::BotFramework => "botframework",
            Self::Mapping => "mapping",
        }
    }

    /// The format of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == text)
    }

    /// What the format is, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Upshot => "our own JSON: one object, an array or JSON Lines",
            Self::CopilotStudio => {
                "Copilot Studio transcripts: Dataverse rows as JSON or CSV, or their contents"
            }
            Self::BotFramework => {
                "Bot Framework activities: .transcript files and Direct Line activity sets"
            }
            Self::Mapping => "JSON or CSV of any kind, as a mapping says",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
