//! `upshot profiles`.

use std::path::Path;

use upshot_core::profile::{Profile, built_in_text};

use crate::arguments::{Common, OutputFormat, ProfilesArguments};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::session::length;

/// The text of a profile that comes with the program, or of a file.
pub fn text(name: &str) -> Result<String, Failure> {
    if let Some(text) = built_in_text(name) {
        return Ok(text.to_owned());
    }
    let path = Path::new(name);
    if path.exists() {
        return std::fs::read_to_string(path)
            .map_err(|error| Failure::failed(format!("cannot read {name}: {error}")));
    }
    Err(Failure::usage(format!(
        "there is no profile `{name}`; known are {}, or name a TOML file",
        Profile::built_in_names().join(", ")
    )))
}

/// The text of a profile that is valid.
pub fn valid_text(name: &str) -> Result<String, Failure> {
    let text = text(name)?;
    Profile::from_toml(&text)
        .map_err(|error| Failure::usage(format!("profile `{name}`: {error}")))?;
    Ok(text)
}

/// Runs the command.
pub fn run(common: &Common, arguments: &ProfilesArguments) -> Result<u8, Failure> {
    if let Some(name) = &arguments.name {
        output::line(text(name)?.trim_end())?;
        return Ok(0);
    }
    let mut rows = Vec::new();
    for name in Profile::built_in_names() {
        let Some(profile) = Profile::built_in(name) else {
            continue;
        };
        rows.push(vec![
            (*name).to_owned(),
            profile.version().to_string(),
            length(profile.timeout(None)),
            first_comment(built_in_text(name).unwrap_or_default()),
        ]);
    }
    if common.output == OutputFormat::Json {
        let list: Vec<_> = rows
            .iter()
            .map(|row| serde_json::json!({"name": row[0], "version": row[1], "timeout": row[2], "description": row[3]}))
            .collect();
        output::json(&list)?;
        return Ok(0);
    }
    let columns = [
        Column::text("profile"),
        Column::number("version"),
        Column::number("time-out"),
        Column::text("for"),
    ];
    output::rows(common, &columns, &rows)?;
    output::note(
        common,
        "\n`upshot profiles NAME` shows the rules, each with what it means; docs/profiles.md explains them.",
    );
    Ok(0)
}

fn first_comment(text: &str) -> String {
    text.lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned()
}
