//! The event: the one shape into which every source is turned.
//!
//! Wide, flat, nullable; one row an event. `attributes` holds what is the customer's own. Times are
//! UTC microseconds. An event says what happened, never what it means: that is the fold's work.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::record::record;
use crate::words::EventType;

record! {
    /// Something that happened in a conversation.
    pub struct Event in "events" viewed by EventView SourceEvent {
        /// Identifies the event within its workspace; sending it again changes nothing.
        event_id: Key,
        /// What happened.
        event_type: Word(EventType),
        /// When it happened.
        time: Instant,
        /// When Upshot received it.
        received_time: Time,
        /// Which source sent it, for example `upshot`, `copilot-studio`, `botframework`.
        source: Label,
        /// The position within what the source sent of this conversation; orders events of one time.
        source_sequence: Integer,

        /// The thread on one channel to which the event belongs.
        conversation_id: Key,
        /// The assistant.
        bot: Label,
        /// The assistant's version.
        bot_version: Label,
        /// Real users' traffic or the author's trials; `production` where nothing is said.
        environment: Word(Environment),
        /// Where the conversation takes place: `web`, `whatsapp`, `voice`, `teams`.
        channel: Label,
        /// The language and region that the user's client asked for, as a BCP 47 tag.
        locale: Label,
        /// A window, page or call within the conversation; a new one can begin a new chat.
        window_id: Text,

        /// The pseudonymous id of the user.
        user_id: Text,
        /// The kind of device: `desktop`, `mobile`, `tablet`, `phone`.
        device: Label,
        /// The browser or client.
        browser: Label,
        /// The operating system.
        operating_system: Label,
        /// The country as ISO 3166-1 alpha-2.
        country: Label,
        /// Whether the user had signed in.
        authenticated: Flag,
        /// Whether the source gives this user another id in each conversation.
        unlinkable: Flag,

        /// The page on which the conversation took place.
        page: Text,
        /// The page from which the user came.
        referrer: Text,
        /// The campaign's source.
        utm_source: Label,
        /// The campaign's medium.
        utm_medium: Label,
        /// The campaign's name.
        utm_campaign: Label,
        /// The campaign's term.
        utm_term: Label,
        /// The campaign's content.
        utm_content: Label,
        /// What was seen of the widget.
        exposure: Word(ExposureStage),

        /// Identifies the message to which the event belongs.
        message_id: Text,
        /// Who speaks or acts.
        role: Word(Role),
        /// How the message was given.
        message_kind: Word(MessageKind),
        /// The message's text, as the privacy mode leaves it. Kept in a table of its own.
        text: Text,
        /// The language of the text as a BCP 47 tag.
        language: Label,
        /// The message that this one answers.
        reply_to: Text,
        /// Whether the bot spoke without being asked.
        proactive: Flag,

        /// Identifies the topic, agent, flow or skill.
        topic_id: Label,
        /// The topic's name as its author reads it.
        topic_name: Label,
        /// What the topic is.
        topic_kind: Word(TopicKind),
        /// What brought the user into the topic.
        topic_trigger: Word(TopicTrigger),
        /// The recogniser's label.
        intent: Label,
        /// The recogniser's confidence, 0 to 1.
        confidence: Real,
        /// Other labels that were considered, as a JSON array of `{"intent", "confidence"}`.
        intent_candidates: Text,
        /// Whether the bot failed to understand the message.
        unmatched: Flag,
        /// Whether the bot had to understand the message: free text or voice, not a click, a form's
        /// answer or words to an agent.
        must_understand: Flag,

        /// Identifies the form field or slot.
        question_id: Label,
        /// The question's name as its author reads it.
        question_name: Label,
        /// What became of the question.
        question_stage: Word(QuestionStage),

        /// Identifies the option.
        option_id: Label,
        /// What became of the option.
        option_stage: Word(OptionStage),
        /// What the option looks like.
        option_kind: Word(OptionKind),
        /// The option's label as the user reads it.
        option_title: Label,
        /// Where the option leads.
        option_destination: Text,
        /// What kind of place that is.
        destination_kind: Word(DestinationKind),

        /// The stage of the handover.
        handover_stage: Word(HandoverStage),
        /// Why a person was asked for.
        handover_trigger: Word(HandoverTrigger),
        /// What the handover makes.
        handover_kind: Word(HandoverKind),
        /// The reason in the source's own words.
        handover_reason: Label,
        /// The pseudonymous id of the agent.
        agent_id: Label,
        /// The skill or team that was asked for.
        skill: Label,
        /// The queue in which the user waits.
        queue: Label,
        /// Whether the agent received what was said before.
        context_passed: Flag,

        /// The outcome that is declared; never `abandoned`, which only silence makes.
        outcome: Word(Outcome),
        /// How a declared resolution is known.
        resolution_kind: Word(ResolutionKind),
        /// Who declared the outcome or closed the conversation.
        actor: Word(Actor),
        /// Why, in the source's own words.
        outcome_reason: Label,

        /// What the survey asks for.
        survey_kind: Word(SurveyKind),
        /// What became of the survey.
        survey_stage: Word(SurveyStage),
        /// Identifies the survey's question.
        survey_question: Label,
        /// The answer as a number on the survey's own scale; 1 and 0 for yes and no.
        survey_score: Real,
        /// The lowest answer of the scale.
        survey_scale_minimum: Real,
        /// The highest answer of the scale.
        survey_scale_maximum: Real,
        /// What the user wrote beside it. Kept with the texts.
        survey_comment: Text,

        /// Thumbs: offered or given.
        feedback: Word(FeedbackRating),
        /// What the user wrote beside it. Kept with the texts.
        feedback_comment: Text,

        /// What is reported: `transaction`, `lead`, `service_activity`, or the workspace's own.
        attribute_type: Label,
        /// Identifies the goal that was reached, the lead, the order or the service case.
        goal: Label,
        /// Identifies the order, lead or case, so that a repeat is one.
        reference: Text,
        /// The value of a conversion.
        value: Real,
        /// The currency of the value as ISO 4217.
        currency: Label,

        /// Who serves the model: `openai`, `anthropic`, `azure`.
        model_provider: Label,
        /// The model.
        model: Label,
        /// What was done: `chat`, `embeddings`, `tool`.
        model_operation: Label,
        /// Tokens that were read.
        tokens_input: Integer,
        /// Tokens that were written.
        tokens_output: Integer,
        /// Tokens that were read from a cache.
        tokens_cached: Integer,
        /// Tokens that were written into a cache.
        tokens_cache_write: Integer,
        /// Tokens that were written in reasoning.
        tokens_reasoning: Integer,
        /// What the call cost, as the source says, in `cost_currency`.
        cost: Real,
        /// The currency of the cost; US dollars where nothing is said.
        cost_currency: Label,
        /// How long the call took, in microseconds.
        latency: Integer,
        /// How long until the first token, in microseconds.
        time_to_first_token: Integer,
        /// Why the model stopped.
        finish_reason: Label,
        /// The tool that was called.
        tool: Label,
        /// The code of an error.
        error: Label,
        /// Whether the user's input, not the system, caused the error.
        user_error: Flag,

        /// What became of a search of knowledge: `answered`, `not_answered`, `no_results`, `error`.
        knowledge_state: Label,
        /// The sources that were retrieved, as a JSON array of names.
        sources_retrieved: Text,
        /// The sources that the answer cites, as a JSON array of names.
        sources_cited: Text,
        /// The kinds of sources that failed, as a JSON array of names.
        sources_failed: Text,

        /// The experiment.
        experiment: Label,
        /// The user's variant.
        variant: Label,

        /// What a reviewer or judge says. Of an answer `groundedness` and `hallucination` are counted, if the label's
        /// time is that of the answer or lies in the same stretch of the conversation.
        label: Label,
        /// The value of the label; of those two `supported` or `unsupported`, or yes or no.
        label_value: Label,
        /// How sure the judge is, 0 to 1.
        label_confidence: Real,

        /// Whether the platform says that the session was engaged.
        reported_engaged: Flag,
        /// The outcome that the platform reports.
        reported_outcome: Word(Outcome),
        /// The platform's reason for it.
        reported_outcome_reason: Label,
        /// Whether the platform calls the success implied.
        reported_implied: Flag,
        /// The turns that the platform counts.
        reported_turns: Integer,
        /// When the platform says that the session began.
        reported_start: Time,
        /// When the platform says that the session ended.
        reported_end: Time,

        /// What is the customer's own.
        attributes: Map,

        /// What the user did with the message that `message_id` names, beside answering it.
        interaction: Word(Interaction),
        /// The option's place among those that are offered with one message, from 1.
        option_position: Integer,
        /// Whether the user wrote something beside the survey's answer or the thumbs. Set by Upshot
        /// from the comment, which may be kept shorter, or not at all.
        commented: Flag,
        /// Tells whether a text repeats the one before it, and no more: 16 bits of a hash of its
        /// letters and digits. Set by Upshot where texts are kept.
        text_fingerprint: Integer,
    }
}

/// The fields that hold what people wrote. They are stored apart from the events, under a privacy
/// mode, and may be kept for a shorter time.
pub const TEXT_FIELDS: &[&str] = &["text", "survey_comment", "feedback_comment"];

impl Event {
    /// An event of this kind, at this time (UTC microseconds), in this conversation.
    pub fn new(event_type: EventType, time: i64, conversation_id: &str) -> Self {
        Self {
            event_type: Some(event_type),
            time,
            conversation_id: conversation_id.into(),
            ..Self::default()
        }
    }

    /// Gives the event an id made of the conversation, its content and how many equal events of the
    /// conversation stood before it. The position in a file plays no part, so that a grown or
    /// exported-again file adds only what is new.
    pub fn set_id_from_content(&mut self, occurrence: u32) {
        self.event_id = Self::id_from_content(self.content_hash(), occurrence);
    }

    /// The id that [`Event::set_id_from_content`] gives an event of this [`Event::content_hash`].
    pub fn id_from_content(content: u128, occurrence: u32) -> Box<str> {
        let occurrence = u128::from(occurrence);
        format!("h{:032x}", content ^ (occurrence << 64 | occurrence)).into()
    }

    /// Notes what facts need to know of the texts, because texts may be kept for a shorter time than
    /// facts: that there is a comment and, where the text itself `is_kept`, its fingerprint.
    pub fn note_texts(&mut self, is_kept: bool) {
        let comments = [&self.survey_comment, &self.feedback_comment];
        if comments
            .into_iter()
            .flatten()
            .any(|text| !text.trim().is_empty())
        {
            self.commented = Some(true);
        }
        if is_kept && let Some(text) = &self.text {
            self.text_fingerprint = text_fingerprint(text);
        }
    }

    /// A hash of all that the source said: every field but the event's id, the time at which it was
    /// received, its position in the source and what Upshot made of the texts.
    pub fn content_hash(&self) -> u128 {
        use crate::record::Record;
        let mut sink = ContentHasher {
            content: Vec::with_capacity(512),
        };
        self.write(&mut sink);
        xxh3_128(&sink.content)
    }
}

/// Orders the events of a conversation: by time, then as the source had them, then by id, so that
/// any arrival gives the same order.
pub fn order_key<E: EventView>(event: &E) -> (i64, i64, &str) {
    (
        event.time(),
        event.source_sequence().unwrap_or(i64::MAX),
        event.event_id(),
    )
}

/// Gathers the content before it is hashed: many small updates of a hash cost more.
struct ContentHasher {
    content: Vec<u8>,
}

impl ContentHasher {
    fn field(&mut self, index: usize, bytes: Option<&[u8]>) {
        // The last two are made of other fields.
        const LEFT_OUT: [&str; 5] = [
            "event_id",
            "received_time",
            "source_sequence",
            "commented",
            "text_fingerprint",
        ];
        let Some(bytes) = bytes else { return };
        let name = <Event as crate::record::Record>::FIELDS[index].name;
        if LEFT_OUT.contains(&name) {
            return;
        }
        // The name, not the position: fields may be added without changing ids.
        self.content.extend_from_slice(name.as_bytes());
        self.content
            .extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.content.extend_from_slice(bytes);
    }
}

impl crate::record::FieldSink for ContentHasher {
    fn text(&mut self, index: usize, value: Option<&str>) {
        self.field(index, value.map(str::as_bytes));
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        self.field(
            index,
            value
                .map(i64::to_le_bytes)
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        self.field(
            index,
            value
                .map(f64::to_le_bytes)
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        self.field(
            index,
            value
                .map(|flag| [u8::from(flag)])
                .as_ref()
                .map(<[u8; 1]>::as_slice),
        );
    }
    fn map(&mut self, index: usize, value: &crate::record::Attributes) {
        for (name, text) in value {
            self.field(index, Some(name.as_bytes()));
            self.field(index, Some(text.as_bytes()));
        }
    }
}

/// 16 bits of a hash of the letters and digits of a text, whatever their case; nothing where there are
/// none. Enough to see that a message repeats the one before it, too little to tell what it says.
fn text_fingerprint(text: &str) -> Option<i64> {
    let letters: String = text
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let hash = xxhash_rust::xxh3::xxh3_64(letters.as_bytes());
    (!letters.is_empty()).then_some((hash & 0xffff) as i64)
}

/// The hash that names a conversation's bucket and, with its first event, its sessions.
pub fn conversation_hash(workspace: &str, conversation_id: &str) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(workspace.as_bytes());
    hasher.update(&[0]);
    hasher.update(conversation_id.as_bytes());
    hasher.digest()
}

/// The id of a session: a hash of workspace, conversation and the session's first event, as 32
/// hexadecimal digits.
pub fn session_id(workspace: &str, conversation_id: &str, first_event_id: &str) -> Box<str> {
    let mut hasher = Xxh3::new();
    for part in [workspace, conversation_id, first_event_id] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("{:032x}", hasher.digest128()).into()
}
