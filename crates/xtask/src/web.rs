//! The web app in `ui/`: Node.js and its packages are installed, the app is built into `ui/dist`, from
//! where the build of the server takes it.

use std::path::PathBuf;

use crate::failure::{Context, Failure, Result};
use crate::install;
use crate::project::Project;
use crate::shell::Shell;

/// The oldest Node.js that the app is built with: that of Debian 12.
const OLDEST_NODE: u32 = 18;

/// Installs Node.js, npm, and the app's packages as the lock file names them.
pub fn install(project: &Project) -> Result<()> {
    install::program("node", "nodejs", "builds the web app")?;
    install::program("npm", "npm", "installs what the web app is made of")?;
    let version = Shell::new("node").argument("--version").quiet_output()?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    if major.and_then(|major| major.parse::<u32>().ok()) < Some(OLDEST_NODE) {
        return Err(Failure::new(format!(
            "Node.js {} is too old for the web app: install {OLDEST_NODE} or newer",
            version.trim()
        )));
    }
    let packages = project.root.join("ui/node_modules");
    let stamp = packages.join(".upshot-installed");
    let wanted = read(&[project.root.join("ui/package-lock.json")])?;
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    println!("installing the packages of the web app into ui/node_modules");
    npm(project, &["ci", "--ignore-scripts", "--no-progress"])?;
    std::fs::write(&stamp, wanted).context(|| format!("write {}", stamp.display()))
}

/// Builds the app unless what it is made of is as it was; fails when it outgrew its budget.
pub fn build(project: &Project) -> Result<()> {
    install(project)?;
    let app = project.root.join("ui/dist/app/index.html");
    let stamp = project.root.join("ui/dist/built-from");
    let sources = sources(project)?;
    if app.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|there| there == sources) {
        return Ok(());
    }
    npm(project, &["run", "--silent", "build"])?;
    std::fs::write(&stamp, sources).context(|| format!("write {}", stamp.display()))
}

/// Types and lints, against the client that `openapi.json` gives.
pub fn check(project: &Project) -> Result<()> {
    install(project)?;
    npm(project, &["run", "--silent", "check"])
}

/// The tests in a browser, against the product's binary.
pub fn browser(project: &Project) -> Result<Shell> {
    install(project)?;
    install::program("chromium", "chromium", "opens the web app in the tests")?;
    Ok(Shell::new("npm")
        .folder(project.root.join("ui"))
        .arguments(["run", "--silent", "e2e"])
        .variable("UPSHOT_BINARY", project.product()))
}

fn npm(project: &Project, arguments: &[&str]) -> Result<()> {
    Shell::new("npm")
        .folder(project.root.join("ui"))
        .arguments(arguments.iter().copied())
        .run()
}

/// A number for all that the build reads.
fn sources(project: &Project) -> Result<String> {
    let files = project.files()?.into_iter().filter(|path| {
        path.starts_with("ui") && !path.starts_with("ui/e2e") && !path.starts_with("ui/dist")
    });
    let interface = ["openapi.json", "docs/metrics.md"].map(PathBuf::from);
    let files = files.chain(interface).map(|path| project.root.join(path));
    let files: Vec<PathBuf> = files.collect();
    read(&files)
}

fn read(files: &[PathBuf]) -> Result<String> {
    let mut texts = Vec::new();
    for file in files {
        texts.push(file.to_string_lossy().into_owned());
        let bytes = std::fs::read(file).context(|| format!("read {}", file.display()))?;
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(format!("{:016x}", install::fingerprint(&texts)))
}
