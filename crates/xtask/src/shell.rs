//! Starting other programs: shown before they run, their output passed on and, where it is needed,
//! read as well.

use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, Result};

/// A command that is being put together.
pub struct Shell {
    command: Command,
    environment: Vec<(OsString, OsString)>,
}

/// What a command printed, and how it ended.
pub struct Ended {
    /// Standard output and standard error, as they came.
    pub output: String,
    /// How it ended.
    pub status: ExitStatus,
}

impl Shell {
    /// A program by name or path, without arguments yet. It reads nothing from the terminal.
    pub fn new(program: impl AsRef<Path>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.stdin(Stdio::null());
        Self {
            command,
            environment: Vec::new(),
        }
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.command.arg(argument.into());
        self
    }

    /// Adds arguments.
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        for argument in arguments {
            self.command.arg(argument.into());
        }
        self
    }

    /// The folder that it runs in.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of its environment.
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.command.env(&name, &value);
        self.environment.push((name, value));
        self
    }

    /// Shows the command, runs it, and fails when it fails.
    pub fn run(mut self) -> Result<()> {
        self.show();
        let shown = self.shown();
        let status = self.command.status().context(|| format!("start {shown}"))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("{shown} ended with {status}")))
    }

    /// Shows the command and becomes it: what interrupts this program then reaches that one alone.
    pub fn replace(mut self) -> Result<()> {
        self.show();
        self.command.stdin(Stdio::inherit());
        let error = std::os::unix::process::CommandExt::exec(&mut self.command);
        Err(Failure::new(format!(
            "could not start {}: {error}",
            self.shown()
        )))
    }

    /// Shows the command and runs it; its output is passed on as it comes and given back.
    pub fn pass_on(mut self) -> Result<Ended> {
        self.show();
        let shown = self.shown();
        if std::io::stdout().is_terminal() {
            self.command.env("CARGO_TERM_COLOR", "always");
        }
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().context(|| format!("start {shown}"))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let heard = std::thread::scope(|scope| {
            let first = scope.spawn(|| copy(output, std::io::stdout()));
            let second = copy(errors, std::io::stderr());
            let mut heard = first.join().unwrap_or_default();
            heard.extend(second);
            heard
        });
        let status = child.wait().context(|| format!("wait for {shown}"))?;
        Ok(Ended {
            output: String::from_utf8_lossy(&heard).into_owned(),
            status,
        })
    }

    /// Runs it without showing it or what it prints; both streams are given back.
    pub fn heard(mut self) -> Result<Ended> {
        let shown = self.shown();
        let output = self.command.output().context(|| format!("start {shown}"))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok(Ended {
            output: text,
            status: output.status,
        })
    }

    /// Runs it without showing it; gives its standard output, and fails when it fails.
    pub fn quiet_output(mut self) -> Result<String> {
        let shown = self.shown();
        let output = self.command.output().context(|| format!("start {shown}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!(
            "{shown} ended with {}: {}",
            output.status,
            errors.trim()
        )))
    }

    /// Whether it starts and ends well.
    pub fn succeeds(self) -> bool {
        self.heard().is_ok_and(|ended| ended.status.success())
    }

    /// Starts it in the background, its output discarded.
    pub fn background(mut self) -> Result<Background> {
        let shown = self.shown();
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = self.command.spawn().context(|| format!("start {shown}"))?;
        Ok(Background { child })
    }

    /// The command as one would type it.
    pub fn shown(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| {
            format!(
                "{}={}",
                name.to_string_lossy(),
                quoted(&value.to_string_lossy())
            )
        });
        let words = std::iter::once(self.command.get_program())
            .chain(self.command.get_args())
            .map(|word| quoted(&word.to_string_lossy()));
        variables.chain(words).collect::<Vec<_>>().join(" ")
    }

    fn show(&self) {
        println!("$ {}", self.shown());
    }
}

/// A program that runs until it is dropped.
pub struct Background {
    child: Child,
}

impl Background {
    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did already.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it takes connections on an address, `127.0.0.1:7700`.
    pub fn wait_for(&mut self, address: &str, patience: Duration) -> Result<()> {
        let socket: SocketAddr = address
            .parse()
            .context(|| format!("read {address:?} as an address with a port"))?;
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Some(status) = self.ended() {
                return Err(Failure::new(format!(
                    "the server on {address} ended with {status}: is the address free?"
                )));
            }
            if TcpStream::connect_timeout(&socket, Duration::from_secs(1)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let seconds = patience.as_secs();
        Err(Failure::new(format!(
            "nothing listens on {address} after {seconds} seconds"
        )))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes a stream on piece by piece and keeps what it said.
fn copy(from: Option<impl Read>, mut to: impl Write) -> Vec<u8> {
    let mut heard = Vec::new();
    let Some(mut from) = from else { return heard };
    let mut piece = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        heard.extend_from_slice(&piece[..length]);
        // A closed terminal must not stop the tests.
        let _ = to.write_all(&piece[..length]);
        let _ = to.flush();
    }
    heard
}

/// A word for the shell, in quotation marks where it needs them.
fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The program of this name on the path, if there is one.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A text without the colours of a terminal.
pub fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
            continue;
        }
        // An escape sequence ends with its first letter.
        let _ = characters.by_ref().skip(1).find(char::is_ascii_alphabetic);
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shows_a_command_as_one_would_type_it() {
        let shell = Shell::new("echo")
            .argument("it's")
            .argument("--flag")
            .variable("NAME", "a b");
        assert_eq!(shell.shown(), r"NAME='a b' echo 'it'\''s' --flag");
    }

    #[test]
    fn gives_back_both_streams_and_the_ending() {
        let ended = Shell::new("sh").arguments(["-c", "echo one; echo two >&2; exit 3"]);
        let ended = ended.heard().unwrap();
        assert_eq!(ended.output, "one\ntwo\n");
        assert_eq!(ended.status.code(), Some(3));
    }

    #[test]
    fn a_failed_command_says_what_it_said() {
        let failure = Shell::new("sh")
            .arguments(["-c", "echo why >&2; exit 1"])
            .quiet_output();
        assert!(failure.unwrap_err().to_string().ends_with(": why"));
    }

    #[test]
    fn a_server_that_does_not_start_is_told() {
        let mut server = Shell::new("sh")
            .arguments(["-c", "exit 7"])
            .background()
            .unwrap();
        let wait = |server: &mut Background, address: &str| {
            server
                .wait_for(address, Duration::from_secs(5))
                .unwrap_err()
                .to_string()
        };
        assert!(wait(&mut server, "127.0.0.1:9").contains('7'));
        assert!(wait(&mut server, "nowhere").contains("nowhere"));
    }

    #[test]
    fn removes_colours() {
        assert_eq!(
            without_colours("\u{1b}[32;1m  Summary\u{1b}[0m [1s]"),
            "  Summary [1s]"
        );
        assert_eq!(without_colours("\u{1b}[mplain"), "plain");
    }
}
