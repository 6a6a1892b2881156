//! Profiles: named, versioned sets of rules and settings that turn events into sessions.
//!
//! A profile is a TOML file. Every key stands, explained, in `profiles/default.toml`; the others
//! extend it. What sources of a platform disagree about is a setting here, never code in the fold.

mod duration;
mod load;
mod rules;
mod settings;

pub use load::ProfileError;
pub(crate) use load::nearest;
pub(crate) use rules::Rules;
pub(crate) use settings::{Cancellation, ImpliedBy, Owner, Precedence};

use settings::Settings;

const BUILT_IN: [(&str, &str); 6] = [
    ("default", include_str!("../../../../profiles/default.toml")),
    (
        "copilot-studio",
        include_str!("../../../../profiles/copilot-studio.toml"),
    ),
    ("indigo", include_str!("../../../../profiles/indigo.toml")),
    (
        "liveperson",
        include_str!("../../../../profiles/liveperson.toml"),
    ),
    ("llm-app", include_str!("../../../../profiles/llm-app.toml")),
    ("rasa", include_str!("../../../../profiles/rasa.toml")),
];

const NAMES: [&str; 6] = [
    BUILT_IN[0].0,
    BUILT_IN[1].0,
    BUILT_IN[2].0,
    BUILT_IN[3].0,
    BUILT_IN[4].0,
    BUILT_IN[5].0,
];

/// A named, versioned set of rules and settings that turns events into sessions.
#[derive(Debug, Clone)]
pub struct Profile {
    settings: Settings,
    rules: Rules,
    fact_set: Box<str>,
}

impl Profile {
    /// The profile that comes with the program under this name.
    pub fn built_in(name: &str) -> Option<Profile> {
        let text = built_in_text(name)?;
        Self::from_toml(text).ok()
    }

    /// The names of the profiles that come with the program.
    pub fn built_in_names() -> &'static [&'static str] {
        &NAMES
    }

    /// Reads a profile. Keys that it does not set are those of the profile that it `extends`, else
    /// of `default`.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        let settings = load::settings(text)?;
        let rules = Rules::new(&settings);
        let fact_set = format!(
            "{}@{}/fold{}",
            settings.name,
            settings.version,
            crate::fold::FOLD_VERSION
        );
        Ok(Profile {
            settings,
            rules,
            fact_set: fact_set.into(),
        })
    }

    /// Whether the other profile has the same name, version and rules.
    pub fn same_rules(&self, other: &Self) -> bool {
        self.settings == other.settings
    }

    /// The profile's name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The profile's version: counts up with every change of a rule.
    pub fn version(&self) -> u32 {
        self.settings.version
    }

    /// The fact set that this profile makes: its name and version and the fold's, for example
    /// `default@1/fold2`.
    pub fn fact_set(&self) -> String {
        self.fact_set.as_ref().to_owned()
    }

    pub(crate) fn fact_set_name(&self) -> &str {
        &self.fact_set
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A silence longer than this, in microseconds, is a cut: nothing before it plays a part in what
    /// comes after.
    pub fn cut_gap(&self) -> i64 {
        self.rules.cut_gap
    }

    /// Whether another window or page begins another session.
    pub fn knows_windows(&self) -> bool {
        self.rules.new_window
    }

    /// The time-out in microseconds: the channel's own, else the profile's.
    pub fn timeout(&self, channel: Option<&str>) -> i64 {
        self.rules.timeout(channel)
    }

    /// How old, in microseconds, a session must be before every session that started with it is
    /// surely decided: the longest time-out, and the grace for late events.
    pub fn maturity(&self) -> i64 {
        self.maturity_times().longest()
    }

    /// How old sessions must be to be judged, by channel.
    pub fn maturity_times(&self) -> MaturityTimes {
        let grace = self.rules.lateness_grace;
        let channels = self.rules.channel_timeouts();
        MaturityTimes {
            others: self.rules.timeout(None) + grace,
            channels: channels
                .map(|(channel, timeout)| (channel.to_lowercase().into(), timeout + grace))
                .collect(),
        }
    }

    /// How long after the time-out, in microseconds, late events are waited for.
    pub fn lateness_grace(&self) -> i64 {
        self.rules.lateness_grace
    }

    /// The lowest and highest answer of the satisfaction survey where the source does not say.
    pub fn csat_scale(&self) -> (f64, f64) {
        (self.rules.csat_minimum, self.rules.csat_maximum)
    }

    /// Whether sessions of the environment `test` get facts.
    pub fn keeps_test_sessions(&self) -> bool {
        self.rules.keeps_test_sessions
    }
}

/// How old a session must be, in microseconds, before every session of its channel that started with it is surely
/// decided: the channel's time-out, and the grace for late events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaturityTimes {
    /// Of channels that have no time of their own.
    pub others: i64,
    /// Of channels, by their names in lower case.
    pub channels: Vec<(Box<str>, i64)>,
}

impl MaturityTimes {
    /// The same time for all channels.
    pub const fn everywhere(time: i64) -> Self {
        Self {
            others: time,
            channels: Vec::new(),
        }
    }

    /// The longest of them: by then all are decided.
    pub fn longest(&self) -> i64 {
        let channels = self.channels.iter().map(|(_, time)| *time);
        channels.fold(self.others, i64::max)
    }

    /// Of each channel the longer of both.
    #[must_use]
    pub fn longer(self, other: Self) -> Self {
        let of = |times: &Self, name: &str| {
            let mut channels = times.channels.iter();
            let own = channels.find(|(channel, _)| **channel == *name);
            own.map_or(times.others, |(_, time)| *time)
        };
        let names = self.channels.iter().chain(&other.channels);
        let mut channels: Vec<(Box<str>, i64)> = names
            .map(|(name, _)| (name.clone(), of(&self, name).max(of(&other, name))))
            .collect();
        channels.sort_unstable();
        channels.dedup();
        Self {
            others: self.others.max(other.others),
            channels,
        }
    }

    /// The same, nowhere less than this.
    #[must_use]
    pub fn at_least(&self, time: i64) -> Self {
        let channels = self.channels.iter();
        let channels = channels.map(|(channel, own)| (channel.clone(), (*own).max(time)));
        Self {
            others: self.others.max(time),
            channels: channels.collect(),
        }
    }
}

/// The TOML text of a profile that comes with the program, as its author explained it.
pub fn built_in_text(name: &str) -> Option<&'static str> {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::MaturityTimes;

    fn times(others: i64, channels: &[(&str, i64)]) -> MaturityTimes {
        MaturityTimes {
            others,
            channels: channels
                .iter()
                .map(|(name, time)| ((*name).into(), *time))
                .collect(),
        }
    }

    #[test]
    fn of_two_profiles_each_channel_waits_for_the_slower() {
        let one = times(30, &[("kiosk", 5), ("whatsapp", 1440)]);
        let other = times(60, &[("voice", 10), ("whatsapp", 90)]);
        let both = one.longer(other);
        assert_eq!(
            both,
            times(60, &[("kiosk", 60), ("voice", 30), ("whatsapp", 1440)])
        );
        assert_eq!(both.longest(), 1440);
        assert_eq!(
            both.at_least(70),
            times(70, &[("kiosk", 70), ("voice", 70), ("whatsapp", 1440)])
        );
    }
}
