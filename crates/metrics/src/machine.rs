//! What the machine has.

use std::path::Path;

/// How many bytes of memory this program may take: those of the machine, or of the container or service that it runs in, where that is
/// given less. Where nobody says, two gibibytes.
pub fn memory_of_machine() -> usize {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let limits = read(Path::new("/proc/self/cgroup"));
    let limits = limits.iter().flat_map(|text| limit_files(text));
    let limits = limits.filter_map(|path| read(Path::new(&path))?.trim().parse::<usize>().ok());
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| total(&text));
    let known = limits.chain(machine);
    known.min().unwrap_or(2 << 30)
}

/// What `/proc/meminfo` says of all memory, in bytes.
fn total(text: &str) -> Option<usize> {
    let mut lines = text.lines();
    let total = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes = total
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<usize>()
        .ok()?;
    kibibytes.checked_mul(1024)
}

/// The files that may say how much memory the groups have that `/proc/self/cgroup` names, and those above them. What is not limited
/// says no number, or one beyond all memory.
fn limit_files(text: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (root, name) = match controllers.split(',').any(|one| one == "memory") {
            true => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            false if controllers.is_empty() => ("/sys/fs/cgroup", "memory.max"),
            false => continue,
        };
        let groups = Path::new(path).ancestors();
        let groups = groups.map(|group| group.to_string_lossy().trim_end_matches('/').to_owned());
        files.extend(groups.map(|group| format!("{root}{group}/{name}")));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_above_limit_too() {
        assert_eq!(
            limit_files("0::/system.slice/upshot.service\n"),
            [
                "/sys/fs/cgroup/system.slice/upshot.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(limit_files("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
        assert_eq!(
            limit_files("5:cpu,memory:/a\n4:pids:/a\nnonsense"),
            [
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
    }

    #[test]
    fn memory_is_told_in_kibibytes() {
        assert_eq!(
            total("MemTotal:       2048 kB\nMemFree: 1 kB\n"),
            Some(2 << 20)
        );
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(memory_of_machine() > 0);
    }
}
