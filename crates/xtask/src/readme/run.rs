//! Runs the commands of a page.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Context, Result};
use crate::project::Project;
use crate::readme::{Example, Printed};
use crate::shell::{Background, Shell};

/// Where `upshot serve` listens unless it is told otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:7700";

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page's folder and what runs in the background for it.
pub struct Runner {
    folder: PathBuf,
    examples: PathBuf,
    path: OsString,
    servers: Vec<Background>,
}

/// What is done with a command.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// Not run, and nothing can be said of it.
    NotRun,
    /// Not run; the name of one of the project's own commands.
    Own(&'a str),
    /// Run until the page is done.
    Server(&'a str),
    /// Run, and its output compared.
    Run,
}

impl Runner {
    /// An empty folder for the page.
    pub fn new(project: &Project, page: &Path) -> Result<Self> {
        let name = page.to_string_lossy().replace('/', "-");
        let folder = project.target.join("pages").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context(|| format!("empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).context(|| format!("make {}", folder.display()))?;
        let examples = project.root.join("examples");
        std::os::unix::fs::symlink(&examples, folder.join("examples"))
            .context(|| format!("link the examples into {}", folder.display()))?;
        let product = project.product();
        let mut folders = vec![product.parent().unwrap_or(&project.target).to_owned()];
        if let Some(path) = std::env::var_os("PATH") {
            folders.extend(std::env::split_paths(&path));
        }
        let path =
            std::env::join_paths(folders).context(|| "put the product on the path".to_owned())?;
        Ok(Self {
            folder,
            examples,
            path,
            servers: Vec::new(),
        })
    }

    /// Runs or judges a command; nothing where there is nothing to say of it.
    pub fn run(&mut self, example: &Example) -> Result<Option<Printed>> {
        match kind(&example.command) {
            Kind::NotRun => Ok(None),
            Kind::Own(name) => {
                let complaint =
                    (!crate::is_command(name)).then(|| format!("there is no `cargo xtask {name}`"));
                Ok(Some(Printed {
                    output: None,
                    complaint,
                }))
            }
            Kind::Server(command) => self.serve(command).map(Some),
            Kind::Run => self.run_to_the_end(example).map(Some),
        }
    }

    fn run_to_the_end(&self, example: &Example) -> Result<Printed> {
        let ended = self
            .shell(&format!("exec 2>&1\n{}", example.command))
            .heard()?;
        let complaint = (!ended.status.success() && !example.may_fail)
            .then(|| format!("ended with {}", ended.status));
        let output = ended
            .output
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        Ok(Printed {
            output: Some(output),
            complaint,
        })
    }

    fn serve(&mut self, command: &str) -> Result<Printed> {
        let mut server = self.shell(&format!("exec {command}")).background()?;
        let complaint = server.wait_for(address(command), PATIENCE).err();
        let complaint = complaint.map(|failure| failure.to_string());
        self.servers.push(server);
        Ok(Printed {
            output: None,
            complaint,
        })
    }

    fn shell(&self, script: &str) -> Shell {
        Shell::new("bash")
            .arguments(["-c", script])
            .folder(&self.folder)
            .variable("PATH", &self.path)
            .variable("UPSHOT_EXAMPLES", &self.examples)
            .variable("COLUMNS", "100")
            .variable("NO_COLOR", "1")
            .variable("TERM", "dumb")
            .variable("TZ", "UTC")
            .variable("LC_ALL", "C.UTF-8")
    }
}

fn kind(command: &str) -> Kind<'_> {
    let mut words = command.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("cargo"), Some("xtask"), Some(name)) => Kind::Own(name),
        (Some("cargo" | "git" | "cd"), _, _) => Kind::NotRun,
        _ => match command.trim_end().strip_suffix('&') {
            Some(server) if !server.ends_with('&') => Kind::Server(server.trim_end()),
            _ => Kind::Run,
        },
    }
}

/// Where a server's command says that it listens.
fn address(command: &str) -> &str {
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        if let Some(address) = word.strip_prefix("--listen=") {
            return address;
        }
        if word == "--listen" {
            return words.next().unwrap_or(DEFAULT_ADDRESS);
        }
    }
    DEFAULT_ADDRESS
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn knows_what_to_run() {
        assert_eq!(kind("cargo xtask demo --port 1"), Kind::Own("demo"));
        assert_eq!(kind("cargo build"), Kind::NotRun);
        assert_eq!(kind("git clone x"), Kind::NotRun);
        assert_eq!(kind("upshot serve &"), Kind::Server("upshot serve"));
        assert_eq!(kind("true && true"), Kind::Run);
    }

    #[test]
    fn finds_where_a_server_listens() {
        assert_eq!(
            address("upshot serve --listen 127.0.0.1:1 --data d"),
            "127.0.0.1:1"
        );
        assert_eq!(address("upshot serve --listen=127.0.0.1:2"), "127.0.0.1:2");
        assert_eq!(address("upshot serve"), DEFAULT_ADDRESS);
    }

    #[test]
    fn runs_in_a_folder_of_the_page_and_tells_how_it_ended() {
        let project = Project::find().unwrap();
        let mut runner = Runner::new(&project, Path::new("docs/of-a-test.md")).unwrap();
        let example = |command: &str, may_fail| Example {
            line: 1,
            command: command.to_owned(),
            output_line: 2,
            output: Vec::new(),
            may_fail,
        };
        let made = runner
            .run(&example("touch made && ls -d m* && echo said >&2", false))
            .unwrap();
        assert_eq!(made.unwrap().output.unwrap(), ["made", "said"]);
        let failed = runner.run(&example("exit 4", false)).unwrap().unwrap();
        assert!(failed.complaint.unwrap().contains('4'));
        let failed = runner.run(&example("exit 4", true)).unwrap().unwrap();
        assert!(failed.complaint.is_none());
        let unknown = runner
            .run(&example("cargo xtask nothing", false))
            .unwrap()
            .unwrap();
        assert!(unknown.complaint.unwrap().contains("nothing"));
        std::fs::remove_dir_all(&runner.folder).unwrap();
    }
}
