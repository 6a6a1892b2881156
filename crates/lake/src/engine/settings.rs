//! Which profile turns which source's events into sessions.

use std::collections::BTreeMap;

use upshot_core::profile::Profile;

use crate::error::LakeError;

/// A workspace's choice of profiles: one for everything, and others for some sources.
#[derive(Debug, Clone)]
pub struct Settings {
    default: Profile,
    by_source: BTreeMap<String, Profile>,
}

/// How [`Settings`] are stored: the profiles as TOML.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct StoredSettings {
    default: String,
    by_source: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default: Profile::default(),
            by_source: Profile::built_in("copilot-studio")
                .map(|profile| ("copilot-studio".to_owned(), profile))
                .into_iter()
                .collect(),
        }
    }
}

impl Settings {
    /// The profile for conversations of this source.
    pub fn profile(&self, source: Option<&str>) -> &Profile {
        source.and_then(|name| self.by_source.get(name)).unwrap_or(&self.default)
    }

    /// The profile for conversations of sources that have none of their own.
    pub fn default_profile(&self) -> &Profile {
        &self.default
    }

    /// The same choice, with this profile for conversations of this source.
    pub fn with_source(mut self, source: &str, profile: Profile) -> Self {
        self.by_source.insert(source.to_owned(), profile);
        self
    }

    /// The same choice, with this profile for all sources that have none of their own.
    pub fn with_default(mut self, profile: Profile) -> Self {
        self.default = profile;
        self
    }

    /// All profiles: the source (none for the default one) and the profile.
    pub fn profiles(&self) -> impl Iterator<Item = (Option<&str>, &Profile)> {
        std::iter::once((None, &self.default))
            .chain(self.by_source.iter().map(|(source, profile)| (Some(source.as_str()), profile)))
    }

    /// The longest silence within which events of a conversation hang together, in microseconds.
    pub fn cut_gap(&self) -> i64 {
        self.profiles().map(|(_, profile)| profile.cut_gap()).max().unwrap_or_default()
    }

    /// The name of the facts that these profiles make: each profile with its version and the
    /// fold's.
    pub fn fact_set(&self) -> String {
        let names: Vec<String> = self
            .profiles()
            .map(|(source, profile)| match source {
                None => profile.fact_set(),
                Some(source) => format!("{source}={}", profile.fact_set()),
            })
            .collect();
        names.join(";")
    }

    /// The text from which [`Settings::from_stored`] makes the same choice.
    pub fn to_stored(&self) -> String {
        let stored = StoredSettings {
            default: self.default.to_toml(),
            by_source: self
                .by_source
                .iter()
                .map(|(source, profile)| (source.clone(), profile.to_toml()))
                .collect(),
        };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// The choice that was stored.
    ///
    /// # Errors
    /// When the text is not one, or a profile in it is not valid.
    pub fn from_stored(text: &str) -> Result<Self, LakeError> {
        let damaged = |reason: String| LakeError::Damaged {
            what: "the stored choice of profiles".to_owned(),
            reason,
        };
        let stored: StoredSettings =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        let parse = |toml: &str| {
            Profile::from_toml(toml).map_err(|error| damaged(error.to_string()))
        };
        Ok(Self {
            default: parse(&stored.default)?,
            by_source: stored
                .by_source
                .iter()
                .map(|(source, toml)| Ok((source.clone(), parse(toml)?)))
                .collect::<Result<_, LakeError>>()?,
        })
    }
}
