//! What sessions do in which order: paths, flows, funnels, and what follows what.
//!
//! [`wanted`] says what is read, [`sequencer`] reads the steps (or messages) of each session in one pass and hands every session on
//! when it is complete; what is made of it is a [`sequencer::Sink`]: the commonest paths ([`top`]), flows
//! from a step ([`flow`]), pairs ([`lift`]), funnels ([`funnel`]), and the sets of sessions that conditions
//! on paths and funnels ask for ([`sets`]). So what a number counts and what its drill-down lists go
//! through the same code.

mod answer;
mod chains;
mod flow;
mod funnel;
mod lift;
mod nodes;
mod question;
mod sequencer;
pub(crate) mod sets;
pub(crate) mod text;
mod top;
mod topics;
mod wanted;

pub use answer::{Basis, OutcomeRates, StepName};
pub use flow::{FlowDirection, FlowLink, FlowNode, FlowQuery, FlowResult};
pub use funnel::{FunnelGroup, FunnelLevel, FunnelQuery, FunnelResult, FunnelTime, FunnelUnit};
pub use lift::{LiftQuery, LiftResult, LiftRow};
pub use top::{PathQuery, PathResult, PathRow};
pub(crate) use topics::METRICS as TOPIC_METRICS;
pub use topics::{NextTopic, TopicImpact, TopicQuery, TopicResult, TopicRow};
