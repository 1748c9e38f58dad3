//! The signals by which the system asks a program to end (signal(7)).

/// How a program is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// As Ctrl+C does.
    Interrupt,
    /// As a log-out, a shutdown or a service manager does.
    Terminate,
    /// As a terminal does that is closed.
    Hangup,
}

impl StopSignal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Interrupt, Self::Terminate, Self::Hangup];

    /// What `kill` takes for it.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Interrupt => "-INT",
            Self::Terminate => "-TERM",
            Self::Hangup => "-HUP",
        }
    }
}
