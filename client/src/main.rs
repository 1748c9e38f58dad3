//! The `visavis` program: reads the command line, starts a session, and hands it to a window or to
//! a script.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "gui")]
use std::sync::{Arc, Mutex, PoisonError, mpsc::sync_channel};
use std::time::{Duration, Instant};

use clap::{CommandFactory as _, Parser as _};
#[cfg(feature = "gui")]
use tokio::sync::Notify;
use tracing_subscriber::EnvFilter;
use visavis_about::Shell;
use visavis_client::cli::{
    Action, Cli, ExchangeOptions, ExitReason, IdentityCommand, Invocation, Target, identity,
};
use visavis_client::config::{NoFolder, config_dir, data_dir};
use visavis_client::device;
use visavis_client::device_key::KeyStore;
use visavis_client::doctor::{self, Finding};
#[cfg(feature = "gui")]
use visavis_client::hosting::HostingOptions;
use visavis_client::media::output_file;
use visavis_client::media::video_record::Recordings;
use visavis_client::people::Account;
use visavis_client::people::store::blocked_in;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::headless::{self, Orders, Script, Task};
use visavis_client::session::options::{Identity, Ring, SessionOptions};
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::ShareWith;
use visavis_client::settings::{Callers, Settings};
use visavis_client::signaling::ServerUrl;
use visavis_client::stop::{self, Stop};
use visavis_shared::{Username, canonical_name};

/// The server when none was ever named.
const DEFAULT_SERVER: &str = "ws://127.0.0.1:9090";
/// Where keys of earlier calls, contacts and calls are kept, in the data folder.
const PEOPLE: &str = "people";
/// Where a server that is started here keeps the names of people on it.
#[cfg(feature = "gui")]
const SERVER: &str = "server";
/// Where transfers that were interrupted are remembered there.
const TRANSFERS: &str = "transfers";
/// What is logged unless `--log` says otherwise.
const DEFAULT_LOG: &str = "off,visavis_client=warn,visavis_media=warn,visavis_transport=warn,\
                           visavis_signal_server=warn";
/// A recording that is finished may take its time; a signal ends the wait.
#[cfg(feature = "gui")]
const A_LONG_TIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a report may take to be written before the disk is taken to hang.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// The same while the system wants the program to end.
const HASTY_WRITE_WITHIN: Duration = Duration::from_secs(1);
/// Media has threads of its own; the runtime only moves packets and messages.
const RUNTIME_THREADS: usize = 2;

fn main() -> ExitCode {
    let started_at = Instant::now();
    let invocation = match Cli::parse().into_invocation() {
        Ok(invocation) => invocation,
        Err(error) => return fail(ExitReason::Usage, &error.to_string()),
    };
    if let Err(words) = start_log(invocation.program.log.as_deref()) {
        return fail(ExitReason::Usage, &words);
    }
    OUTPUT_IS_TAKEN.store(invocation.writes_to_standard_output(), Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .thread_name("visavis-io")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let words = format!("the system could not start any threads: {error}");
            return fail(ExitReason::Device, &words);
        }
    };
    let code = match invocation.action.clone() {
        Action::Devices { json } => list_devices(json),
        Action::Completions(shell) => print_completions(shell),
        Action::Manual(folder) => write_manual(&folder),
        Action::Identity(command) => run_identity(&invocation, &command),
        Action::Doctor { json } => run_doctor(&runtime, &invocation, json),
        Action::Call(Target::Person(peer)) => run_headless(&runtime, &invocation, Task::Call(peer)),
        Action::Call(Target::Room(room)) => run_headless(&runtime, &invocation, Task::Meet(room)),
        Action::Answer { from } => run_headless(&runtime, &invocation, Task::Answer { from }),
        Action::Window => run_window(&runtime, &invocation, started_at),
    };
    // A device that hangs must not hold the program.
    runtime.shutdown_background();
    code
}

/// One line on standard error, and the exit code.
fn fail(reason: ExitReason, words: &str) -> ExitCode {
    // Nothing is left to be done when standard error is closed.
    let _ = writeln!(std::io::stderr(), "visavis: {words}");
    ExitCode::from(reason.code())
}

/// Whether a report or a recording goes to standard output.
static OUTPUT_IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// One line on standard output, unless that is for something else. A reader that went away does not
/// stop the call.
fn say(words: &str) {
    if OUTPUT_IS_TAKEN.load(Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr(), "{words}");
    } else {
        let _ = writeln!(std::io::stdout(), "{words}");
    }
}

fn say_json(value: &impl serde::Serialize, exit: ExitCode) -> ExitCode {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(&text),
        Err(error) => return fail(ExitReason::Device, &error.to_string()),
    }
    exit
}

/// Logs go to standard error. Only what goes through `tracing` is logged: the libraries below use
/// the `log` facade, which would show addresses and session descriptions.
fn start_log(filter: Option<&str>) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter.unwrap_or(DEFAULT_LOG)).map_err(|error| {
        format!("--log: {error}; use a level such as info, or visavis_client=debug")
    })?;
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(colours).init();
    Ok(())
}

/// What a session does by these settings, and what this run leaves behind.
fn session_options(settings: &Settings, invocation: &Invocation) -> SessionOptions {
    SessionOptions {
        ice_servers: settings.network.ice_servers.clone(),
        relay_only: settings.network.relay_only,
        bind: Vec::new(),
        camera: settings.camera.clone(),
        microphone: settings.microphone.clone(),
        speaker: settings.speaker.clone(),
        voice: settings.voice,
        volume: settings.volume,
        video_size: settings.video.size(),
        fps: settings.video.fps,
        max_bitrate: settings.video.max_bitrate(),
        record_video: invocation.results.record_video.clone(),
        snapshot: invocation.results.snapshot.clone(),
        ..SessionOptions::default()
    }
}

fn run_headless(
    runtime: &tokio::runtime::Runtime,
    invocation: &Invocation,
    task: Task,
) -> ExitCode {
    if let Err(error) = invocation.check_inputs().and_then(|()| invocation.check_outputs()) {
        return fail(error.exit(), &error.to_string());
    }
    let identity = match key_store(invocation).map(|keys| keys.load()) {
        Ok(Ok((key, _))) => Identity::Device(key),
        Ok(Err(error)) => return fail(ExitReason::Device, &error.to_string()),
        Err(error) => return fail(ExitReason::Device, &error.to_string()),
    };
    let script = Script {
        server: invocation.server.clone().unwrap_or_else(|| DEFAULT_SERVER.to_owned()),
        username: invocation.username.as_ref().map(ToString::to_string).unwrap_or_default(),
        task,
        timeout: invocation.results.timeout,
        duration: invocation.results.duration,
        orders: orders(&invocation.exchange),
    };
    let blocked = blocked_names(invocation, &script);
    if let Task::Call(peer) | Task::Answer { from: Some(peer) } = &script.task
        && blocked.contains(peer)
    {
        let words = format!("{peer} is blocked here: unblock them in the window first");
        return fail(ExitReason::NotReached, &words);
    }
    let settings = Settings::default().for_run(invocation);
    let options = SessionOptions {
        identity,
        blocked,
        people: in_data_folder(invocation, PEOPLE),
        only_keys: true,
        downloads: invocation.exchange.receive.clone(),
        transfers: in_data_folder(invocation, TRANSFERS),
        shares: invocation.exchange.share.is_some(),
        ..session_options(&settings, invocation)
    };
    let recordings = options.recordings.clone();
    let report_path = invocation.results.report.as_deref();
    let (outcome, report_written) = runtime.block_on(async {
        let stop = Stop::listen();
        let mut session: SessionHandle = driver::start(options);
        let outcome = headless::run(&mut session, script, say, stop.asked()).await;
        stop.ends_with(outcome.exit.code());
        let limit = if stop.is_asked() { HASTY_WRITE_WITHIN } else { WRITE_WITHIN };
        // Before the session is left: what leaving may wait for must not cost the report.
        let report_written =
            report_path.map_or(Ok(()), |path| write_report(path, &outcome.report, limit));
        session.finish().await;
        stop.has_left();
        until_written(&recordings, &stop).await;
        (outcome, report_written)
    });
    let failed = report_written.err().or_else(|| recordings.first_failure());
    if outcome.exit == ExitReason::Completed {
        say(&outcome.words);
    }
    // What failed in the call was said then.
    let unsaid =
        recordings.take_failures().into_iter().filter(|words| failed.as_ref() != Some(words));
    for words in unsaid {
        let _ = writeln!(std::io::stderr(), "visavis: {words}");
    }
    match (outcome.exit, failed) {
        (ExitReason::Completed, None) => ExitCode::SUCCESS,
        (ExitReason::Completed, Some(words)) => fail(ExitReason::File, &words),
        (exit, failed) => {
            if let Some(words) = failed {
                let _ = writeln!(std::io::stderr(), "visavis: {words}");
            }
            fail(exit, &outcome.words)
        }
    }
}

/// What the command line asks for in the call.
fn orders(exchange: &ExchangeOptions) -> Orders {
    Orders {
        share: exchange.share.clone(),
        with: ShareWith { camera: exchange.share_camera, sound: exchange.share_sound },
        say: exchange.say.clone(),
        send: exchange.send.clone(),
        receive: exchange.receive.is_some(),
    }
}

/// Waits for the rest of a recording. The system's first request to end leaves it as it is, unless
/// that request was what ended the call.
async fn until_written(recordings: &Recordings, stop: &Stop) {
    if recordings.are_written() {
        return;
    }
    say("finishing the recording");
    let waiting = recordings.clone();
    let written = tokio::task::spawn_blocking(move || waiting.wait());
    if stop.is_asked() {
        let _ = written.await;
    } else {
        tokio::select! {
            _ = written => {}
            () = stop.asked() => {}
        }
    }
}

/// Whom the person has blocked in the window, at this server and under this name.
fn blocked_names(invocation: &Invocation, script: &Script) -> Vec<Username> {
    let folder = data_dir(invocation.program.data_dir.as_deref());
    let (Ok(folder), Ok(server), Ok(username)) =
        (folder, ServerUrl::parse(&script.server), canonical_name(&script.username))
    else {
        // Without these nobody gets so far as to be called.
        return Vec::new();
    };
    let account = Account { server: server.origin().to_owned(), username };
    blocked_in(&folder.join(PEOPLE), &account)
}

/// A place in the data folder; a folder that can't be told was said before.
fn in_data_folder(invocation: &Invocation, name: &str) -> Option<PathBuf> {
    let folder = data_dir(invocation.program.data_dir.as_deref()).ok()?;
    Some(folder.join(name))
}

/// The server that the window begins with: whoever names themselves and no server means the usual
/// one; nobody else is given one that they did not choose.
#[cfg(feature = "gui")]
fn remembered_server(run: &Settings, invocation: &Invocation) -> String {
    let usual = invocation.username.is_some().then(|| DEFAULT_SERVER.to_owned());
    run.server.clone().or(usual).unwrap_or_default()
}

/// The key of this data directory. Whoever names a folder wants everything to stay in it.
fn key_store(invocation: &Invocation) -> Result<KeyStore, NoFolder> {
    let named = invocation.program.data_dir.as_deref();
    Ok(KeyStore::in_folder(data_dir(named)?).that_moves(named.is_none()))
}

fn run_identity(invocation: &Invocation, command: &IdentityCommand) -> ExitCode {
    let store = match key_store(invocation) {
        Ok(store) => store,
        Err(error) => return fail(ExitReason::Device, &error.to_string()),
    };
    match identity::run(command, &store, invocation.server.as_deref(), say) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.exit(), &error.to_string()),
    }
}

/// Writes the report; a disk that hangs is waited for only so long. The error is a line for people.
fn write_report(path: &Path, report: &Report, limit: Duration) -> Result<(), String> {
    let mut text = serde_json::to_string_pretty(report).map_err(|error| error.to_string())?;
    text.push('\n');
    let to = path.to_path_buf();
    let write = move || output_file::replace(&to, |file| file.write_all(text.as_bytes()));
    match output_file::within(path, limit, write) {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(format!("{} can't be written: {error}", path.display())),
        Ok(Err(error)) | Err(error) => Err(error.to_string()),
    }
}

/// Writes the report of each call into the same file: that of the last one stays.
#[cfg(feature = "gui")]
async fn write_reports(
    mut reports: tokio::sync::mpsc::Receiver<Report>,
    path: std::path::PathBuf,
) -> Result<(), String> {
    let mut written = Ok(());
    while let Some(report) = reports.recv().await {
        let path = path.clone();
        let writing =
            tokio::task::spawn_blocking(move || write_report(&path, &report, HASTY_WRITE_WITHIN));
        written = writing.await.unwrap_or_else(|error| Err(error.to_string()));
    }
    written
}

fn run_doctor(runtime: &tokio::runtime::Runtime, invocation: &Invocation, json: bool) -> ExitCode {
    let server = invocation.server.as_deref().unwrap_or(DEFAULT_SERVER);
    let each = |finding: &Finding| {
        if !json {
            say(&finding.line());
        }
    };
    let options = session_options(&Settings::default().for_run(invocation), invocation);
    let checkup = runtime.block_on(doctor::examine(server, &options, each));
    let exit = ExitCode::from(checkup.exit().code());
    if json {
        return say_json(&checkup, exit);
    }
    say(&checkup.summary());
    exit
}

fn list_devices(json: bool) -> ExitCode {
    let list = device::list();
    if json {
        return say_json(&list, ExitCode::SUCCESS);
    }
    for (title, devices) in [
        ("Cameras", &list.cameras),
        ("Microphones", &list.microphones),
        ("Speakers", &list.speakers),
    ] {
        say(&format!("{title}:"));
        if devices.is_empty() {
            say("  none found");
        }
        for device in devices {
            say(&format!("  {}{}", device.name, if device.default { " (default)" } else { "" }));
            for format in &device.formats {
                say(&format!("      {format}"));
            }
        }
    }
    ExitCode::SUCCESS
}

fn print_completions(shell: Shell) -> ExitCode {
    match visavis_about::write_completions(shell, Cli::command(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(ExitReason::File, &format!("standard output can't be written: {error}")),
    }
}

fn write_manual(folder: &Path) -> ExitCode {
    match visavis_about::write_manual(Cli::command(), folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            fail(ExitReason::File, &format!("{} can't be written: {error}", folder.display()))
        }
    }
}

#[cfg(feature = "gui")]
fn run_window(
    runtime: &tokio::runtime::Runtime,
    invocation: &Invocation,
    started_at: Instant,
) -> ExitCode {
    use visavis_client::desktop::{self, Desktop, WindowLink, WindowRequest};
    use visavis_client::instance::{self, Claim};
    use visavis_client::settings::NetworkSettings;
    use visavis_client::ui::{self, WindowOptions};
    use visavis_client::words;

    ui::settle_display();
    if let Err(error) = invocation.check_outputs() {
        return fail(error.exit(), &error.to_string());
    }
    let folder = match data_dir(invocation.program.data_dir.as_deref()) {
        Ok(folder) => folder,
        Err(error) => return fail(ExitReason::Device, &error.to_string()),
    };
    // A link that is opened elsewhere comes without a terminal on which to say what is wrong.
    if let Some(Err(error)) = invocation.invitation
        && std::io::stderr().is_terminal()
    {
        return fail(ExitReason::Usage, &error.to_string());
    }
    let request = instance::Request {
        username: invocation.username.clone(),
        invitation: invocation.invitation.clone(),
    };
    let first = if invocation.program.new_window {
        None
    } else {
        match runtime.block_on(instance::claim(&folder, &request)) {
            Claim::HandedOver => {
                say("Visavis is open already: its window comes to the front.");
                return ExitCode::SUCCESS;
            }
            Claim::First(first) => Some(first),
            Claim::Alone(why) => {
                tracing::info!(why, "later starts will not find this window");
                None
            }
        }
    };
    let settings_folder = match config_dir(invocation.program.data_dir.as_deref()) {
        Ok(folder) => folder,
        Err(error) => return fail(ExitReason::Device, &error.to_string()),
    };
    let opened = Settings::open(&settings_folder, &folder);
    words::speak(opened.settings.appearance.language.spoken());
    let run = opened.settings.for_run(invocation);
    let options = SessionOptions {
        keys: key_store(invocation).ok(),
        people: Some(folder.join(PEOPLE)),
        remembered_server: remembered_server(&run, invocation),
        remembered_username: run.username.clone().unwrap_or_default(),
        log_in_at_start: invocation.username.is_some() || run.logs_in_at_start(),
        quiet: desktop::is_quiet_now(&run),
        only_contacts_call: run.calls.from == Callers::Contacts,
        muted: !run.calls.microphone_on,
        camera_off: !run.calls.camera_on,
        ring: Ring::new(run.ring.volume, run.ring.speaker.clone(), run.ring.ring_tone()),
        downloads: run.downloads.clone(),
        transfers: Some(folder.join(TRANSFERS)),
        shares: true,
        screen_token: Some(folder.join("screen-token")),
        hosting: Some(HostingOptions::in_folder(folder.join(SERVER))),
        window: true,
        ..session_options(&run, invocation)
    };
    let recordings = options.recordings.clone();
    let (mut session, stop) = {
        let _inside = runtime.enter();
        (driver::start(options), Stop::listen())
    };
    let desktop_link = WindowLink::default();
    if request.invitation.is_some() {
        desktop_link.ask(WindowRequest::of_link(request.invitation));
    }
    desktop_link.set_rules(desktop::rules(&opened.settings));
    let around = {
        let _inside = runtime.enter();
        Desktop::start(session.link.clone(), desktop_link.clone())
    };
    let serving = first.map(|first| {
        let (window, snapshots) = (desktop_link.clone(), session.link.snapshots.clone());
        runtime.spawn(first.serve(move |request| {
            let us = Username::parse(&snapshots.borrow().username).ok();
            if request.username.is_some() && request.username != us {
                return instance::Reply::NotMine;
            }
            window.ask(WindowRequest::of_link(request.invitation));
            instance::Reply::Taken
        }))
    });
    let window = WindowOptions {
        desktop: desktop_link,
        settings: opened.settings,
        network_of_this_run: NetworkSettings::of_this_run(invocation),
        settings_path: opened.path,
        folders: ui::Folders { data: Some(folder), settings: Some(settings_folder) },
        notices: opened.words.into_iter().collect(),
        started_at,
        ready_report: invocation.program.window_ready_report.clone(),
        frame_report: invocation.program.window_frame_report.clone(),
        ..WindowOptions::default()
    };
    stop.ends_with(ExitReason::Completed.code());
    let link = session.link.clone();
    let reports = invocation.results.report.clone();
    let reports = reports.map(|path| runtime.spawn(write_reports(session.take_reports(), path)));
    let closed = Arc::new(Notify::new());
    let (left_in, left) = sync_channel(1);
    runtime.spawn({
        let (closed, stop, recordings) = (Arc::clone(&closed), stop.clone(), recordings.clone());
        async move {
            tokio::select! {
                () = closed.notified() => {}
                // The window closes by itself when its session has ended.
                () = stop.asked() => {}
            }
            session.finish().await;
            around.finish().await;
            let written = match reports {
                Some(writing) => tokio::time::timeout(stop::LEAVE_WITHIN, writing).await.ok(),
                None => None,
            };
            stop.has_left();
            until_written(&recordings, &stop).await;
            // Whoever asked may have stopped waiting.
            let _ = left_in.try_send(written.and_then(Result::ok).unwrap_or(Ok(())));
        }
    });
    let left = Arc::new(Mutex::new(left));
    let leave = {
        let (closed, left) = (Arc::clone(&closed), Arc::clone(&left));
        move |limit| {
            closed.notify_one();
            let left = left.lock().unwrap_or_else(PoisonError::into_inner);
            left.recv_timeout(limit).unwrap_or(Ok(()))
        }
    };
    stop::at_exit(Some(Box::new({
        let leave = leave.clone();
        move || drop(leave(stop::LEAVE_WITHIN))
    })));
    stop.waits_for_another();
    let shown = ui::run(link, window);
    if let Some(serving) = serving {
        // Who is started now opens a window of their own.
        serving.abort();
    }
    stop.has_left();
    stop::at_exit(None);
    let written = leave(A_LONG_TIME);
    match (shown, written.err().or_else(|| recordings.first_failure())) {
        (Ok(()), None) => ExitCode::SUCCESS,
        (Ok(()), Some(words)) => fail(ExitReason::File, &words),
        (Err(error), _) => fail(ExitReason::Device, &error.to_string()),
    }
}

#[cfg(not(feature = "gui"))]
fn run_window(_: &tokio::runtime::Runtime, _: &Invocation, _: Instant) -> ExitCode {
    fail(ExitReason::Usage, "this build has no window: use `visavis call` or `visavis answer`")
}
