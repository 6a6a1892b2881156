//! The rules of profiles and fold, as a reader of tables, an independent second implementation and
//! the properties that must hold of any conversation see them.
#![allow(clippy::unwrap_used, missing_docs)]

mod agreement;
mod changed_profiles;
mod conversations;
mod courses;
mod laws;
mod machine;
mod oracle;
mod people;
mod prices;
mod rules;
mod scene;
mod ten_years;
