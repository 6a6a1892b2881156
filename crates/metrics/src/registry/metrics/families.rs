//! Families of messages, options, questions, people, feedback and understanding.

use super::Family;

pub(super) const FAMILIES: &[Family] = &[
    Family {
        id: "no_response",
        members: &[
            "no_response_rate",
            "no_response_rate_proactive",
            "no_response_rate_opened",
        ],
        documentation: "Sessions that nobody answered: all, those that the bot began, those that users opened.",
    },
    Family {
        id: "traffic",
        members: &[
            "messages",
            "user_messages",
            "bot_messages",
            "agent_messages",
        ],
        documentation: "Messages by who speaks; cut by `weekday` and `hour_of_day`, when traffic comes.",
    },
    Family {
        id: "messages_by_kind",
        members: &[
            "text_messages",
            "option_messages",
            "voice_messages",
            "attachment_messages",
        ],
        documentation: "User's messages by how they were given; together all of them.",
    },
    Family {
        id: "response_time_distribution",
        members: &[
            "response_time",
            "response_time_median",
            "response_time_p90",
            "response_time_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the bot's response time.",
    },
    Family {
        id: "chat_duration_distribution",
        members: &[
            "chat_duration",
            "chat_duration_median",
            "chat_duration_p90",
            "chat_duration_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the duration of chats.",
    },
    Family {
        id: "question_report",
        members: &[
            "questions_asked",
            "question_answer_rate",
            "question_dropoff",
            "question_retry_rate",
            "question_attempts",
            "question_time_median",
        ],
        documentation: "What becomes of questions; cut by `step.question`.",
    },
    Family {
        id: "option_report",
        members: &[
            "options_shown",
            "clicks",
            "click_through_rate",
            "choice_time_median",
        ],
        documentation: "What becomes of options; cut by `step.option_title`, `step.option_kind` or \
                        `step.destination_kind`.",
    },
    Family {
        id: "handover_requests_by_trigger",
        members: &[
            "handover_requests_direct",
            "handover_requests_after_fallback",
            "handover_requests_operator_button",
            "handover_requests_other",
        ],
        documentation: "Requests for a person by why; together all of them.",
    },
    Family {
        id: "handover_funnel",
        members: &[
            "handover_requested_rate",
            "handover_queue_rate",
            "transfer_rate",
            "handover_finished_rate",
        ],
        documentation: "Asked for, queued, taken over, finished: every step is a part of the one before.",
    },
    Family {
        id: "handover_failures",
        members: &[
            "handover_refused_rate",
            "queue_abandon_rate",
            "handover_unavailable_rate",
        ],
        documentation: "What keeps people from those who asked for one.",
    },
    Family {
        id: "waiting_time_distribution",
        members: &["waiting_time", "waiting_time_median", "waiting_time_p90"],
        documentation: "Mean, median and 90th percentile of the waiting for people.",
    },
    Family {
        id: "agent_report",
        members: &[
            "agent_sessions",
            "agent_parts",
            "transfers",
            "agent_first_response",
            "agent_handle_time",
            "asked_again_rate",
        ],
        documentation: "The work of people who serve users; cut by `step.agent` or `step.skill`.",
    },
    Family {
        id: "agent_first_response_distribution",
        members: &[
            "agent_first_response",
            "agent_first_response_median",
            "agent_first_response_p90",
        ],
        documentation: "Mean, median and 90th percentile of agents' first response.",
    },
    Family {
        id: "agent_handle_time_distribution",
        members: &[
            "agent_handle_time",
            "agent_handle_time_median",
            "agent_handle_time_p90",
        ],
        documentation: "Mean, median and 90th percentile of agents' handle time.",
    },
    Family {
        id: "agent_response_time_distribution",
        members: &[
            "agent_response_time",
            "agent_response_time_median",
            "agent_response_time_p90",
            "agent_response_time_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of agents' response time.",
    },
    Family {
        id: "satisfaction",
        members: &[
            "csat_score",
            "csat_votes",
            "csat_response_rate",
            "csat_satisfied_rate",
            "csat_comments",
            "csat_invalid_answers",
        ],
        documentation: "All of the satisfaction survey.",
    },
    Family {
        id: "feedback",
        members: &[
            "reviewable_messages",
            "positive_feedback",
            "negative_feedback",
            "neutral_feedback",
            "no_feedback",
            "feedback_score",
        ],
        documentation: "Thumbs: what was offered is what got thumbs up, down or neither, and what nobody rated.",
    },
    Family {
        id: "feedback_balance",
        members: &[
            "more_positive_sessions",
            "more_negative_sessions",
            "only_positive_sessions",
        ],
        documentation: "Sessions by their thumbs; each is a filter too: `more_positive`, `more_negative`, \
                        `only_positive`.",
    },
    Family {
        id: "topic_report",
        members: &[
            "topic_views",
            "topic_sessions",
            "topic_completed_rate",
            "topic_escalated_rate",
            "topic_abandoned_rate",
            "topic_positive_feedback",
            "topic_negative_feedback",
        ],
        documentation: "What becomes of topics; cut by `step.topic`.",
    },
    Family {
        id: "visit_ends",
        members: &[
            "topic_completed_rate",
            "topic_redirected_rate",
            "topic_switched_rate",
            "topic_escalated_rate",
            "topic_abandoned_rate",
        ],
        documentation: "How visits of topics end; together 100 %.",
    },
    Family {
        id: "fallback_sequel",
        members: &[
            "fallback_then_recovered",
            "fallback_then_not_understood",
            "fallback_then_handover",
            "fallback_then_left",
        ],
        documentation: "What comes after a message that was not understood; together 100 %.",
    },
    Family {
        id: "top_intents",
        members: &[
            "sessions",
            "unresolved_sessions",
            "failed_resolution_rate",
            "handover_session_rate",
        ],
        documentation: "How often intents come, fail and lead to people; cut by `intents` or `first_intent`, order \
                        by any of them, compare for the trend.",
    },
    Family {
        id: "implicit_feedback",
        members: &[
            "rephrase_rate",
            "repetition_rate",
            "copy_rate",
            "stop_rate",
            "regeneration_rate",
            "left_after_answer_rate",
        ],
        documentation: "What users do with answers beside answering them.",
    },
    Family {
        id: "knowledge",
        members: &[
            "knowledge_searches",
            "knowledge_hit_rate",
            "knowledge_answer_rate",
            "knowledge_citation_rate",
            "knowledge_failure_rate",
        ],
        documentation: "Searches of knowledge and what comes of them.",
    },
    Family {
        id: "knowledge_sources",
        members: &[
            "source_retrievals",
            "source_citations",
            "source_citation_rate",
            "source_failures",
            "resolution_rate",
            "escalation_rate",
            "abandon_rate",
        ],
        documentation: "Sources of knowledge: how often they are retrieved, cited and fail, and what becomes of the \
                        sessions; cut it by `knowledge_source`.",
    },
];
