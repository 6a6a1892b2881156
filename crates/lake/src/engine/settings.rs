//! Which profile turns which source's events into sessions.

use std::collections::BTreeMap;

use upshot_core::profile::{Profile, built_in_text};

use crate::error::LakeError;

/// A profile and the text from which it was made.
#[derive(Debug, Clone)]
struct Chosen {
    profile: Profile,
    text: String,
}

impl Chosen {
    fn from_text(text: &str) -> Result<Self, LakeError> {
        let profile = Profile::from_toml(text)?;
        Ok(Self {
            profile,
            text: text.to_owned(),
        })
    }
}

/// A workspace's choice of profiles: one for everything, and others for some sources.
#[derive(Debug, Clone)]
pub struct Settings {
    default: Chosen,
    by_source: BTreeMap<String, Chosen>,
}

/// How [`Settings`] are stored: the profiles as TOML.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct StoredSettings {
    default: String,
    by_source: BTreeMap<String, String>,
}

impl Settings {
    /// The choice of a new workspace: `default`, and for sources that have a profile of their own,
    /// that one.
    ///
    /// # Errors
    /// When a profile that comes with the program is not valid, which a test rules out.
    pub fn built_in() -> Result<Self, LakeError> {
        const OF_SOURCES: [&str; 1] = ["copilot-studio"];
        let text = |name| built_in_text(name).unwrap_or_default();
        let default = Chosen::from_text(text("default"))?;
        let by_source = OF_SOURCES
            .into_iter()
            .map(|name| Ok((name.to_owned(), Chosen::from_text(text(name))?)))
            .collect::<Result<_, LakeError>>()?;
        Ok(Self { default, by_source })
    }

    /// The profile of this TOML text for everything.
    ///
    /// # Errors
    /// When the text is not a profile.
    pub fn of_profile(text: &str) -> Result<Self, LakeError> {
        Ok(Self {
            default: Chosen::from_text(text)?,
            by_source: BTreeMap::new(),
        })
    }

    /// The profile for conversations of this source.
    pub fn profile(&self, source: Option<&str>) -> &Profile {
        &source
            .and_then(|name| self.by_source.get(name))
            .unwrap_or(&self.default)
            .profile
    }

    /// The profile for conversations of sources that have none of their own.
    pub fn default_profile(&self) -> &Profile {
        &self.default.profile
    }

    /// The same choice, with the profile of this TOML text for conversations of this source, or for
    /// all sources that have none of their own.
    ///
    /// # Errors
    /// When the text is not a profile.
    pub fn with_profile(mut self, source: Option<&str>, text: &str) -> Result<Self, LakeError> {
        let chosen = Chosen::from_text(text)?;
        match source {
            Some(source) => {
                self.by_source.insert(source.to_owned(), chosen);
            }
            None => self.default = chosen,
        }
        Ok(self)
    }

    /// All profiles: the source (none for the default one) and the profile.
    pub fn profiles(&self) -> impl Iterator<Item = (Option<&str>, &Profile)> {
        std::iter::once((None, &self.default.profile)).chain(
            self.by_source
                .iter()
                .map(|(source, chosen)| (Some(source.as_str()), &chosen.profile)),
        )
    }

    /// The longest silence within which events of a conversation hang together, in microseconds.
    pub fn cut_gap(&self) -> i64 {
        self.profiles()
            .map(|(_, profile)| profile.cut_gap())
            .max()
            .unwrap_or_default()
    }

    /// Whether the rules are the same, whatever the texts say beside them.
    pub fn same_rules(&self, other: &Self) -> bool {
        let rules = |settings: &'_ Self| -> Vec<(Option<String>, Profile)> {
            let profiles = settings.profiles();
            profiles
                .map(|(source, profile)| (source.map(str::to_owned), profile.clone()))
                .collect()
        };
        let (ours, theirs) = (rules(self), rules(other));
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(one, two)| one.0 == two.0 && one.1.same_rules(&two.1))
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
            default: self.default.text.clone(),
            by_source: self
                .by_source
                .iter()
                .map(|(source, chosen)| (source.clone(), chosen.text.clone()))
                .collect(),
        };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// The choice that was stored.
    ///
    /// # Errors
    /// When the text is not one, or a profile in it is not valid.
    pub fn from_stored(text: &str) -> Result<Self, LakeError> {
        let stored: StoredSettings =
            serde_json::from_str(text).map_err(|error| LakeError::Damaged {
                what: "the stored choice of profiles".to_owned(),
                reason: error.to_string(),
            })?;
        let by_source = stored
            .by_source
            .iter()
            .map(|(source, text)| Ok((source.clone(), Chosen::from_text(text)?)))
            .collect::<Result<_, LakeError>>()?;
        Ok(Self {
            default: Chosen::from_text(&stored.default)?,
            by_source,
        })
    }
}
