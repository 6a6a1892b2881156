//! What the made-up history tells: where it begins and ends and what happens when.

use std::ops::Range;

use upshot_core::time::{DAY, HOUR, SECOND};

use crate::{DemoOptions, MAXIMUM_DAYS};

/// Ends are taken within the years 1900 to 9999, where calendars are at home.
const EARLIEST_END: i64 = -2_208_988_800 * SECOND;
const LATEST_END: i64 = 253_370_764_800 * SECOND;

/// The windows of time of what happens in the history; all in UTC microseconds since 1970.
///
/// The constants say who and what is concerned. Each window lies wholly within the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The history's begin: no event is before it.
    pub begin: i64,
    /// The history's end: every event is before it.
    pub end: i64,
    /// While [`Story::BAD_VERSION`] of [`Story::BAD_BOT`] is live: from the middle of the history,
    /// for six days or a fifth of the history, whichever is shorter.
    pub bad_release: Range<i64>,
    /// While the campaign [`Story::CAMPAIGN`] runs: at 70 % of the history, for a ninth of it.
    pub campaign: Range<i64>,
    /// While users are put into the variants of [`Story::EXPERIMENT`]: from 35 % to 90 %.
    pub experiment: Range<i64>,
    /// An outage in [`Story::OUTAGE_COUNTRY`] that makes many ask for [`Story::OUTAGE_TOPIC`]: at
    /// 22 % of the history, for ten hours or a tenth of the history, whichever is shorter.
    pub outage: Range<i64>,
}

impl Story {
    /// The bot whose release goes wrong.
    pub const BAD_BOT: &'static str = "care-assistant";
    /// The version before.
    pub const VERSION_BEFORE: &'static str = "3.3.0";
    /// The bad version: it understands less, answers late, and the tools of
    /// [`Story::BROKEN_TOPICS`] fail.
    pub const BAD_VERSION: &'static str = "3.4.0";
    /// The version that repairs it.
    pub const FIXED_VERSION: &'static str = "3.4.1";
    /// The topics that the bad version breaks.
    pub const BROKEN_TOPICS: [&'static str; 3] =
        ["slow_internet", "invoice_explained", "technician_visit"];
    /// The tools that fail in them.
    pub const BROKEN_TOOLS: [&'static str; 3] =
        ["line_diagnostics", "billing_lookup", "appointment_calendar"];
    /// The campaign's name, as `utm_campaign`.
    pub const CAMPAIGN: &'static str = "fibre-weeks";
    /// The bot to which the campaign leads.
    pub const CAMPAIGN_BOT: &'static str = "sales-assistant";
    /// The experiment, on the web, with [`Story::CAMPAIGN_BOT`].
    pub const EXPERIMENT: &'static str = "greeting-style";
    /// Its variants; with the second fewer leave after the greeting and more buy.
    pub const VARIANTS: [&'static str; 2] = ["open", "guided"];
    /// The country of the outage.
    pub const OUTAGE_COUNTRY: &'static str = "DE";
    /// The topic for which the outage makes people ask.
    pub const OUTAGE_TOPIC: &'static str = "outage";
    /// The question at which far more people leave than at any other.
    pub const DROPOFF_QUESTION: &'static str = "meter_reading.meter_number";
    /// The option that is shown with every greeting that has options and hardly ever chosen.
    pub const UNDERUSED_OPTION: &'static str = "newsletter";
    /// The bot whose greeting offers it.
    pub const UNDERUSED_OPTION_BOT: &'static str = "care-assistant";
    /// The channel on which users have another id in each conversation.
    pub const UNLINKABLE_CHANNEL: &'static str = "messenger";
    /// The knowledge source that is retrieved and never cited.
    pub const UNUSED_SOURCE: &'static str = "press-archive";
    /// The knowledge source that fails at times.
    pub const FAILING_SOURCE: &'static str = "partner-wiki";
    /// The share of conversations that are trials of the author's.
    pub const TEST_SHARE: f64 = 0.03;

    /// The story of a history with these options.
    pub fn of(options: &DemoOptions) -> Self {
        let days = i64::from(options.days.clamp(1, MAXIMUM_DAYS));
        let length = days * DAY;
        let end = options.end.clamp(EARLIEST_END, LATEST_END);
        let begin = end - length;
        let window = |permille: i64, duration: i64| {
            let from = begin + length / 1000 * permille;
            from..from + duration
        };
        Self {
            begin,
            end,
            bad_release: window(500, (6 * DAY).min(length / 5)),
            campaign: window(700, length / 9),
            experiment: window(350, length / 100 * 55),
            outage: window(220, (10 * HOUR).min(length / 10)),
        }
    }

    /// The part with this number, from 0, of so many parts of equal length; together they are the
    /// whole history.
    pub(crate) fn part(&self, number: u64, parts: u64) -> (i64, i64) {
        let length = i128::from(self.end) - i128::from(self.begin);
        let at = |position: u64| {
            let offset = length * i128::from(position) / i128::from(parts.max(1));
            (i128::from(self.begin) + offset) as i64
        };
        (at(number), at(number + 1))
    }

    /// How far into the history a time is, in thousandths.
    pub(crate) fn permille(&self, time: i64) -> i64 {
        let length = (self.end - self.begin).max(1);
        ((i128::from(time) - i128::from(self.begin)) * 1000 / i128::from(length)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_within_the_history() {
        let ends = [i64::MIN, 0, 1_760_000_000_000_000, i64::MAX];
        let days = [0, 1, 7, 30, 90, 3650, u32::MAX];
        for (end, days) in ends
            .into_iter()
            .flat_map(|end| days.map(|days| (end, days)))
        {
            let story = Story::of(&DemoOptions {
                days,
                ..DemoOptions::until(end)
            });
            for window in [
                &story.bad_release,
                &story.campaign,
                &story.experiment,
                &story.outage,
            ] {
                assert!(story.begin < window.start, "{days}");
                assert!(window.start < window.end, "{days}");
                assert!(window.end < story.end, "{days}");
            }
        }
    }

    #[test]
    fn parts_make_the_whole() {
        let story = Story::of(&DemoOptions::until(1_760_000_000_000_000));
        assert_eq!(story.part(0, 3).0, story.begin);
        assert_eq!(story.part(0, 3).1, story.part(1, 3).0);
        assert_eq!(story.part(2, 3).1, story.end);
    }
}
