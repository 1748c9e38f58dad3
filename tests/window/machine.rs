//! What a process uses, from `/proc` (proc(5)).

use std::path::Path;

/// Files of the graphics stack: what of them lies in memory is the driver's, not the app's.
const DRIVER: &[&str] = &[
    "libLLVM",
    "gallium",
    "_dri.so",
    "libGLX",
    "libEGL",
    "libGLdispatch",
    "libGL.so",
    "libglapi",
    "libgbm",
    "libdrm",
    "libz3",
    "libelf",
    "libsensors",
];

/// Processor time of all threads, or of the first alone, in seconds.
pub(crate) fn cpu_seconds(pid: u32, first_alone: bool) -> Option<f64> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let first = pid.to_string();
    let times = tasks.flatten().filter(|task| !first_alone || task.file_name() == *first);
    let nanoseconds = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    Some(times.filter_map(nanoseconds).sum::<f64>() / 1e9)
}

/// What lies in memory, in MB: of everything, and of the graphics driver's files.
pub(crate) fn memory(pid: u32) -> Option<(f64, f64)> {
    let maps = std::fs::read_to_string(Path::new(&format!("/proc/{pid}/smaps"))).ok()?;
    Some(resident(&maps))
}

fn resident(maps: &str) -> (f64, f64) {
    let (mut all, mut driver) = (0.0, 0.0);
    let mut of_driver = false;
    for line in maps.lines() {
        if let Some(kib) = line.strip_prefix("Rss:") {
            let kib: f64 = kib.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
            all += kib;
            driver += if of_driver { kib } else { 0.0 };
        } else if line.split('-').next().is_some_and(is_address) {
            of_driver = DRIVER.iter().any(|name| line.contains(name));
        }
    }
    (all * 1024.0 / 1e6, driver * 1024.0 / 1e6)
}

fn is_address(text: &str) -> bool {
    text.len() >= 8 && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_the_driver_is_told_from_the_rest() {
        let maps = "7f0000000000-7f0000100000 r-xp 00000000 fe:01 77   /usr/lib/libLLVM-15.so.1\n\
                    Size:              1000 kB\nRss:               1000 kB\n\
                    560000000000-560000100000 rw-p 00000000 00:00 0    [heap]\n\
                    Rss:                500 kB\n";
        assert_eq!(resident(maps), (1.536, 1.024));
    }

    #[test]
    fn this_process_has_used_time_and_memory() {
        let us = std::process::id();
        assert!(cpu_seconds(us, false) > Some(0.0));
        assert!(memory(us).is_some_and(|(all, driver)| all > 1.0 && driver < all));
    }
}
