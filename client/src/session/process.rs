//! What this process has cost so far.
//!
//! Linux gives it in `/proc` (proc(5)); where the system is not asked yet the values stay
//! unmeasured.

use std::time::Instant;

use crate::session::report::Process;

/// Measures from its making on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessClock {
    started: Instant,
}

impl ProcessClock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// What was used until now.
    pub(super) fn measure(&self) -> Process {
        Process {
            cpu_s: imp::cpu_seconds(),
            wall_s: Some(self.started.elapsed().as_secs_f64()),
            max_rss_bytes: imp::max_rss_bytes(),
        }
    }
}

#[cfg(target_os = "linux")]
mod imp {
    /// Linux reports times in ticks of 1/100 s to every program, whatever the kernel was built with
    /// (time(7)).
    const TICKS_PER_SECOND: f64 = 100.0;

    /// User and system time of all threads.
    pub(super) fn cpu_seconds() -> Option<f64> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The command name, in parentheses, may itself hold spaces; fields 14 and 15 are counted
        // from the front.
        let after_name = stat.rsplit_once(')')?.1;
        let mut fields = after_name.split_whitespace().skip(11);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        Some((user + system) / TICKS_PER_SECOND)
    }

    pub(super) fn max_rss_bytes() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    pub(super) fn cpu_seconds() -> Option<f64> {
        None
    }

    pub(super) fn max_rss_bytes() -> Option<u64> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_has_used_time_and_memory() {
        let clock = ProcessClock::start();
        let mut sum = 0_u64;
        while imp::cpu_seconds().unwrap() < 0.05 {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        let used = clock.measure();
        assert!(used.cpu_s.unwrap() >= 0.05, "{used:?} {sum}");
        assert!(used.max_rss_bytes.unwrap() > 1 << 20);
    }
}
