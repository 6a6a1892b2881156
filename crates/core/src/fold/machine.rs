//! Which session an event belongs to. The machine holds the session that is live, if one is, and the
//! last few that are over: what rounds them off, what people do with them and what is reported of
//! them still belongs to them.

use super::billing::{Billing, bill};
use super::carry::Carry;
use super::class::{Class, classify, is_survey_answer};
use super::context::Context;
use super::draft::{Draft, End, since, type_of, window_of};
use super::finish::Common;
use super::record::judged_before;
use super::reported::reports_of;
use super::{FactSink, FoldContext};
use crate::event::EventView;
use crate::profile::{Profile, Rules};
use crate::words::{Actor, EndReason, EventType, Role, Rule};

/// So many sessions that are over can still be reported of.
const HELD_SESSIONS: usize = 8;
/// So many reports wait for a session that begins after them.
const HELD_REPORTS: usize = 8;
/// So many windows that were left are remembered.
const HELD_WINDOWS: usize = 64;
/// While people have a session in hand, or a report waits, a stretch may be so many times as long as the
/// cap before it is cut.
const PATIENCE: i64 = 8;

/// The fold of one conversation, one event at a time.
pub struct Machine<'e, E> {
    common: Common<'e>,
    rules: &'e Rules,
    /// The sessions that are over, in order, and at the end the one that is live, if one is.
    #[expect(clippy::vec_box, reason = "drafts are large and change places")]
    drafts: Vec<Box<Draft<'e>>>,
    /// Drafts that were handed over: their memory is used again.
    #[expect(clippy::vec_box, reason = "drafts are large and change places")]
    spare: Vec<Box<Draft<'e>>>,
    /// Whether the sink wants sessions in brief.
    brief: bool,
    live: bool,
    /// What the bot did before anybody spoke; becomes a session when somebody does.
    prelude: Option<Box<Draft<'e>>>,
    /// What was known before the session that comes next.
    known: Context<'e>,
    billing: Billing,
    windows: Vec<u64>,
    reports: Vec<&'e E>,
    /// A user's message that may be the answer to a survey: the next event tells.
    deferred: Option<&'e E>,
    /// The last activity of a session that the cap ended and nothing has followed yet.
    capped: Option<i64>,
    last_time: Option<i64>,
    position: usize,
    /// The time and position of the first event after the last cut.
    stretch: Option<(i64, usize)>,
}

impl<'e, E: EventView> Machine<'e, E> {
    /// A machine for the events of one conversation after the cut that left the carry.
    pub fn new(context: &FoldContext<'e>, carry: &'e Carry, sink: &impl FactSink) -> Self {
        Self {
            common: Common {
                workspace: context.workspace,
                profile: context.profile,
                conversation_id: "",
            },
            rules: context.profile.rules(),
            drafts: Vec::new(),
            spare: Vec::new(),
            brief: sink.wants_brief(),
            live: false,
            prelude: None,
            known: carry.context.borrow(),
            billing: carry.billing,
            windows: carry.windows.clone(),
            reports: Vec::new(),
            deferred: None,
            capped: carry.live_until,
            last_time: carry.last_time,
            position: 0,
            stretch: None,
        }
    }

    /// Takes the conversation's next event.
    pub fn push(&mut self, event: &'e E, sink: &mut impl FactSink) {
        if self.position == 0 {
            self.common.conversation_id = event.conversation_id();
        }
        let kind = type_of(event);
        if let Some(deferred) = self.deferred.take() {
            self.settle_deferred(deferred, Some((event, kind)), sink);
        }
        let time = event.time();
        let silent = |last| since(last, time) > self.rules.cut_gap;
        if self.last_time.is_some_and(silent) {
            self.forget(time, sink);
        }
        self.stretch.get_or_insert((time, self.position));
        let class = classify(event, kind, self.rules);
        // The bot that speaks at the very instant of the time-out says goodbye.
        let instant = i64::from(class == Class::Speech);
        self.expire(time.saturating_add(instant), event.channel());
        if let Some(judged) = judged_before(&self.drafts, event, kind, self.rules) {
            self.attach(judged, event, kind, class);
        } else if self.live {
            self.push_live(event, kind, class, sink);
        } else {
            self.push_idle(event, kind, class, sink);
        }
        self.last_time = Some(time);
        self.position += 1;
    }

    /// Hands over what is left of the conversation, as of this time, and is ready for the events of
    /// another one into which nothing is carried. So many conversations take one machine's memory.
    pub fn next_conversation(&mut self, as_of: i64, sink: &mut impl FactSink) {
        if let Some(deferred) = self.deferred.take() {
            self.settle_deferred(deferred, None, sink);
        }
        self.forget(as_of, sink);
        self.last_time = None;
        self.position = 0;
    }

    /// Hands over what is left, as of this time, and gives the carry for a cut here.
    pub fn finish(mut self, as_of: i64, sink: &mut impl FactSink) -> Carry {
        if let Some(deferred) = self.deferred.take() {
            self.settle_deferred(deferred, None, sink);
        }
        let carry = self.carry();
        self.expire(as_of, None);
        self.hand_over(sink);
        carry
    }

    /// Ends the live session if it was silent for too long.
    fn expire(&mut self, time: i64, channel: Option<&str>) {
        let timed_out = |draft: &Draft<'e>, rules: &Rules| {
            let silence = since(draft.facts.end_time, time);
            if silence <= rules.shortest_timeout {
                return None;
            }
            let timeout = rules.timeout(draft.channel().or(channel));
            (silence > timeout).then(|| draft.facts.end_time.saturating_add(timeout))
        };
        if let Some(prelude) = &self.prelude
            && timed_out(prelude, self.rules).is_some()
        {
            self.drop_prelude();
        }
        if !self.live {
            return;
        }
        let Some(draft) = self.drafts.last_mut() else {
            return;
        };
        if let Some(ended) = timed_out(draft, self.rules) {
            let end = End {
                time: ended,
                reason: EndReason::Timeout,
                event: None,
                by: Actor::Timeout,
            };
            draft.finish(end, self.rules);
            self.leave_live();
        }
    }

    /// The live session has ended: what it knew is known to the next.
    fn leave_live(&mut self) {
        self.live = false;
        if let Some(draft) = self.drafts.last() {
            self.known = draft.context.or(&self.known);
        }
    }

    fn drop_prelude(&mut self) {
        if let Some(prelude) = self.prelude.take() {
            self.known = prelude.context.or(&self.known);
        }
    }

    fn push_live(&mut self, event: &'e E, kind: EventType, class: Class, sink: &mut impl FactSink) {
        let live = self.drafts.len() - 1;
        if kind == EventType::Report {
            return self.report(event, sink);
        }
        if self.exceeds_cap(live, event, class) {
            if class.is_activity() && class != Class::Answer && class != Class::End {
                self.cap(event, kind, class, sink);
            } else {
                self.lone(event, kind, sink);
            }
            return;
        }
        if self.is_new_window(live, event, class) {
            self.change_window(live, event);
            let rule = class.begins(self.rules).unwrap_or(Rule::StartUserAct);
            return self.begin(event, kind, class, rule, self.position, sink);
        }
        if class == Class::People
            && !self.drafts[live].handover.seen
            && let Some(earlier) = self.handed_over(event.time(), live)
        {
            return self.attach(earlier, event, kind, class);
        }
        self.attach(live, event, kind, class);
        self.decide(live, event, kind);
    }

    fn push_idle(&mut self, event: &'e E, kind: EventType, class: Class, sink: &mut impl FactSink) {
        if kind == EventType::Report {
            return self.report(event, sink);
        }
        if self.goes_on_after_cap(event, class) {
            return self.begin(event, kind, class, Rule::Cap, self.position, sink);
        }
        if let Some(place) = self.place(event, kind, class) {
            if class == Class::End {
                self.drop_prelude();
            }
            return self.attach(place, event, kind, class);
        }
        if self.may_answer_survey(event, kind, class) {
            self.deferred = Some(event);
            return;
        }
        if let Some(rule) = class.begins(self.rules) {
            return self.begin(event, kind, class, rule, self.position, sink);
        }
        match class {
            Class::Activity | Class::Act | Class::Click | Class::Entry | Class::Speech => {
                self.prepare(event, kind, class, self.position, sink);
            }
            Class::Ambient | Class::Note if self.prelude.is_some() => {
                self.prepare(event, kind, class, self.position, sink);
            }
            Class::End => {
                self.drop_prelude();
                self.lone(event, kind, sink);
            }
            _ => self.lone(event, kind, sink),
        }
    }

    /// Which of the sessions that are over the event belongs to, if to any.
    fn place(&self, event: &E, kind: EventType, class: Class) -> Option<usize> {
        let last = self.drafts.len().checked_sub(1)?;
        let draft = &self.drafts[last];
        let time = event.time();
        let silence = since(draft.tail_until, time);
        let timeout = self.rules.timeout(draft.channel().or(event.channel()));
        // While the user waits for a person the channel's own time-out counts.
        let patience = match draft.facts.accepted_time {
            Some(_) => self.rules.agent_window,
            None => timeout,
        };
        let people = draft.handover.people && since(draft.handover.people_until, time) <= patience;
        let rounds_off = silence <= timeout + self.rules.goodbye_grace;
        let answers = silence <= self.rules.answer_window;
        let belongs = match class {
            Class::Act | Class::Entry => people,
            Class::Click | Class::Answer => people || answers,
            Class::Speech => people || rounds_off && event.proactive() != Some(true),
            Class::Opening => false,
            Class::People => return self.handed_over(time, self.drafts.len()),
            Class::Request | Class::Activity | Class::End => people || rounds_off,
            Class::Ambient => self.prelude.is_none() && rounds_off,
            Class::Note => true,
        };
        let full = draft.facts.events >= self.rules.cap_events && kind != EventType::Report;
        (belongs && !full).then_some(last)
    }

    /// The last session before this place that was handed over to people who are not yet silent.
    fn handed_over(&self, time: i64, before: usize) -> Option<usize> {
        let place = self.drafts[..before].iter().rposition(|draft| {
            draft.handover.seen || draft.escalated.is_some() || draft.facts.agent_messages > 0
        })?;
        let draft = &self.drafts[place];
        let heard = draft.handover.people_until.max(draft.facts.end_time);
        let full = draft.facts.events >= self.rules.cap_events;
        (!full && since(heard, time) <= self.rules.agent_window).then_some(place)
    }

    fn attach(&mut self, place: usize, event: &'e E, kind: EventType, class: Class) {
        let draft = &mut self.drafts[place];
        let with_people = draft.handover.people;
        draft.record(event, kind, class, self.rules);
        if !with_people && !self.brief {
            bill(&mut self.billing, draft, event, kind, self.rules);
        }
        if self.drafts[place].end.is_some() {
            // Said after the end, but before the session that comes next.
            self.known.complete(event);
        }
    }

    fn decide(&mut self, live: usize, event: &'e E, kind: EventType) {
        let draft = &mut self.drafts[live];
        draft.decide(event, kind, self.rules);
        if draft.end.is_some() {
            self.leave_live();
        }
    }

    /// Begins a session with the event, together with what the bot did just before.
    fn begin(
        &mut self,
        event: &'e E,
        kind: EventType,
        class: Class,
        rule: Rule,
        position: usize,
        sink: &mut impl FactSink,
    ) {
        let mut draft = match self.prelude.take() {
            Some(prelude) => prelude,
            None => {
                self.cut_long_stretch(event.time(), position, sink);
                self.draft(event)
            }
        };
        draft.begin(event, rule);
        if self.drafts.len() >= HELD_SESSIONS {
            let mut oldest = self.drafts.remove(0);
            self.common.emit(&mut oldest, sink);
            self.spare.push(oldest);
        }
        self.capped = None;
        self.drafts.push(draft);
        self.live = true;
        let live = self.drafts.len() - 1;
        self.take_reports(live);
        self.attach(live, event, kind, class);
        self.decide(live, event, kind);
    }

    /// A session in the making whose first event this is.
    fn draft(&mut self, event: &'e E) -> Box<Draft<'e>> {
        match self.spare.pop() {
            Some(mut draft) => {
                *draft = Draft::new(event, self.known, self.brief);
                draft
            }
            None => Box::new(Draft::new(event, self.known, self.brief)),
        }
    }

    /// Keeps what the bot does while no session is live.
    fn prepare(
        &mut self,
        event: &'e E,
        kind: EventType,
        class: Class,
        position: usize,
        sink: &mut impl FactSink,
    ) {
        let full = self.prelude.as_ref().is_some_and(|prelude| {
            prelude.facts.events >= self.rules.cap_events
                || since(prelude.facts.start_time, event.time()) > self.rules.cap_length
        });
        if full {
            self.drop_prelude();
        }
        if self.prelude.is_none() {
            if !class.is_activity() {
                return self.lone(event, kind, sink);
            }
            self.cut_long_stretch(event.time(), position, sink);
        }
        let mut prelude = match self.prelude.take() {
            Some(prelude) => prelude,
            None => self.draft(event),
        };
        prelude.record(event, kind, class, self.rules);
        if !self.brief {
            bill(&mut self.billing, &mut prelude, event, kind, self.rules);
        }
        self.prelude = Some(prelude);
    }

    /// An event that belongs to no session. What an agent wrote is a fact all the same.
    fn lone(&mut self, event: &'e E, kind: EventType, sink: &mut impl FactSink) {
        self.known.replace(event);
        if !self.brief && kind == EventType::Message && event.role() == Some(Role::Agent) {
            let message = self.common.lone_message(event, &self.known);
            if let Some(message) = message {
                sink.message(message);
            }
        }
    }

    fn may_answer_survey(&self, event: &E, kind: EventType, class: Class) -> bool {
        let Some(draft) = self.drafts.last() else {
            return false;
        };
        class == Class::Act
            && matches!(kind, EventType::Message | EventType::Option)
            && draft.survey_pending
            && since(draft.tail_until, event.time()) <= self.rules.answer_window
            && draft.facts.events < self.rules.cap_events
    }

    /// A user's message or click after a survey was shown: its answer if the survey says so next, else
    /// what it would be otherwise.
    fn settle_deferred(
        &mut self,
        deferred: &'e E,
        next: Option<(&'e E, EventType)>,
        sink: &mut impl FactSink,
    ) {
        let place = self.drafts.len() - 1;
        let answers = next.is_some_and(|(event, kind)| {
            let timeout = self.rules.timeout(self.drafts[place].channel());
            is_survey_answer(event, kind) && since(deferred.time(), event.time()) <= timeout
        });
        let kind = type_of(deferred);
        let position = self.position - 1;
        if answers {
            self.attach(place, deferred, kind, Class::Answer);
        } else if let Some(rule) = Class::Act.begins(self.rules) {
            self.begin(deferred, kind, Class::Act, rule, position, sink);
        } else {
            self.prepare(deferred, kind, Class::Act, position, sink);
        }
    }

    fn is_new_window(&self, live: usize, event: &E, class: Class) -> bool {
        if !self.rules.new_window || class.begins(self.rules).is_none() || class == Class::Answer {
            return false;
        }
        let (Some(current), Some(window)) = (self.drafts[live].window, window_of(event)) else {
            return false;
        };
        current.told == window.told
            && current.hash != window.hash
            && !self.windows.contains(&window.hash)
    }

    fn change_window(&mut self, live: usize, event: &'e E) {
        let draft = &mut self.drafts[live];
        if let Some(window) = draft.window {
            if self.windows.len() >= HELD_WINDOWS {
                self.windows.remove(0);
            }
            self.windows.push(window.hash);
        }
        let end = End {
            time: event.time(),
            reason: EndReason::NewWindow,
            event: Some(event.event_id()),
            by: Actor::User,
        };
        draft.finish(end, self.rules);
        self.leave_live();
    }

    fn exceeds_cap(&self, live: usize, event: &E, class: Class) -> bool {
        let facts = &self.drafts[live].facts;
        let long = since(facts.start_time, event.time()) > self.rules.cap_length;
        facts.events >= self.rules.cap_events || long && class.is_activity()
    }

    /// Ends the live session because it grew too long, and forgets all but the carry: a cut.
    fn cap(&mut self, event: &'e E, kind: EventType, class: Class, sink: &mut impl FactSink) {
        let carry = self.carry();
        if let Some(draft) = self.drafts.last_mut() {
            let end = End {
                time: draft.facts.end_time,
                reason: EndReason::Cap,
                event: Some(event.event_id()),
                by: Actor::System,
            };
            draft.finish(end, self.rules);
            self.capped = Some(draft.facts.end_time);
        }
        self.leave_live();
        self.hand_over(sink);
        sink.cut(self.position, &carry);
        self.stretch = Some((event.time(), self.position));
        self.push_idle(event, kind, class, sink);
    }

    /// Makes a cut before what comes after a stretch longer than the cap, so that a conversation in which
    /// sessions follow each other without a long silence can be folded in pieces too.
    fn cut_long_stretch(&mut self, time: i64, position: usize, sink: &mut impl FactSink) {
        let Some((start, first)) = self.stretch else {
            return;
        };
        let events = i64::try_from(position - first).unwrap_or(i64::MAX);
        let longer = |times: i64| {
            since(start, time) > self.rules.cap_length.saturating_mul(times)
                || events >= self.rules.cap_events.saturating_mul(times)
        };
        if !longer(1) {
            return;
        }
        let waits = !self.reports.is_empty() || self.handed_over(time, self.drafts.len()).is_some();
        if waits && !longer(PATIENCE) {
            return;
        }
        let carry = self.carry();
        self.hand_over(sink);
        sink.cut(position, &carry);
        self.stretch = Some((time, position));
    }

    fn goes_on_after_cap(&self, event: &E, class: Class) -> bool {
        let Some(last) = self.capped else {
            return false;
        };
        // What the bot did since is not yet known of the next session, but its channel was heard last: after
        // a cut that drops it nothing else is there to tell.
        let heard = match &self.prelude {
            Some(prelude) => prelude.channel(),
            None => self.known.channel,
        };
        let timeout = self.rules.timeout(heard.or(event.channel()));
        class.continues() && since(last, event.time()) <= timeout
    }

    /// A silence longer than any rule looks back: nothing before it plays a part any more.
    fn forget(&mut self, time: i64, sink: &mut impl FactSink) {
        self.expire(time, None);
        self.hand_over(sink);
        self.known = Context::default();
        self.billing = Billing::default();
        self.windows.clear();
        self.capped = None;
        self.stretch = None;
    }

    fn hand_over(&mut self, sink: &mut impl FactSink) {
        self.live = false;
        self.prelude = None;
        self.reports.clear();
        for mut draft in self.drafts.drain(..) {
            self.common.emit(&mut draft, sink);
            self.spare.push(draft);
        }
    }

    fn carry(&self) -> Carry {
        let live = self.drafts.last().filter(|_| self.live);
        Carry {
            last_time: self.last_time,
            live_until: live.map(|draft| draft.facts.end_time).or(self.capped),
            context: live
                .map_or(self.known, |draft| draft.context.or(&self.known))
                .to_owned(),
            billing: self.billing,
            windows: self.windows.clone(),
        }
    }

    /// Gives a platform's report to the session of which it speaks: the last that began within the
    /// reported times, else the last there is. A report that comes before any waits.
    fn report(&mut self, event: &'e E, sink: &mut impl FactSink) {
        let meant = self
            .drafts
            .iter()
            .rposition(|draft| reports_of(event, draft.facts.start_time) == Some(true));
        let future = event
            .reported_start()
            .is_some_and(|start| start > event.time());
        let place = match meant {
            Some(place) => Some(place),
            None if future => None,
            None => self.drafts.len().checked_sub(1),
        };
        match place {
            Some(place) => self.attach(place, event, EventType::Report, Class::Note),
            None if self.reports.len() < HELD_REPORTS => self.reports.push(event),
            None => self.lone(event, EventType::Report, sink),
        }
    }

    fn take_reports(&mut self, live: usize) {
        if self.reports.is_empty() {
            return;
        }
        let start = self.drafts[live].facts.start_time;
        let (meant, other) = std::mem::take(&mut self.reports)
            .into_iter()
            .partition(|event| reports_of(*event, start) != Some(false));
        self.reports = other;
        let meant: Vec<&'e E> = meant;
        for event in meant {
            self.attach(live, event, EventType::Report, Class::Note);
        }
    }

    /// The rules by which the machine works.
    pub fn profile(&self) -> &'e Profile {
        self.common.profile
    }
}
