//! Who writes: countries, channels, devices, and users who come back.

use crate::draw::{Draw, Purpose, mix, power_of_two, unit};

/// A country from which users come.
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    /// Its time zone.
    pub(crate) zone: &'static str,
    /// Its share of the traffic.
    pub(crate) weight: f64,
    /// Its languages, as positions of [`crate::texts::LANGUAGES`], with locale and share.
    pub(crate) languages: &'static [(usize, &'static str, f64)],
    /// ISO 4217.
    pub(crate) currency: &'static str,
    /// A number that nobody has, or the service's own line.
    pub(crate) phone: &'static str,
}

/// The countries. Telephone numbers are ones that are set aside for made-up uses.
pub(crate) const COUNTRIES: [Country; 7] = [
    Country {
        code: "DE",
        zone: "Europe/Berlin",
        weight: 0.28,
        languages: &[(1, "de-DE", 0.94), (0, "en-DE", 0.06)],
        currency: "EUR",
        phone: "+493023125100",
    },
    Country {
        code: "AT",
        zone: "Europe/Vienna",
        weight: 0.08,
        languages: &[(1, "de-AT", 0.95), (0, "en-AT", 0.05)],
        currency: "EUR",
        phone: "+493023125101",
    },
    Country {
        code: "CH",
        zone: "Europe/Zurich",
        weight: 0.08,
        languages: &[(1, "de-CH", 0.70), (2, "it-CH", 0.20), (0, "en-CH", 0.10)],
        currency: "CHF",
        phone: "+493023125102",
    },
    Country {
        code: "IT",
        zone: "Europe/Rome",
        weight: 0.17,
        languages: &[(2, "it-IT", 0.93), (1, "de-IT", 0.07)],
        currency: "EUR",
        phone: "+442079460101",
    },
    Country {
        code: "ES",
        zone: "Europe/Madrid",
        weight: 0.13,
        languages: &[(3, "es-ES", 0.94), (0, "en-ES", 0.06)],
        currency: "EUR",
        phone: "+442079460102",
    },
    Country {
        code: "GB",
        zone: "Europe/London",
        weight: 0.14,
        languages: &[(0, "en-GB", 1.0)],
        currency: "GBP",
        phone: "+442079460100",
    },
    Country {
        code: "US",
        zone: "America/New_York",
        weight: 0.12,
        languages: &[(0, "en-US", 0.88), (3, "es-US", 0.12)],
        currency: "USD",
        phone: "+12025550143",
    },
];

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Web,
    Whatsapp,
    Voice,
    Teams,
    Messenger,
    /// The hotline, where people answer and no bot.
    Phone,
}

impl Channel {
    /// Where bots answer.
    const ALL: [(Self, f64); 5] = [
        (Self::Web, 0.54),
        (Self::Whatsapp, 0.17),
        (Self::Voice, 0.13),
        (Self::Teams, 0.07),
        (Self::Messenger, 0.09),
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Whatsapp => "whatsapp",
            Self::Voice => "voice",
            Self::Teams => "teams",
            Self::Messenger => "messenger",
            Self::Phone => "phone",
        }
    }

    /// Whether the channel can show options.
    pub(crate) const fn shows_options(self) -> bool {
        !self.is_spoken()
    }

    /// Whether the channel is a call.
    pub(crate) const fn is_spoken(self) -> bool {
        matches!(self, Self::Voice | Self::Phone)
    }

    /// How long a user usually takes to answer, in microseconds.
    pub(crate) const fn user_pause(self) -> i64 {
        match self {
            Self::Voice | Self::Phone => 4_000_000,
            Self::Web => 14_000_000,
            Self::Teams => 25_000_000,
            Self::Messenger => 40_000_000,
            Self::Whatsapp => 55_000_000,
        }
    }

    /// How long the bot usually takes to answer, apart from models and tools, in microseconds.
    pub(crate) const fn bot_pause(self) -> i64 {
        match self {
            Self::Voice | Self::Phone => 450_000,
            Self::Web => 350_000,
            Self::Teams => 900_000,
            Self::Messenger => 1_100_000,
            Self::Whatsapp => 1_400_000,
        }
    }
}

/// What a user holds: device, browser or client, operating system.
pub(crate) type Device = (&'static str, Option<&'static str>, Option<&'static str>);

const BROWSERS: [(Device, f64); 9] = [
    (("mobile", Some("Safari"), Some("iOS")), 0.24),
    (("mobile", Some("Chrome"), Some("Android")), 0.30),
    (("mobile", Some("Firefox"), Some("Android")), 0.03),
    (("desktop", Some("Chrome"), Some("Windows")), 0.18),
    (("desktop", Some("Edge"), Some("Windows")), 0.09),
    (("desktop", Some("Firefox"), Some("Linux")), 0.04),
    (("desktop", Some("Safari"), Some("macOS")), 0.07),
    (("tablet", Some("Safari"), Some("iPadOS")), 0.03),
    (("tablet", Some("Chrome"), Some("Android")), 0.02),
];

const PLANS: [(&str, f64); 4] = [
    ("basic", 0.40),
    ("plus", 0.34),
    ("premium", 0.16),
    ("none", 0.10),
];
const REGIONS: [&str; 5] = ["north", "south", "east", "west", "centre"];

/// How many users there are in all countries together.
const POPULATION: f64 = 1_000_000.0;
/// How flat the distribution of visits over users is; with less, few users make up more.
const FLATNESS: f64 = 100.0;

/// A user and what stays the same about them.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// A hash that stands for the user.
    pub(crate) key: u64,
    /// Position of [`COUNTRIES`].
    pub(crate) country: usize,
    /// Position of [`crate::texts::LANGUAGES`].
    pub(crate) language: usize,
    pub(crate) locale: &'static str,
    pub(crate) channel: Channel,
    /// The device that the user mostly uses on the web.
    pub(crate) device: Device,
    /// The other one.
    pub(crate) other_device: Device,
    pub(crate) plan: &'static str,
    pub(crate) region: &'static str,
    pub(crate) business: bool,
    /// How kindly the user judges, about -1 to 1.
    pub(crate) temper: f64,
    /// How often the user signs in.
    pub(crate) signs_in: f64,
    /// What the user asks for again and again, from 0 to 1: a place in the catalogue.
    pub(crate) habit: f64,
}

impl Person {
    /// A user of this country. Some come often, most once.
    pub(crate) fn of_country(seed: u64, country: usize, draw: &mut Draw) -> Self {
        let weight = COUNTRIES[country].weight;
        // Visits fall with the rank as 1 / (rank + flatness).
        let octaves = 13.287_852_f64; // binary logarithm of 1 + POPULATION / FLATNESS
        let rank = FLATNESS * weight * (power_of_two(draw.unit() * octaves) - 1.0);
        Self::new(seed, country, (rank.min(POPULATION) as u64) << 8)
    }

    /// One of the author's people who try the bot.
    pub(crate) fn tester(seed: u64, number: usize) -> Self {
        let mut tester = Self::new(seed, 0, ((number as u64) << 8) | 1);
        tester.channel = Channel::Web;
        tester
    }

    fn new(seed: u64, country: usize, number: u64) -> Self {
        let number = number | (country as u64) << 48;
        let mut draw = Draw::new(seed, Purpose::Person, number);
        let languages = COUNTRIES[country].languages;
        let language = draw.weighted(languages.iter().map(|language| language.2));
        let device = || BROWSERS.iter().map(|device| device.1);
        Self {
            key: mix(mix(seed ^ 0x0075_7365_7273) ^ number),
            country,
            language: languages[language].0,
            locale: languages[language].1,
            channel: Channel::ALL[draw.weighted(Channel::ALL.iter().map(|channel| channel.1))].0,
            device: BROWSERS[draw.weighted(device())].0,
            other_device: BROWSERS[draw.weighted(device())].0,
            plan: PLANS[draw.weighted(PLANS.iter().map(|plan| plan.1))].0,
            region: draw.pick(&REGIONS),
            business: draw.chance(0.12),
            temper: draw.normal() * 0.35,
            signs_in: if draw.chance(0.45) { 0.8 } else { 0.1 },
            habit: draw.unit(),
        }
    }

    /// A number from 0 to 1 that stays the same for this user and purpose.
    pub(crate) fn lot(&self, purpose: u64) -> f64 {
        unit(mix(self.key ^ mix(purpose)))
    }

    /// What the user holds on this channel.
    pub(crate) fn device_on(&self, channel: Channel, draw: &mut Draw) -> Device {
        let mobile_system = if self.key & 1 == 0 { "Android" } else { "iOS" };
        match channel {
            Channel::Web if draw.chance(0.15) => self.other_device,
            Channel::Web => self.device,
            Channel::Whatsapp => ("mobile", Some("WhatsApp"), Some(mobile_system)),
            Channel::Messenger => ("mobile", Some("Messenger"), Some(mobile_system)),
            Channel::Voice | Channel::Phone => ("phone", None, None),
            Channel::Teams => ("desktop", Some("Teams"), Some("Windows")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_few_come_often_and_most_once() {
        let mut draw = Draw::new(1, Purpose::Plan, 0);
        let mut visits = HashMap::new();
        for _ in 0..5000 {
            let person = Person::of_country(1, 0, &mut draw);
            *visits.entry(person.key).or_insert(0) += 1;
        }
        let once = visits.values().filter(|visits| **visits == 1).count();
        let most = visits.values().max().copied().unwrap_or_default();
        assert!((3000..4600).contains(&visits.len()), "{}", visits.len());
        assert!(once * 10 > visits.len() * 7, "{once}");
        assert!((8..60).contains(&most), "{most}");
    }

    #[test]
    fn a_user_stays_the_same() {
        let first = Person::new(1, 2, 7 << 8);
        let again = Person::new(1, 2, 7 << 8);
        assert_eq!(format!("{first:?}"), format!("{again:?}"));
        assert_ne!(first.key, Person::new(2, 2, 7 << 8).key);
    }

    #[test]
    fn weights_sum_to_one() {
        let countries: f64 = COUNTRIES.iter().map(|country| country.weight).sum();
        let channels: f64 = Channel::ALL.iter().map(|channel| channel.1).sum();
        let browsers: f64 = BROWSERS.iter().map(|browser| browser.1).sum();
        for sum in [countries, channels, browsers] {
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
    }
}
