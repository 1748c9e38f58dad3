//! What the server's process takes, as Linux tells it (man 5 proc).

use std::fs;
use std::time::Duration;

use crate::Error;

/// The unit of times in `/proc/PID/stat`; the same on every Linux that people run.
const TICKS_PER_SECOND: u64 = 100;

/// A process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    fn read(self, file: &str) -> Result<String, Error> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).map_err(Error::io(format!("reading {path} (only Linux has it)")))
    }

    /// Its memory that is not swapped out, in bytes.
    pub(crate) fn memory(self) -> Result<u64, Error> {
        let status = self.read("status")?;
        let kibibytes =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        kibibytes
            .and_then(|figure| figure.trim().parse::<u64>().ok())
            .map(|figure| figure * 1024)
            .ok_or_else(|| {
                Error::Server("the server's process does not say how much memory it has".into())
            })
    }

    /// The processor time that all its threads took so far.
    pub(crate) fn processor_time(self) -> Result<Duration, Error> {
        let stat = self.read("stat")?;
        // The name of the program, in parentheses, may hold anything.
        let fields: Vec<_> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok());
        match (ticks(11), ticks(12)) {
            (Some(user), Some(system)) => {
                Ok(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
            }
            _ => {
                Err(Error::Server("the server's process does not say how much time it took".into()))
            }
        }
    }
}
