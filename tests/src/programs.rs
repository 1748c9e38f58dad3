//! The programs of the workspace, run as a person would run them.
//!
//! In: which program and its arguments. Out: how it ended and what it printed, within a deadline.
//! What was started ends with the value that stands for it, killed by its own process id if need
//! be.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::stop_signal::StopSignal;

/// Why a program did not do what a test needs of it.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It has not been built.
    #[error("{} is not built: run `cargo xtask test`, or `cargo build --workspace --bins` first", .0.display())]
    NotBuilt(PathBuf),
    /// It could not be started.
    #[error("could not start {program}: {source}")]
    Start {
        /// The name of the program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It did not end, or did not do what it should, in time.
    #[error("{program} {what} within {} s\n{output}", .limit.as_secs_f64())]
    TooLate {
        /// The name of the program.
        program: String,
        /// What it did not do.
        what: &'static str,
        /// The deadline.
        limit: Duration,
        /// What it wrote until then.
        output: String,
    },
    /// It ended though it should run on.
    #[error("{program} ended ({status})\n{output}")]
    Ended {
        /// The name of the program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// The system refused something else.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The app, as it was built beside the running test.
///
/// # Errors
/// When it is not there.
pub fn visavis() -> Result<PathBuf, ProgramError> {
    built("visavis")
}

/// The signaling server, as it was built beside the running test.
///
/// # Errors
/// When it is not there.
pub fn signal_server() -> Result<PathBuf, ProgramError> {
    built("visavis-signal-server")
}

/// Tests lie in `deps`, programs one folder above; what measures is a program itself. (Cargo gives
/// only a package's own tests where its programs are.)
fn built(name: &str) -> Result<PathBuf, ProgramError> {
    let running = std::env::current_exe()?;
    let folder = running.parent().unwrap_or_else(|| Path::new("."));
    let folder = if folder.ends_with("deps") { folder.join("..") } else { folder.to_owned() };
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() { Ok(program) } else { Err(ProgramError::NotBuilt(program)) }
}

/// How much of what a program prints is kept: the last of it.
const KEPT_BYTES: usize = 64 * 1024;

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Output,
    stderr: Output,
}

/// How a program ended and what it printed.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// The end of its standard output.
    pub stdout: String,
    /// The end of its standard error.
    pub stderr: String,
}

impl Program {
    /// Starts it; `name` stands for it in errors.
    ///
    /// # Errors
    /// When the system does not start it.
    pub fn start<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, ProgramError> {
        let mut command = Command::new(program);
        command.args(arguments);
        Self::spawn(name, command)
    }

    /// Starts a prepared command; its input is empty and its output is read.
    ///
    /// # Errors
    /// When the system does not start it.
    pub fn spawn(name: &str, mut command: Command) -> Result<Self, ProgramError> {
        command.stdin(Stdio::null());
        Self::spawn_with_input(name, command)
    }

    /// Starts a prepared command that [`Self::tell`] can speak to.
    ///
    /// # Errors
    /// When the system does not start it.
    pub fn spawn_commanded(name: &str, mut command: Command) -> Result<Self, ProgramError> {
        command.stdin(Stdio::piped());
        Self::spawn_with_input(name, command)
    }

    fn spawn_with_input(name: &str, mut command: Command) -> Result<Self, ProgramError> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|source| ProgramError::Start { program: name.into(), source })?;
        let (stdout, stderr) =
            (Output::from(child.stdout.take()), Output::from(child.stderr.take()));
        let stdin = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, stdin, stdout, stderr })
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it has printed so far on its standard output.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has printed so far on its standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Writes a line to its input.
    ///
    /// # Errors
    /// When it was not started for that, or has ended.
    pub async fn tell(&mut self, line: &str) -> Result<(), ProgramError> {
        let Some(stdin) = &mut self.stdin else {
            return Err(io::Error::other(format!("{} takes no input", self.name)).into());
        };
        stdin.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(stdin.flush().await?)
    }

    /// Its input is at its end.
    pub fn hears_no_more(&mut self) {
        self.stdin = None;
    }

    /// Waits until `find` finds what it looks for in either of its outputs.
    ///
    /// # Errors
    /// When it ends or the deadline comes first.
    pub async fn prints<T>(
        &mut self,
        limit: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ProgramError> {
        let deadline = Instant::now() + limit;
        loop {
            // Looked at before the text is, so that its last output counts.
            let ended = self.child.try_wait()?;
            if let Some(found) = find(&self.stdout()).or_else(|| find(&self.stderr())) {
                return Ok(found);
            }
            if let Some(status) = ended {
                // The readers may still have some of it in hand.
                self.stdout.drain().await;
                self.stderr.drain().await;
                return find(&self.stdout()).or_else(|| find(&self.stderr())).ok_or_else(|| {
                    ProgramError::Ended {
                        program: self.name.clone(),
                        status,
                        output: self.output(),
                    }
                });
            }
            if Instant::now() >= deadline {
                return Err(self.too_late("did not print what was expected", limit));
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for it to end.
    ///
    /// # Errors
    /// When it has not by the deadline; it is killed then.
    pub async fn finish(mut self, limit: Duration) -> Result<Finished, ProgramError> {
        let Ok(status) = timeout(limit, self.child.wait()).await else {
            return Err(self.too_late("did not end", limit));
        };
        let status = status?;
        self.stdout.drain().await;
        self.stderr.drain().await;
        Ok(Finished { status, stdout: self.stdout(), stderr: self.stderr() })
    }

    /// Kills it and waits until it is gone.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(mut self) -> Result<(), ProgramError> {
        Ok(self.child.kill().await?)
    }

    /// Asks it to end, as Ctrl+C does.
    ///
    /// # Errors
    /// When it has ended already, or the system has no such signal.
    pub async fn interrupt(&self) -> Result<(), ProgramError> {
        self.ask_to_end(StopSignal::Interrupt).await
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// As [`Self::interrupt`].
    pub async fn ask_to_end(&self, signal: StopSignal) -> Result<(), ProgramError> {
        self.signal(signal.argument()).await
    }

    /// Holds it up until [`Self::thaw`].
    ///
    /// # Errors
    /// As [`Self::interrupt`].
    pub async fn freeze(&self) -> Result<(), ProgramError> {
        self.signal("-STOP").await
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// As [`Self::interrupt`].
    pub async fn thaw(&self) -> Result<(), ProgramError> {
        self.signal("-CONT").await
    }

    async fn signal(&self, name: &str) -> Result<(), ProgramError> {
        let id = self.id().ok_or_else(|| io::Error::other(format!("{} has ended", self.name)))?;
        signal(name, id).await
    }

    fn too_late(&self, what: &'static str, limit: Duration) -> ProgramError {
        ProgramError::TooLate { program: self.name.clone(), what, limit, output: self.output() }
    }

    fn output(&self) -> String {
        let mut output = String::new();
        for (stream, text) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !text.is_empty() {
                // Writing to a string does not fail.
                let _ = writeln!(output, "--- its {stream}:\n{}", text.trim_end());
            }
        }
        output
    }
}

/// Sends a signal to a process by its id.
async fn signal(signal: &str, id: u32) -> Result<(), ProgramError> {
    let status = Command::new("kill").arg(signal).arg(id.to_string()).status().await?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("kill {signal} {id}: {status}")).into())
    }
}

/// The end of what a program writes to one of its outputs.
#[derive(Debug)]
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn from<R: AsyncRead + Unpin + Send + 'static>(stream: Option<R>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let reader = stream.map(|mut stream| {
            let text = Arc::clone(&text);
            tokio::spawn(async move {
                let mut piece = vec![0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut piece).await {
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.extend_from_slice(&piece[..count]);
                    let surplus = text.len().saturating_sub(KEPT_BYTES);
                    text.drain(..surplus);
                }
            })
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }

    /// Waits until everything has been read (a moment only: something else may hold the pipe open).
    async fn drain(&mut self) {
        if let Some(reader) = self.reader.take() {
            // If it is not at the end by then, what was read must do.
            let _ = timeout(Duration::from_secs(1), reader).await;
        }
    }
}

/// A signaling server of its own process on a free port of the loopback interface.
#[derive(Debug)]
pub struct ServerProgram {
    program: Program,
    url: String,
    /// Who owns which name here is nobody else's business.
    _data: TempDir,
}

impl ServerProgram {
    /// Starts one, without STUN, and waits until it takes connections.
    ///
    /// # Errors
    /// When it is not built, ends, or does not listen within 10 s.
    pub async fn start() -> Result<Self, ProgramError> {
        const LIMIT: Duration = Duration::from_secs(10);
        // Free a moment ago: the only way to know the port of another process beforehand.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let data = tempfile::tempdir()?;
        let folder = data.path().display().to_string();
        let arguments = [
            "--listen",
            &address,
            "--stun-listen",
            "off",
            "--metrics-listen",
            "off",
            "--data-dir",
            &folder,
        ];
        let mut program = Program::start("the signaling server", &signal_server()?, arguments)?;
        let deadline = Instant::now() + LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(status) = program.child.try_wait()? {
                return Err(ProgramError::Ended {
                    program: program.name.clone(),
                    status,
                    output: program.output(),
                });
            }
            if Instant::now() >= deadline {
                return Err(program.too_late("did not listen", LIMIT));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(Self { program, url: format!("ws://{address}"), _data: data })
    }

    /// Where clients find it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Kills it, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(self) -> Result<(), ProgramError> {
        self.program.kill().await
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::start("a script", Path::new("sh"), ["-c", script]).expect("there is a shell")
    }

    #[tokio::test]
    async fn how_it_ended_and_what_it_printed_are_known() {
        let finished = shell("echo out; echo err >&2; exit 4")
            .finish(Duration::from_secs(10))
            .await
            .expect("it ends");
        assert_eq!(finished.status.code(), Some(4));
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
    }

    #[tokio::test]
    async fn one_can_wait_for_a_word() {
        let mut program = shell("echo 'listening on 4711'; exec sleep 1000");
        let port = |output: &str| output.trim().strip_prefix("listening on ")?.parse::<u16>().ok();
        assert_eq!(
            program.prints(Duration::from_secs(10), port).await.expect("it prints it"),
            4711
        );
        program.kill().await.expect("it can be killed");
    }

    #[tokio::test]
    async fn one_can_speak_to_a_program_that_was_started_for_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "read word; echo \"heard $word\""]);
        let mut program = Program::spawn_commanded("a script", command).expect("there is a shell");
        program.tell("hello").await.expect("it listens");
        let heard = |output: &str| output.contains("heard hello").then_some(());
        program.prints(Duration::from_secs(10), heard).await.expect("it has heard it");
        assert!(shell("exec sleep 1000").tell("hello").await.is_err());
    }

    #[tokio::test]
    async fn the_last_output_counts_and_silence_is_an_error_with_what_was_printed() {
        let word = |output: &str| output.contains("word").then_some(());
        shell("echo word")
            .prints(Duration::from_secs(10), word)
            .await
            .expect("it printed it before it ended");
        let error = shell("echo nothing; exit 3")
            .prints(Duration::from_secs(10), word)
            .await
            .expect_err("it did not");
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.contains("nothing"), "{text}");
    }

    #[tokio::test]
    async fn what_hangs_is_killed_at_the_deadline() {
        let program = shell("echo stuck; exec sleep 1000");
        let id = program.id().expect("it runs");
        let error = program.finish(Duration::from_millis(300)).await.expect_err("it hangs");
        assert!(error.to_string().starts_with("a script did not end within 0.3 s"), "{error}");
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::fs::read_to_string(format!("/proc/{id}/stat"))
            .is_ok_and(|stat| !stat.contains(") Z "))
        {
            assert!(Instant::now() < deadline, "it was not killed");
            sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn only_the_end_of_a_flood_of_words_is_kept() {
        let script =
            "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; echo the end";
        let finished = shell(script).finish(Duration::from_secs(30)).await.expect("it ends");
        assert!(finished.stdout.ends_with("the end\n"));
        assert_eq!(finished.stdout.len(), KEPT_BYTES);
    }
}
