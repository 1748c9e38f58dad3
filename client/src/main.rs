//! The `visavis` program: reads the command line, starts a session, and hands it to a window or to
//! a script.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;
use visavis_client::cli::{Action, Cli, ExitReason, Invocation, Target};
use visavis_client::config::data_dir;
use visavis_client::device::{self, CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::device_key::DeviceKey;
use visavis_client::doctor::{self, Finding};
use visavis_client::media::video_record::Recordings;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::headless::{self, Script, Task};
use visavis_client::session::options::{Identity, SessionOptions};
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::Intent;

/// The server when none was ever named.
const DEFAULT_SERVER: &str = "ws://127.0.0.1:9090";
/// What is logged unless `--log` says otherwise.
const DEFAULT_LOG: &str = "off,visavis_client=warn,visavis_media=warn,visavis_transport=warn";
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

/// One line on standard output. A reader that went away does not stop the call.
fn say(words: &str) {
    let _ = writeln!(std::io::stdout(), "{words}");
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
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

fn session_options(invocation: &Invocation) -> SessionOptions {
    SessionOptions {
        ice_servers: invocation.ice_servers.clone(),
        relay_only: invocation.relay_only,
        bind: Vec::new(),
        camera: invocation.devices.camera.clone().unwrap_or_default(),
        microphone: invocation.devices.microphone.clone().unwrap_or_default(),
        speaker: invocation.devices.speaker.clone().unwrap_or_default(),
        voice: invocation.sound.voice(),
        volume: invocation.sound.volume.unwrap_or_default(),
        video_size: invocation.video.size,
        fps: invocation.video.fps,
        max_bitrate: invocation.video.max_bitrate,
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
    if let Err(words) = check_files(invocation) {
        return fail(ExitReason::Device, &words);
    }
    let identity = match device_key(invocation) {
        Ok(key) => Identity::Device(key),
        Err(words) => return fail(ExitReason::Device, &words),
    };
    let script = Script {
        server: invocation.server.clone().unwrap_or_else(|| DEFAULT_SERVER.to_owned()),
        username: invocation.username.as_ref().map(ToString::to_string).unwrap_or_default(),
        task,
        timeout: invocation.results.timeout,
        duration: invocation.results.duration,
    };
    let options = SessionOptions { identity, ..session_options(invocation) };
    let recordings = options.recordings.clone();
    let outcome = runtime.block_on(async {
        let session: SessionHandle = driver::start(options);
        let outcome = headless::run(session, script, say, interrupted()).await;
        until_written(&recordings).await;
        outcome
    });
    // What failed in the call was said then.
    for words in recordings.take_failures() {
        let _ = writeln!(std::io::stderr(), "visavis: {words}");
    }
    if let Some(path) = &invocation.results.report
        && let Err(error) = write_report(path, &outcome.report)
    {
        return fail(ExitReason::Device, &format!("{} can't be written: {error}", path.display()));
    }
    if outcome.exit == ExitReason::Completed {
        say(&outcome.words);
        ExitCode::SUCCESS
    } else {
        fail(outcome.exit, &outcome.words)
    }
}

/// Waits for the rest of a recording; Ctrl+C leaves it as it is.
async fn until_written(recordings: &Recordings) {
    if recordings.are_written() {
        return;
    }
    say("finishing the recording");
    let recordings = recordings.clone();
    tokio::select! {
        _ = tokio::task::spawn_blocking(move || recordings.wait()) => {}
        () = interrupted() => {}
    }
}

/// The key in the data directory; made now when there is none.
fn device_key(invocation: &Invocation) -> Result<DeviceKey, String> {
    let folder =
        data_dir(invocation.program.data_dir.as_deref()).map_err(|error| error.to_string())?;
    DeviceKey::load_or_create(&folder).map_err(|error| error.to_string())
}

/// Ctrl+C, or the system asking the program to stop.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}

/// Files that are named on the command line are looked at before anybody is called.
fn check_files(invocation: &Invocation) -> Result<(), String> {
    let mut inputs = Vec::new();
    if let Some(CameraChoice::File(path)) = &invocation.devices.camera {
        inputs.push(path);
    }
    if let Some(MicrophoneChoice::File(path)) = &invocation.devices.microphone {
        inputs.push(path);
    }
    for path in inputs {
        std::fs::File::open(path)
            .map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    }
    let speaker = match &invocation.devices.speaker {
        Some(SpeakerChoice::File(path)) => Some(path),
        _ => None,
    };
    let results = &invocation.results;
    let outputs = [&results.record_video, &results.snapshot, &results.report];
    for path in outputs.into_iter().flatten().chain(speaker) {
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(format!(
                "{} can't be written: the folder {} does not exist",
                path.display(),
                folder.display()
            ));
        }
    }
    Ok(())
}

fn write_report(path: &Path, report: &Report) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    std::fs::write(path, text)
}

fn run_doctor(runtime: &tokio::runtime::Runtime, invocation: &Invocation, json: bool) -> ExitCode {
    let server = invocation.server.as_deref().unwrap_or(DEFAULT_SERVER);
    let each = |finding: &Finding| {
        if !json {
            say(&finding.line());
        }
    };
    let options = session_options(invocation);
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

#[cfg(feature = "gui")]
fn run_window(
    runtime: &tokio::runtime::Runtime,
    invocation: &Invocation,
    started_at: Instant,
) -> ExitCode {
    use visavis_client::config::{SETTINGS_FILE, Settings};
    use visavis_client::media::voice_processing::VoiceSetting;
    use visavis_client::ui::{self, WindowOptions};

    let folder = match data_dir(invocation.program.data_dir.as_deref()) {
        Ok(folder) => folder,
        Err(error) => return fail(ExitReason::Device, &error.to_string()),
    };
    let path = folder.join(SETTINGS_FILE);
    let (mut settings, damaged) = Settings::load_or_default(&path);
    // What the command line names holds for this run, over what was remembered.
    settings.server = invocation.server.clone().or(settings.server);
    settings.username = invocation.username.as_ref().map(ToString::to_string).or(settings.username);
    settings.camera = invocation.devices.camera.clone().unwrap_or(settings.camera);
    settings.microphone = invocation.devices.microphone.clone().unwrap_or(settings.microphone);
    settings.speaker = invocation.devices.speaker.clone().unwrap_or(settings.speaker);
    let voice = invocation.sound.voice();
    settings.voice = VoiceSetting {
        echo_cancellation: voice.echo_cancellation.or(settings.voice.echo_cancellation),
        noise_suppression: voice.noise_suppression.or(settings.voice.noise_suppression),
        automatic_gain: voice.automatic_gain.or(settings.voice.automatic_gain),
    };
    settings.volume = invocation.sound.volume.unwrap_or(settings.volume);
    let server = settings.server.clone().unwrap_or_else(|| DEFAULT_SERVER.to_owned());
    let options = SessionOptions {
        camera: settings.camera.clone(),
        microphone: settings.microphone.clone(),
        speaker: settings.speaker.clone(),
        voice: settings.voice,
        volume: settings.volume,
        // A window that opens can say what is wrong better than one that does not.
        identity: device_key(invocation).map_or_else(Identity::Unusable, Identity::Device),
        remembered_server: server.clone(),
        remembered_username: settings.username.clone().unwrap_or_default(),
        window: true,
        ..session_options(invocation)
    };
    let session = {
        let _inside = runtime.enter();
        driver::start(options)
    };
    if let Some(username) = invocation.username.as_ref().map(ToString::to_string) {
        // Who names themselves on the command line wants to be logged in, not asked.
        if session.link.intents.try_send(Intent::LogIn { server, username }).is_err() {
            tracing::warn!("the session did not take the log-in");
        }
    }
    let window = WindowOptions {
        settings,
        settings_path: Some(path),
        notices: damaged.into_iter().collect(),
        started_at,
        ready_report: invocation.program.window_ready_report.clone(),
        ..WindowOptions::default()
    };
    let shown = ui::run(session.link.clone(), window);
    runtime.block_on(session.finish());
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(ExitReason::Device, &error.to_string()),
    }
}

#[cfg(not(feature = "gui"))]
fn run_window(_: &tokio::runtime::Runtime, _: &Invocation, _: Instant) -> ExitCode {
    fail(ExitReason::Usage, "this build has no window: use `visavis call` or `visavis answer`")
}
