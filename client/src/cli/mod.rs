//! The command line: arguments as they are typed ([`Cli`]) and what they mean together
//! ([`Invocation`]).
//!
//! Every argument is read once, here; nothing after this looks at the command line again. Exit
//! codes are [`ExitReason`]'s.

mod arguments;
mod files;
pub mod identity;
mod invocation;
mod values;

pub use arguments::{
    Cli, DeviceOptions, ExchangeOptions, ProgramOptions, ResultOptions, SoundOptions, VideoOptions,
};
pub use files::FileError;
pub use identity::IdentityCommand;
pub use invocation::{Action, DEFAULT_STUN, Invocation, Target, UsageError};

/// How a run ended, as the exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// Connected, and ended normally.
    Completed = 0,
    /// The command line made no sense.
    Usage = 2,
    /// The server could not be reached, or refused the login.
    Server = 3,
    /// The other was not reached: unknown, offline, declined, busy, no answer.
    NotReached = 4,
    /// The connection failed or was lost.
    Connection = 5,
    /// A device failed, a file that is played, or the key that names belong to.
    Device = 6,
    /// Connected, and ended normally, but a file could not be written.
    File = 7,
}

impl ExitReason {
    /// The process exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}
