//! What a trace or event of a transcript is about.

use super::json::plain;

macro_rules! markers {
    ($($(#[doc = $doc:literal])+ $variant:ident = $($name:literal)|+,)+) => {
        /// The trace and event kinds that are read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Marker { $($(#[doc = $doc])+ $variant,)+ }
        impl Marker {
            fn of_plain(name: &str) -> Option<Self> {
                match name { $($($name)|+ => Some(Self::$variant),)+ _ => None }
            }
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
        }
    };
}

markers! {
    /// What is true of the whole conversation.
    ConversationInfo = "conversationinfo",
    /// What the platform reports of a session.
    SessionInfo = "sessioninfo",
    /// A topic was recognised in the user's words.
    IntentRecognition = "intentrecognition",
    /// «Did you mean».
    IntentCandidates = "intentcandidates",
    /// No topic was recognised.
    UnknownIntent = "unknownintent",
    /// A topic called another.
    DialogRedirect = "dialogredirect",
    /// Nodes that were run.
    DialogTracing = "dialogtracing" | "dialogtracinginfo",
    /// A node that was run, of enhanced transcripts.
    NodeTraceData = "nodetracedata",
    /// A variable was set.
    VariableAssignment = "variableassignment",
    /// Whether an answer was generated.
    GptAnswer = "gptanswer",
    /// The details of that.
    GenerativeAnswers = "generativeanswerssupportdata",
    /// The details of an answer under generative orchestration.
    ResponseGenerator = "responsegeneratorsupportdata",
    /// Which knowledge was used.
    KnowledgeTrace = "knowledgetracedata",
    /// The search over all knowledge.
    UniversalSearch = "universalsearchtooltracedata",
    /// A prompt of AI Builder was run.
    AiBuilder = "aibuildertracedata",
    /// The satisfaction survey was shown.
    CsatRequest = "csatsurveyrequest",
    /// And answered.
    CsatResponse = "csatsurveyresponse",
    /// «Did that answer your question» was asked.
    PrrRequest = "prrsurveyrequest",
    /// And answered.
    PrrResponse = "prrsurveyresponse",
    /// The conversation reached a node that implies success.
    ImpliedSuccess = "impliedsuccess",
    /// A person was asked for.
    EscalationRequested = "escalationrequested",
    /// The session was escalated.
    HandOff = "handoff",
    /// The conversation was passed to an engagement hub.
    HandoffInitiate = "handoffinitiate",
    /// What the hub says of it.
    HandoffStatus = "handoffstatus",
    /// Something failed.
    ErrorTrace = "errortracedata" | "errorcode",
    /// A plan was made.
    PlanReceived = "dynamicplanreceived" | "dynamicplanreceiveddebug",
    /// A step of a plan began.
    PlanStepTriggered = "dynamicplansteptriggered",
    /// A step of a plan got its arguments.
    PlanStepBindUpdate = "dynamicplanstepbindupdate",
    /// A step of a plan ended.
    PlanStepFinished = "dynamicplanstepfinished",
    /// A step of a plan was not allowed.
    PlanStepBlocked = "dynamicplanstepblocked",
    /// A plan ended.
    PlanFinished = "dynamicplanfinished",
    /// Another agent was called.
    ConnectedAgentInitialize = "connectedagentinitializetracedata",
    /// It is done.
    ConnectedAgentCompleted = "connectedagentcompletedtracedata",
    /// A tool server was reached.
    DynamicServer = "dynamicserverinitialize" | "dynamicservertoolslist",
    /// It failed.
    DynamicServerError = "dynamicservererror",
    /// A tool was called.
    ToolCallStarted = "toolcalltracestarted",
    /// It is done.
    ToolCallCompleted = "toolcalltracecompleted",
    /// It failed.
    ToolCallFailed = "toolcalltracefailed",
    /// The user's window was opened.
    StartConversation = "startconversation" | "webchatjoin",
    /// A page or hub gave variables.
    SetContext = "pvasetcontext",
    /// Thumbs.
    SubmitAction = "messagesubmitaction",
    /// Signing in failed.
    SigninFailure = "signinfailure",
    /// The platform's own bookkeeping.
    Bookkeeping = "protocolinfo" | "skillinfo" | "thinkingtrace" | "turncomplete" | "turnawaitconsent" | "signintokenexchange",
}

impl Marker {
    /// The kind that one of the names says, compared without regard to case and punctuation.
    /// `ToolCallTrace:Started` and the like carry their stage behind a colon.
    pub(super) fn find<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names
            .into_iter()
            .find_map(|name| Self::of_plain(&plain(name)))
    }

    /// Whether the kind tells of generated answers.
    pub(super) fn is_generative(self) -> bool {
        matches!(
            self,
            Self::GptAnswer
                | Self::GenerativeAnswers
                | Self::ResponseGenerator
                | Self::KnowledgeTrace
                | Self::UniversalSearch
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_fixtures_hold_every_kind() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/copilot_studio");
        let files = std::fs::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap().path());
        let texts = files
            .filter(|it| it.is_file())
            .map(|it| std::fs::read_to_string(it).unwrap());
        let text = texts.collect::<String>();
        // Names stand in JSON or in JSON text, between quotation marks that may be escaped.
        let names = text.split(['"', '\\']).filter(|name| name.len() < 60);
        let found: std::collections::HashSet<Marker> =
            names.filter_map(|name| Marker::find([name])).collect();
        let missing: Vec<_> = Marker::ALL
            .iter()
            .filter(|it| !found.contains(it))
            .collect();
        assert!(missing.is_empty(), "no fixture holds {missing:?}");
    }
}
