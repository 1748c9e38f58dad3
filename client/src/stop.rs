//! The system asks the program to end: a signal, a console that closes, a log-out.
//!
//! In: SIGINT, SIGTERM and SIGHUP (signal(7)), or the console events of Windows. Out: [`Stop`],
//! which says that it was asked. What always holds: the first time asks, so that a call is hung up
//! and everything is written; the second time ends the program at once; and who was asked and has
//! not left within [`LEAVE_WITHIN`] is ended as well, whatever hangs. SIGHUP stays without effect
//! for a program that was started to ignore it, as `nohup` does.
//!
//! A display that goes, as at the end of a desktop session, is no signal: libX11 calls `exit` from
//! within the window's thread. [`at_exit`] is what is left to do then.

use std::cell::RefCell;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// How long hanging up, writing the report and logging out may take.
pub const LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// What a shell reports of a program that a signal ended is this and the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

/// Whether the system has asked the program to end.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: watch::Receiver<bool>,
    left: Arc<Left>,
}

/// What the deadline needs to know.
#[derive(Debug)]
struct Left {
    /// How many have yet to leave.
    waiting: AtomicUsize,
    /// The exit code when the deadline strikes; negative while nobody knows.
    code: AtomicI32,
}

impl Stop {
    /// Begins to listen, on the current tokio runtime: from now on no signal ends the program by
    /// itself. What the system does not let us receive keeps its usual effect.
    #[must_use]
    pub fn listen() -> Self {
        let (asking, asked) = watch::channel(false);
        let left = Arc::new(Left { waiting: AtomicUsize::new(1), code: AtomicI32::new(-1) });
        let deadline = Arc::clone(&left);
        let mut signals = system::Signals::listen();
        tokio::spawn(async move {
            let signal = signals.received().await;
            tracing::info!(signal, "asked to end");
            asking.send_replace(true);
            start_deadline(deadline, signal);
            let again = signals.received().await;
            exit(ENDED_BY_SIGNAL + again);
        });
        Self { asked, left }
    }

    /// Waits until it was asked.
    pub async fn asked(&self) {
        let mut asked = self.asked.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // Nobody listens any more: the runtime ends.
            std::future::pending().await
        }
    }

    /// Whether it was asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// How the program ends if leaving takes too long.
    pub fn ends_with(&self, code: u8) {
        self.left.code.store(code.into(), Ordering::Relaxed);
    }

    /// One more has to leave, such as a window beside its session.
    pub fn waits_for_another(&self) {
        self.left.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// One that could hang is behind us: after the last the deadline no longer holds. What is still
    /// written may take its time.
    pub fn has_left(&self) {
        self.left.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// On a thread of its own, since a runtime may hang as well.
fn start_deadline(left: Arc<Left>, signal: i32) {
    let thread = std::thread::Builder::new().name("stop-deadline".into()).spawn(move || {
        std::thread::sleep(LEAVE_WITHIN);
        if left.waiting.load(Ordering::Relaxed) > 0 {
            tracing::warn!("something hangs; the program ends without it");
            let code = left.code.load(Ordering::Relaxed);
            exit(if code < 0 { ENDED_BY_SIGNAL + signal } else { code });
        }
    });
    if let Err(error) = thread {
        tracing::warn!(%error, "no thread for the deadline of leaving");
    }
}

/// What [`at_exit`] keeps. The C library drops a thread's values when that thread calls `exit`
/// (glibc and macOS do).
struct AtExit(Option<Box<dyn FnOnce()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

thread_local! {
    static AT_EXIT: RefCell<AtExit> = const { RefCell::new(AtExit(None)) };
}

/// Has `work` done if something ends the program from within this thread, in place of what was to
/// be done before. `None`: nothing is.
pub fn at_exit(work: Option<Box<dyn FnOnce()>>) {
    AT_EXIT.with_borrow_mut(|at_exit| at_exit.0 = work);
}

#[cfg(unix)]
mod system {
    use std::future::{pending, poll_fn};
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// A file that may not grow any further (`ulimit -f`): the write fails and is reported, where
    /// the signal would end the program. The same number on Linux and macOS (signal(7)).
    const FILE_SIZE_LIMIT: i32 = 25;

    /// The signals that ask the program to end.
    pub(super) struct Signals {
        stopping: Vec<(i32, Signal)>,
        _file_size_limit: Option<Signal>,
    }

    impl Signals {
        pub(super) fn listen() -> Self {
            let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
            if !ignores_hangups() {
                kinds.push(SignalKind::hangup());
            }
            let listen = |kind: SignalKind| {
                let listening = signal(kind).inspect_err(|error| {
                    tracing::warn!(%error, signal = kind.as_raw_value(), "can't be received");
                });
                listening.ok()
            };
            let stopping = kinds
                .into_iter()
                .filter_map(|kind| Some((kind.as_raw_value(), listen(kind)?)))
                .collect();
            let _file_size_limit = listen(SignalKind::from_raw(FILE_SIZE_LIMIT));
            Self { stopping, _file_size_limit }
        }

        /// The number of the next that is received.
        pub(super) async fn received(&mut self) -> i32 {
            if self.stopping.is_empty() {
                return pending().await;
            }
            poll_fn(|context| {
                let mut ready = self.stopping.iter_mut().filter_map(|(number, signal)| {
                    matches!(signal.poll_recv(context), Poll::Ready(Some(()))).then_some(*number)
                });
                ready.next().map_or(Poll::Pending, Poll::Ready)
            })
            .await
        }
    }

    /// Whether the program was started to ignore SIGHUP (proc(5), `SigIgn`).
    fn ignores_hangups() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (SignalKind::hangup().as_raw_value() - 1) & 1 == 1)
    }
}

#[cfg(windows)]
mod system {
    use tokio::signal::windows;

    /// Windows has no numbers for these; a program that Ctrl+C ended is known by that of SIGINT.
    const INTERRUPTED: i32 = 2;

    /// The next time that an event comes; `None` where it can't be received.
    macro_rules! next {
        ($event:expr) => {
            async {
                match &mut $event {
                    Some(event) => event.recv().await,
                    None => None,
                }
            }
        };
    }

    /// The console events that ask the program to end. tokio keeps the system waiting for a program
    /// whose console closes; it has 5 s then.
    pub(super) struct Signals {
        interrupt: Option<windows::CtrlC>,
        stop: Option<windows::CtrlBreak>,
        close: Option<windows::CtrlClose>,
        log_off: Option<windows::CtrlLogoff>,
        shut_down: Option<windows::CtrlShutdown>,
    }

    impl Signals {
        pub(super) fn listen() -> Self {
            Self {
                interrupt: windows::ctrl_c().ok(),
                stop: windows::ctrl_break().ok(),
                close: windows::ctrl_close().ok(),
                log_off: windows::ctrl_logoff().ok(),
                shut_down: windows::ctrl_shutdown().ok(),
            }
        }

        pub(super) async fn received(&mut self) -> i32 {
            tokio::select! {
                Some(()) = next!(self.interrupt) => {}
                Some(()) = next!(self.stop) => {}
                Some(()) = next!(self.close) => {}
                Some(()) = next!(self.log_off) => {}
                Some(()) = next!(self.shut_down) => {}
                else => std::future::pending().await,
            }
            INTERRUPTED
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod system {
    /// Ctrl+C only.
    pub(super) struct Signals;

    impl Signals {
        pub(super) fn listen() -> Self {
            Self
        }

        pub(super) async fn received(&mut self) -> i32 {
            const INTERRUPTED: i32 = 2;
            if tokio::signal::ctrl_c().await.is_err() {
                return std::future::pending().await;
            }
            INTERRUPTED
        }
    }
}
