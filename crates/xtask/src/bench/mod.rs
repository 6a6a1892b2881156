//! stub
use crate::arguments::Arguments;
use crate::failure::Result;
use crate::project::Project;
pub fn run(_: &Project, _: Arguments) -> Result<()> {
    Ok(())
}
