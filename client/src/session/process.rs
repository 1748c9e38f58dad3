//! What this process has cost so far.
//!
//! Linux gives it in `/proc` (proc(5)); where there is none the values stay unmeasured.

use std::time::Instant;

use crate::session::report::Process;

/// Linux reports times in ticks of 1/100 s to every program, whatever the kernel was built with
/// (time(7)).
const TICKS_PER_SECOND: f64 = 100.0;

/// What was used until now; `started` is when the running time begins.
pub(super) fn measure(started: Instant) -> Process {
    Process {
        cpu_s: cpu_seconds(),
        wall_s: Some(started.elapsed().as_secs_f64()),
        max_rss_bytes: max_rss_bytes(),
    }
}

/// User and system time of all threads.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The command name, in parentheses, may itself hold spaces; fields 14 and 15 are counted
    // from the front.
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn max_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_has_used_time_and_memory() {
        let started = Instant::now();
        let mut sum = 0_u64;
        while cpu_seconds().unwrap() < 0.05 {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        let used = measure(started);
        assert!(used.cpu_s.unwrap() >= 0.05, "{used:?} {sum}");
        assert!(used.max_rss_bytes.unwrap() > 1 << 20);
    }
}
