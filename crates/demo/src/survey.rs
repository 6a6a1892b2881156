//! Surveys: satisfaction, recommendation, «did that answer your question», and the agents' own.

use upshot_core::Event;
use upshot_core::words::{EventType, Role, SurveyKind, SurveyStage, TopicKind, TopicTrigger};

use crate::options::yes_or_no;
use crate::stage::{Spot, Stage};

impl Stage<'_> {
    fn survey(&mut self, kind: SurveyKind, stage: SurveyStage, fill: impl FnOnce(&mut Event)) {
        let (question, low, high) = match kind {
            SurveyKind::Nps => ("recommendation", 0.0, 10.0),
            SurveyKind::Resolution => ("question_answered", 0.0, 1.0),
            SurveyKind::Agent => ("context_sufficient", 1.0, 5.0),
            _ => ("satisfaction", 1.0, 5.0),
        };
        self.emit(EventType::Survey, |event| {
            event.survey_kind = Some(kind);
            event.survey_stage = Some(stage);
            event.survey_question = Some(question.into());
            event.survey_scale_minimum = Some(low);
            event.survey_scale_maximum = Some(high);
            fill(event);
        });
        self.wait(3_000);
    }

    /// Asks for satisfaction; about one in five answers.
    pub(crate) fn ask_satisfaction(&mut self) {
        self.enter(Spot::System(TopicKind::OtherSystem), TopicTrigger::Redirect);
        let question = self.phrases.csat;
        self.bot_says(question);
        self.survey(SurveyKind::Csat, SurveyStage::Offered, |_| {});
        // The delighted and the angry answer more often.
        let answers = 0.15 + 0.12 * self.mood.abs().min(1.0);
        if self.draw.chance(answers) {
            self.answer_satisfaction();
        } else if self.draw.chance(0.12) {
            self.user_pause();
            self.survey(SurveyKind::Csat, SurveyStage::Dismissed, |event| {
                event.role = Some(Role::User);
            });
        }
    }

    /// Asks a caller for satisfaction, by a key of the telephone; more answer than in a chat.
    pub(crate) fn ask_caller(&mut self) {
        if !self.draw.chance(0.5) {
            return;
        }
        self.survey(SurveyKind::Csat, SurveyStage::Offered, |_| {});
        if self.draw.chance(0.3) {
            self.answer_satisfaction();
        }
    }

    fn answer_satisfaction(&mut self) {
        self.user_pause();
        let score = (3.24 + 1.35 * self.mood + 0.75 * self.draw.normal()).round();
        let score = score.clamp(1.0, 5.0);
        let comment = if !self.draw.chance(0.3) {
            None
        } else if score >= 4.0 {
            Some(self.draw.pick(&self.phrases.praise))
        } else {
            Some(self.draw.pick(&self.phrases.blame))
        };
        self.survey(SurveyKind::Csat, SurveyStage::Answered, |event| {
            event.role = Some(Role::User);
            event.survey_score = Some(score);
            event.survey_comment = comment.map(Into::into);
        });
    }

    /// Asks whether the user would recommend the service; few are asked.
    pub(crate) fn ask_recommendation(&mut self) {
        let question = self.phrases.nps;
        self.bot_says(question);
        self.survey(SurveyKind::Nps, SurveyStage::Offered, |_| {});
        if !self.draw.chance(0.3) {
            return;
        }
        self.user_pause();
        let score = (7.2 + 2.4 * self.mood + 1.8 * self.draw.normal()).round();
        self.survey(SurveyKind::Nps, SurveyStage::Answered, |event| {
            event.role = Some(Role::User);
            event.survey_score = Some(score.clamp(0.0, 10.0));
        });
    }

    /// Asks whether the question is answered: yes, no or nothing at all.
    pub(crate) fn ask_whether_answered(&mut self, yes: f64, no: f64) -> Option<bool> {
        self.enter(
            Spot::System(TopicKind::EndOfConversation),
            TopicTrigger::Redirect,
        );
        let question = self.phrases.answered;
        self.bot_says(question);
        self.survey(SurveyKind::Resolution, SurveyStage::Offered, |_| {});
        let buttons = [yes_or_no(self, true), yes_or_no(self, false)];
        let clicks = self.channel().shows_options() && self.draw.chance(0.6);
        if clicks {
            self.show(&buttons);
        }
        let answer = match self.draw.unit() {
            luck if luck < yes => true,
            luck if luck < yes + no => false,
            _ => return None,
        };
        if clicks {
            self.choose(&buttons[usize::from(!answer)]);
        } else {
            let phrases = self.phrases;
            let words = if answer { &phrases.yes } else { &phrases.no };
            let text = self.draw.pick(words);
            self.user_says(text, false);
        }
        self.survey(SurveyKind::Resolution, SurveyStage::Answered, |event| {
            event.role = Some(Role::User);
            event.survey_score = Some(f64::from(u8::from(answer)));
        });
        Some(answer)
    }

    /// Asks the agent whether what was passed on sufficed.
    pub(crate) fn ask_agent(&mut self, agent: &str, skill: &str) {
        let told = |event: &mut Event| {
            event.agent_id = Some(agent.into());
            event.skill = Some(skill.into());
            event.role = Some(Role::Agent);
        };
        self.survey(SurveyKind::Agent, SurveyStage::Offered, told);
        let pause = self.draw.between(8_000_000, 90_000_000);
        self.wait(pause);
        match self.draw.unit() {
            luck if luck < 0.55 => {
                let score = self.draw.between(2, 5) as f64;
                self.survey(SurveyKind::Agent, SurveyStage::Answered, |event| {
                    told(event);
                    event.survey_score = Some(score);
                });
            }
            luck if luck < 0.75 => self.survey(SurveyKind::Agent, SurveyStage::Dismissed, told),
            _ => self.survey(SurveyKind::Agent, SurveyStage::TimedOut, told),
        }
    }
}
