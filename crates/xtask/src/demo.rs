//! `cargo xtask demo`: from a fresh clone to a running product with conversations in it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::arguments::Arguments;
use crate::failure::Result;
use crate::install;
use crate::project::Project;
use crate::web;

/// How many conversations are made unless it is said.
const CONVERSATIONS: u64 = 20_000;

/// Where the product listens unless it is said.
const PORT: u16 = 7700;

/// Builds, makes the data unless it is there, says what to try, serves.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let conversations = arguments.number("--conversations", CONVERSATIONS)?;
    let port = arguments.number("--port", PORT)?;
    let data = arguments.option("--data")?;
    let data = data.map_or_else(|| project.root.join("upshot-data"), PathBuf::from);
    let serves = !arguments.switch("--no-serve");
    arguments.finish()?;

    install::for_build()?;
    web::build(project)?;
    build(project)?;
    make_data(project, &data, conversations)?;
    println!("{}", what_to_try(project, &data, serves.then_some(port)));
    if !serves {
        return Ok(());
    }
    project
        .shell(project.product())
        .arguments(["serve", "--no-owner-link", "--data"])
        .argument(&data)
        .argument("--listen")
        .argument(format!("127.0.0.1:{port}"))
        .replace()
}

/// The build of `cargo xtask test` and of everyday work: it takes half the time of a release build
/// and is fast enough for the demo.
fn build(project: &Project) -> Result<()> {
    if !project.product().is_file() {
        println!(
            "the first build compiles all libraries: that takes a while, later ones take seconds"
        );
    }
    let start = Instant::now();
    project.cargo(["build", "--package", "upshot"]).run()?;
    println!("built in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Makes the demo's conversations. The same conversations again would add nothing, so data that is
/// there stays as it is.
fn make_data(project: &Project, data: &Path, conversations: u64) -> Result<()> {
    if data.is_dir() {
        println!(
            "{} is there already: it is served as it is (remove it to start anew)",
            project.relative(data)
        );
        return Ok(());
    }
    project
        .shell(project.product())
        .arguments(["demo", "--data"])
        .argument(data)
        .argument("--conversations")
        .argument(conversations.to_string())
        .run()
}

/// What a newcomer may type next.
fn what_to_try(project: &Project, data: &Path, port: Option<u16>) -> String {
    let upshot = project.product();
    let upshot = project.relative(&upshot);
    let place = match port {
        Some(port) => format!("--server http://127.0.0.1:{port}"),
        None => format!("--data {}", project.relative(data)),
    };
    let mut lines = vec![
        match port {
            Some(_) => "Try, in another terminal, in the repository's folder:".to_owned(),
            None => "Try, in the repository's folder:".to_owned(),
        },
        format!(
            "    {upshot} query {place} --metrics sessions,engagement_rate,resolution_rate --by channel"
        ),
        format!(
            "    {upshot} query {place} --metrics sessions,escalation_rate --grain day --last 28d"
        ),
        format!("    {upshot} metrics"),
        format!("    {upshot} help"),
    ];
    if let Some(port) = port {
        lines.push(format!(
            "Open http://127.0.0.1:{port} in a browser; Ctrl-C ends it."
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_to_try_names_the_place_of_the_data() {
        let project = Project::find().unwrap();
        let data = project.root.join("upshot-data");
        let served = what_to_try(&project, &data, Some(7701));
        assert!(served.contains("--server http://127.0.0.1:7701") && served.contains("Ctrl-C"));
        let kept = what_to_try(&project, &data, None);
        assert!(
            kept.contains("--data upshot-data") && !kept.contains("http"),
            "{kept}"
        );
    }
}
