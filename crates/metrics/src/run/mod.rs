//! Fills the cells of a plan in one pass over files and memory.
//!
//! Where to start reading: [`evaluate`] turns predicates and measures into columns of a batch,
//! [`groups`] gives each row the number of its group, [`accumulate`] fills the cells, [`worker`] does
//! this for one thread's share and [`gather`] puts the shares together.

pub(crate) mod accumulate;
pub(crate) mod clusters;
pub(crate) mod evaluate;
pub(crate) mod gather;
pub(crate) mod groups;
pub(crate) mod quantiles;
pub(crate) mod sets;
pub(crate) mod spans;
pub(crate) mod tallies;
pub(crate) mod worker;
