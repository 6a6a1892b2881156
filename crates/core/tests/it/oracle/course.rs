//! The course of a conversation between two silences that cut it: to which session each event belongs.

use upshot_core::Event;
use upshot_core::time::SECOND;
use upshot_core::words::{Actor, EndReason, Environment, EventType, Role, Rule};

use super::Book;
use super::part::{Part, answers_survey, is_message_of, kind, part, topic_kind, window_or_page};
use super::row::{Cell, Row};
use super::told::{Ending, Given, Known, Told, first_said, says};
use super::utterances::says_grounded;

/// What was learned of who and where, in order.
enum Learned {
    /// Holds from now on.
    Anew(Known),
    /// Holds where nothing else is known.
    Besides(Known),
}

/// The sessions of a stretch of a conversation.
pub struct Course<'a> {
    book: &'a Book,
    pub sessions: Vec<Told<'a>>,
    /// The first session that can still be given something.
    reach: usize,
    /// What the bot did since the last session, before anybody speaks.
    before: Option<Told<'a>>,
    learned: Vec<Learned>,
    /// What is between user and bot, with the first event of the session to which it was given.
    billable: Vec<(&'a Event, &'a str)>,
    /// Reports of a session that is still to begin.
    reports: Vec<&'a Event>,
    windows_left: Vec<&'a str>,
    /// The last activity of the session that the cap ended, until the next begins.
    capped: Option<i64>,
    /// The events since the last cut.
    since_cut: Vec<&'a Event>,
    lone: Vec<Row>,
}

impl<'a> Course<'a> {
    pub fn of(book: &'a Book, events: &'a [Event], as_of: i64) -> Self {
        let mut course = Self {
            book,
            sessions: Vec::new(),
            reach: 0,
            before: None,
            learned: Vec::new(),
            billable: Vec::new(),
            reports: Vec::new(),
            windows_left: Vec::new(),
            capped: None,
            since_cut: Vec::new(),
            lone: Vec::new(),
        };
        for (place, event) in events.iter().enumerate() {
            let given = Given {
                event,
                part: part(event, book),
            };
            // The bot that speaks at the very instant of the time-out says goodbye.
            let instant = i64::from(given.part == Part::BotSpeaks);
            course.silence(event.time + instant, event.channel.as_deref());
            match (course.judged_before(given), course.live()) {
                (Some(judged), _) => course.give(judged, given),
                (None, Some(live)) => course.while_live(live, given),
                (None, None) => course.between(given, events.get(place + 1)),
            }
            course.since_cut.push(event);
        }
        course.silence(as_of, None);
        course
    }

    /// What agents wrote outside any session.
    pub fn lone_messages(&self) -> Vec<Row> {
        self.lone.clone()
    }

    fn live(&self) -> Option<usize> {
        let last = self.sessions.len().checked_sub(1)?;
        self.sessions[last].ending.is_none().then_some(last)
    }

    fn known(&self) -> Known {
        let mut known = Known::new();
        for learned in &self.learned {
            match learned {
                Learned::Anew(said) => known.extend(said.clone()),
                Learned::Besides(said) => {
                    for (name, cell) in said {
                        known.entry(name).or_insert_with(|| cell.clone());
                    }
                }
            }
        }
        known
    }

    /// Ends what was silent for longer than its time-out.
    fn silence(&mut self, time: i64, channel: Option<&str>) {
        let timeout = |told: &Told<'_>| {
            let timeout = self
                .book
                .timeout(told.channel(told.given.len()).or(channel));
            (time - told.end_time() > timeout).then(|| told.end_time() + timeout)
        };
        if self
            .before
            .as_ref()
            .is_some_and(|before| timeout(before).is_some())
        {
            self.forget_before();
        }
        if let Some(live) = self.live()
            && let Some(time) = timeout(&self.sessions[live])
        {
            self.end(live, time, (EndReason::Timeout, Actor::Timeout), None);
        }
    }

    fn end(
        &mut self,
        place: usize,
        time: i64,
        (reason, by): (EndReason, Actor),
        event: Option<&'a Event>,
    ) {
        let session = &mut self.sessions[place];
        let after = session.given.len();
        session.ending = Some(Ending {
            time,
            reason,
            by,
            event,
            after,
        });
        self.learned
            .push(Learned::Anew(first_said(session.events())));
    }

    fn forget_before(&mut self) {
        if let Some(before) = self.before.take() {
            self.learned
                .push(Learned::Anew(first_said(before.events())));
        }
    }

    fn while_live(&mut self, live: usize, given: Given<'a>) {
        let Given { event, part } = given;
        if kind(event) == EventType::Report {
            return self.report(event);
        }
        let session = &self.sessions[live];
        let long = event.time - session.first.time > self.book.length("session.cap_length");
        if session.is_full() || long && part.happens() {
            if !part.happens() || part == Part::Answer || part == Part::End {
                return self.belongs_nowhere(event);
            }
            self.capped = Some(session.end_time());
            let end_time = session.end_time();
            self.end(live, end_time, (EndReason::Cap, Actor::System), Some(event));
            self.cut();
            return self.between(given, None);
        }
        if self.is_another_window(live, given) {
            let left = self.sessions[live].window();
            self.windows_left.extend(left.map(|(_, window)| window));
            self.end(
                live,
                event.time,
                (EndReason::NewWindow, Actor::User),
                Some(event),
            );
            let rule = part.begins(self.book).unwrap();
            return self.begin(given, rule);
        }
        if part == Part::Agent
            && self.sessions[live].handovers().is_empty()
            && let Some(earlier) = self.in_peoples_hands(event.time, live)
        {
            return self.give(earlier, given);
        }
        self.give(live, given);
        self.decide(live);
    }

    fn is_another_window(&self, live: usize, given: Given<'a>) -> bool {
        // So many windows that were left are remembered.
        let remembered = self.windows_left.len().saturating_sub(64);
        self.book.is("session.new_window")
            && given.part.begins(self.book).is_some()
            && given.part != Part::Answer
            && self.sessions[live].window().is_some_and(|window| {
                let another = window_or_page(given.event);
                another.is_some_and(|another| {
                    another.0 == window.0
                        && another.1 != window.1
                        && !self.windows_left[remembered..].contains(&another.1)
                })
            })
    }

    /// The last session before this one that was handed over, if people are not yet silent.
    fn in_peoples_hands(&self, time: i64, before: usize) -> Option<usize> {
        let mut earlier = (self.reach..before).rev();
        let place = earlier.find(|place| self.sessions[*place].was_handed_over())?;
        let session = &self.sessions[place];
        (!session.is_full() && session.people_not_silent(time)).then_some(place)
    }

    fn between(&mut self, given: Given<'a>, next: Option<&'a Event>) {
        let Given { event, part } = given;
        if kind(event) == EventType::Report {
            return self.report(event);
        }
        if self.goes_on_after_cap(given) {
            return self.begin(given, Rule::Cap);
        }
        if let Some(place) = self.over_but_takes(given) {
            if part == Part::End {
                self.forget_before();
            }
            return self.give(place, given);
        }
        if self.answers_open_survey(given, next) {
            let last = self.sessions.len() - 1;
            return self.give(
                last,
                Given {
                    event,
                    part: Part::Answer,
                },
            );
        }
        if let Some(rule) = part.begins(self.book) {
            return self.begin(given, rule);
        }
        match part {
            Part::Answer | Part::Agent | Part::Opened | Part::PersonAskedFor => {
                self.belongs_nowhere(event);
            }
            Part::Seen | Part::Said if self.before.is_none() => self.belongs_nowhere(event),
            Part::End => {
                self.forget_before();
                self.belongs_nowhere(event);
            }
            _ => self.prepare(given),
        }
    }

    fn goes_on_after_cap(&self, Given { event, part }: Given<'a>) -> bool {
        let known = self.known();
        let heard = match &self.before {
            Some(before) => before.channel(before.given.len()),
            None => match known.get("channel") {
                Some(Cell::Text(channel)) => Some(channel.as_str()),
                _ => None,
            },
        };
        let channel = heard.or(event.channel.as_deref());
        let happens = part.happens() && ![Part::Answer, Part::Agent, Part::End].contains(&part);
        let timeout = self.book.timeout(channel);
        happens && self.capped.is_some_and(|last| event.time - last <= timeout)
    }

    /// Which session other than the last said what a judge names.
    fn judged_before(&self, given: Given<'a>) -> Option<usize> {
        says_grounded(given.event)?;
        let event = given.event;
        let named = event.reply_to.as_deref().or(event.message_id.as_deref())?;
        let mut within = (self.reach..self.sessions.len()).rev();
        let place = within.find(|place| self.sessions[*place].said(named))?;
        (place + 1 < self.sessions.len() && !self.sessions[place].is_full()).then_some(place)
    }

    /// The session that is over and to which the event belongs all the same.
    fn over_but_takes(&self, Given { event, part }: Given<'a>) -> Option<usize> {
        let last = self
            .sessions
            .len()
            .checked_sub(1)
            .filter(|last| *last >= self.reach)?;
        let session = &self.sessions[last];
        if part == Part::Agent {
            return self.in_peoples_hands(event.time, self.sessions.len());
        }
        let all = session.given.len();
        let channel = session.channel(all).or(event.channel.as_deref());
        let silence = event.time - session.rounded_until();
        let people = session.with_people(all) && self.heard_lately(session, event, channel);
        let grace = self.book.length("session.goodbye_grace");
        let rounds_off = silence <= self.book.timeout(channel) + grace;
        let answers = silence <= self.book.length("survey.answer_window");
        let takes = match part {
            Part::UserSpeaks | Part::TopicByUser => people,
            Part::LinkFollowed | Part::Answer => people || answers,
            Part::BotSpeaks => people || rounds_off && event.proactive != Some(true),
            Part::PersonAskedFor | Part::BotActs | Part::End => people || rounds_off,
            Part::Seen => self.before.is_none() && rounds_off,
            Part::Said => true,
            Part::Opened | Part::Agent => false,
        };
        (takes && !session.is_full()).then_some(last)
    }

    /// Whether people, or the user's words to them, were heard lately enough. While the user waits for
    /// a person, the time-out of the channel counts.
    fn heard_lately(&self, session: &Told<'a>, event: &Event, channel: Option<&str>) -> bool {
        let waits = session.accepted().is_none();
        let window = if waits {
            self.book.timeout(channel)
        } else {
            self.book.length("agent.window")
        };
        session
            .people_heard()
            .is_some_and(|heard| event.time - heard <= window)
    }

    /// Whether the user's words or click are the answer to the survey that is open, as the next event
    /// says.
    fn answers_open_survey(&self, given: Given<'a>, next: Option<&'a Event>) -> bool {
        let Given { event, part } = given;
        let Some(session) = self.sessions[self.reach..].last() else {
            return false;
        };
        let says = matches!(kind(event), EventType::Message | EventType::Option);
        let silence = event.time - session.rounded_until();
        let timeout = self.book.timeout(session.channel(session.given.len()));
        part == Part::UserSpeaks
            && says
            && !session.is_full()
            && session.survey_is_open()
            && silence <= self.book.length("survey.answer_window")
            && next.is_some_and(|next| answers_survey(next) && next.time - event.time <= timeout)
    }

    /// Begins a session with what the bot did just before, with the reports that waited for it, and
    /// with the event.
    fn begin(&mut self, given: Given<'a>, rule: Rule) {
        if self.before.is_none() {
            self.cut_if_long(given.event.time);
        }
        let known = self.known();
        let before = self.before.take();
        let mut session = before.unwrap_or_else(|| Told::new(self.book, given.event, known));
        session.begun = Some((given.event, rule));
        // The last eight sessions can be given something.
        self.reach = self.reach.max((self.sessions.len() + 1).saturating_sub(8));
        self.capped = None;
        self.sessions.push(session);
        let live = self.sessions.len() - 1;
        let start = self.sessions[live].first.time;
        for report in std::mem::take(&mut self.reports) {
            if speaks_of(report, start) == Some(false) {
                self.reports.push(report);
            } else {
                self.give(
                    live,
                    Given {
                        event: report,
                        part: Part::Said,
                    },
                );
            }
        }
        self.give(live, given);
        self.decide(live);
    }

    /// Keeps what the bot does before anybody speaks.
    fn prepare(&mut self, given: Given<'a>) {
        let full = self.before.as_ref().is_some_and(|before| {
            let length = given.event.time - before.first.time;
            before.is_full() || length > self.book.length("session.cap_length")
        });
        if full {
            self.forget_before();
        }
        if self.before.is_none() && !given.part.happens() {
            return self.belongs_nowhere(given.event);
        }
        if self.before.is_none() {
            self.cut_if_long(given.event.time);
            let known = self.known();
            self.before = Some(Told::new(self.book, given.event, known));
        }
        if let Some(before) = &mut self.before {
            before.given.push(given);
            if !before.is_trial(before.given.len()) {
                self.billable.push((given.event, &before.first.event_id));
            }
        }
    }

    fn give(&mut self, place: usize, given: Given<'a>) {
        let session = &mut self.sessions[place];
        let to_people = session.with_people(session.given.len());
        session.given.push(given);
        if !to_people && !session.is_trial(session.given.len()) {
            self.billable.push((given.event, &session.first.event_id));
        }
        if session.ending.is_some() {
            self.learned.push(Learned::Besides(says(given.event)));
        }
    }

    fn decide(&mut self, live: usize) {
        let session = &self.sessions[live];
        let last = session.given.len() - 1;
        let event = session.given[last].event;
        if let Some(how) = session.ends_with(last) {
            self.end(live, event.time, how, Some(event));
        }
    }

    fn belongs_nowhere(&mut self, event: &'a Event) {
        self.learned.push(Learned::Anew(says(event)));
        let known = self.known();
        let trial = known.get("environment") == Some(&Cell::Text("test".into()));
        let left_out = trial && self.book.text("session.test_sessions") == "leave_out";
        if is_message_of(event, Role::Agent) && !left_out {
            self.lone
                .push(super::utterances::lone_message(event, &known));
        }
    }

    /// What the platform reports: of the session that began within the reported times, else of the
    /// last. A report that comes before any waits.
    fn report(&mut self, event: &'a Event) {
        let mut reachable = (self.reach..self.sessions.len()).rev();
        let of = |place: &usize| speaks_of(event, self.sessions[*place].first.time) == Some(true);
        let future = event.reported_start.is_some_and(|start| start > event.time);
        let last = (self.reach < self.sessions.len()).then(|| self.sessions.len() - 1);
        match reachable.find(of).or(last.filter(|_| !future)) {
            Some(place) => self.give(
                place,
                Given {
                    event,
                    part: Part::Said,
                },
            ),
            None if self.reports.len() < 8 => self.reports.push(event),
            None => self.belongs_nowhere(event),
        }
    }

    // Cuts that the cap makes.

    fn cut(&mut self) {
        self.reach = self.sessions.len();
        self.reports.clear();
        self.since_cut.clear();
    }

    /// Before what comes after a stretch longer than the cap nothing is looked back to; while people
    /// have a session in hand or a report waits, after eight times the cap.
    fn cut_if_long(&mut self, time: i64) {
        let Some(first) = self.since_cut.first() else {
            return;
        };
        let longer = |times: i64| {
            time - first.time > times * self.book.length("session.cap_length")
                || self.since_cut.len() as i64 >= times * self.book.number("session.cap_events")
        };
        let in_hand = self.in_peoples_hands(time, self.sessions.len()).is_some();
        let waits = in_hand || !self.reports.is_empty();
        if longer(8) || longer(1) && !waits {
            self.cut();
        }
    }

    // Billed sessions.

    /// How many billed sessions began in the course of this session.
    pub fn billed_in(&self, place: usize) -> usize {
        let own = self.sessions[place].first.event_id.as_ref();
        let starts = self.billed_starts();
        starts.into_iter().filter(|of| *of == own).count()
    }

    fn billed_starts(&self) -> Vec<&'a str> {
        let mut starts = Vec::new();
        // Begin, last message and turns of the one that runs.
        let mut running: Option<(i64, i64, i64)> = None;
        for (event, of) in &self.billable {
            let user = is_message_of(event, Role::User);
            let speaks = user || is_message_of(event, Role::Bot);
            if !speaks && !self.is_premium(event) {
                continue;
            }
            let silence = self.book.length("billing.silence");
            running = running.filter(|(_, last, _)| event.time - last <= silence);
            running = match running {
                None if speaks => None,
                None => {
                    starts.push(*of);
                    Some((event.time, event.time, 1))
                }
                Some(same) if !speaks => Some(same),
                Some((start, _, turns)) => {
                    let turns = turns + i64::from(user);
                    let over = event.time - start > self.book.length("billing.length")
                        || turns > self.book.number("billing.turns");
                    if over {
                        starts.push(*of);
                        Some((event.time, event.time, i64::from(user)))
                    } else {
                        Some((start, event.time, turns))
                    }
                }
            };
        }
        starts
    }

    fn is_premium(&self, event: &Event) -> bool {
        match kind(event) {
            EventType::Topic => self.book.lists("billing.topic_kinds", topic_kind(event)),
            EventType::ModelCall => self.book.is("billing.tools") && event.tool.is_some(),
            _ => false,
        }
    }
}

/// Whether a report speaks of the session that began then; nothing if it names no times. Platforms
/// report times in whole seconds.
fn speaks_of(report: &Event, start: i64) -> Option<bool> {
    let from = report.reported_start?;
    let until = report.reported_end.unwrap_or(from);
    Some(from - 2 * SECOND <= start && start <= until + 2 * SECOND)
}

/// The environment is production where nothing is said.
pub fn environment(known: &Known) -> Cell {
    let said = known.get("environment").cloned();
    said.unwrap_or(Cell::Text(Environment::Production.to_string()))
}
