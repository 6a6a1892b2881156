//! What the system says of a process, and where it may run.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::{Context, Result};
use crate::shell::{Background, Shell, find_program};

/// How often a running process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How a process ended that was watched.
pub struct Watched {
    /// From its start to its end.
    pub seconds: f64,
    /// The most memory that it held, in bytes.
    pub peak_memory: u64,
    /// Whether it ended well.
    pub success: bool,
}

/// A program that may use the first two processors only, where the system can be told so.
pub fn on_two_processors(program: &Path) -> Shell {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if processors <= 2 || find_program("taskset").is_none() {
        return Shell::new(program);
    }
    Shell::new("taskset")
        .arguments(["--cpu-list", "0,1"])
        .argument(program)
}

/// Runs a program to its end and watches its memory.
pub fn watch(shell: Shell) -> Result<Watched> {
    let start = Instant::now();
    let mut running = shell.background()?;
    let mut peak_memory = 0;
    loop {
        // The number only grows, so the last look before the end tells it.
        peak_memory = memory(&running, "VmHWM")
            .unwrap_or(peak_memory)
            .max(peak_memory);
        if let Some(status) = running.ended() {
            let seconds = start.elapsed().as_secs_f64();
            return Ok(Watched {
                seconds,
                peak_memory,
                success: status.success(),
            });
        }
        std::thread::sleep(LOOK);
    }
}

/// How much memory a process holds now, in bytes.
pub fn memory_now(running: &Background) -> Result<u64> {
    memory(running, "VmRSS").context(|| "read how much memory the process holds".to_owned())
}

/// A number of `/proc/PROCESS/status`, in bytes.
fn memory(running: &Background, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.process())).ok()?;
    kibibytes(&status, name).map(|number| number * 1024)
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_the_system_s_numbers() {
        let status = "Name:\tupshot\nVmHWM:\t  204800 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(kibibytes(status, "VmHWM"), Some(204_800));
        assert_eq!(kibibytes(status, "VmRSS"), Some(1024));
        assert_eq!(kibibytes(status, "VmSwap"), None);
    }

    #[test]
    fn watches_to_the_end() {
        let watched = watch(Shell::new("sh").arguments(["-c", "sleep 0.05; exit 1"])).unwrap();
        assert!(watched.seconds >= 0.05 && !watched.success);
        assert!(watched.peak_memory > 0);
    }
}
