//! Metrics: the registry of every number, and the pipeline that answers queries. The only crate that
//! plans.
//!
//! It never writes data, never reads a clock (a query carries its own) and never builds SQL. Where to
//! start reading: [`registry`] says what there is to ask for, [`query`] what a query is and through
//! which stages it goes, [`Engine`] runs it and [`result`] is what comes out. Inside, [`filter`] is the
//! language of conditions and [`time`] knows ranges, steps and time zones.

mod answer;
pub mod asking;
mod assemble;
mod baseline;
mod beside;
mod columns;
pub mod drilldown;
pub mod drivers;
mod engine;
pub mod error;
mod exists;
pub mod explain;
pub mod export;
mod fact_rows;
pub mod filter;
mod join;
mod listed;
mod machine;
mod measure;
pub mod messages;
mod notes;
mod pass;
pub mod paths;
mod people;
pub mod present;
mod price;
mod provide;
pub mod query;
pub mod registry;
pub mod releases;
pub mod reported;
pub mod result;
pub mod retention;
mod rollup;
mod run;
mod scan;
pub mod sessions;
mod side_by_side;
mod texts;
pub mod time;
mod together;
mod top_users;

pub use asking::{Answer, LiveQuery, Question, Rows};
pub use drilldown::{Cell, CellPart, DrillDown};
pub use drivers::{DrivenOutcome, DriverQuery, DriverResult};
pub use engine::{Engine, EngineOptions};
pub use error::{Problem, ProblemCode, QueryError};
pub use explain::Explanation;
pub use export::{Export, ExportQuery, ExportTable, RowFormat};
pub use filter::{asks_for_ids, check_segment};
pub use machine::memory_of_machine;
pub use messages::{MessageQuery, SaidMessage};
pub use paths::{FlowQuery, FunnelQuery, LiftQuery, PathQuery, TopicQuery};
pub use query::{EnvironmentChoice, Identity, Query, tables_needed, tables_of_filters};
pub use releases::{Release, ReleaseQuery, Releases};
pub use reported::{ReportedCheck, ReportedQuery};
pub use result::{MetricValue, QueryResult};
pub use retention::{RetentionQuery, RetentionResult};
pub use rollup::RollupOptions;
pub use sessions::{SessionDetail, SessionQuery};
pub use time::{Grain, RangeSpec};
