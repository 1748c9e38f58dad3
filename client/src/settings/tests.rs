//! What was kept comes back; whatever else lies in the file's place costs what it must and no more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser as _;
use visavis_shared::IceServer;

use super::*;
use crate::cli::Cli;
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::voice_processing::VoiceSetting;

fn somewhere() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("deeper").join(SETTINGS_FILE);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    (dir, path)
}

fn folder(path: &Path) -> &Path {
    path.parent().expect("a folder")
}

fn open(path: &Path) -> Opened {
    Settings::open(folder(path), folder(path))
}

fn unusual() -> Settings {
    let turn = IceServer {
        urls: vec!["turn:relay.example:3478".to_owned()],
        username: Some("u".to_owned()),
        credential: Some("p".to_owned()),
    };
    Settings {
        server: Some("wss://calls.example:443".to_owned()),
        username: Some("Ålice \"the\" 1st".to_owned()),
        hosts_server: true,
        logged_out: true,
        recent_servers: vec!["wss://calls.example:443".to_owned(), "ws://[::1]".to_owned()],
        camera: CameraChoice::File("/tmp/a b.y4m".into()),
        microphone: MicrophoneChoice::Tone(440.0),
        speaker: SpeakerChoice::Named("Kopfhörer".to_owned()),
        voice: VoiceSetting { noise_suppression: Some(false), ..VoiceSetting::default() },
        volume: Volume::from_percent(130),
        theme: Theme::Light,
        self_view: SelfView {
            corner: Corner::UpperLeft,
            width: Some(320),
            hidden: true,
            mirrored: false,
        },
        picture: PictureFit::Fit,
        video: VideoLimits { width: 1920, height: 1080, fps: 60, max_kbps: 4_000 },
        calls: CallSettings { camera_on: false, microphone_on: false, from: Callers::Contacts },
        network: NetworkSettings { ice_servers: vec![turn], default_stun: false, relay_only: true },
        downloads: Some("/home/ålice/Received".into()),
        ring: RingSettings {
            on: false,
            tone: "marimba".to_owned(),
            volume: Volume::from_percent(40),
            speaker: Some(SpeakerChoice::None),
        },
        notifications: NotificationSettings {
            desktop: false,
            do_not_disturb: true,
            quiet_hours: QuietHours {
                on: true,
                from: TimeOfDay::new(21, 30).expect("a time"),
                until: TimeOfDay::new(6, 0).expect("a time"),
            },
        },
        tray: TraySettings { start_hidden: true, close_to_tray: true, asked: true },
        appearance: Appearance {
            scale_percent: 150,
            less_motion: true,
            language: Language::Tag("zh-Hans".to_owned()),
        },
        shortcuts: BTreeMap::from([("mute".to_owned(), "Ctrl+M".into())]).into(),
        further: [("colourOfTheMoon".to_owned(), "blue".into())].into_iter().collect(),
    }
}

#[test]
fn what_was_saved_is_loaded_whole() {
    let (_dir, path) = somewhere();
    unusual().save(&path).expect("saved");
    assert_eq!(Settings::load(&path).expect("loaded"), unusual());
    let opened = Opened { settings: unusual(), path: Some(path.clone()), words: None };
    assert_eq!(open(&path), opened);
}

/// Files of this version are read by every later one.
#[test]
fn the_file_keeps_its_form() {
    let (_dir, path) = somewhere();
    Settings::default().save(&path).expect("saved");
    let text = r#"{
  "version": 1,
  "server": null,
  "username": null,
  "loggedOut": false,
  "recentServers": [],
  "camera": "default",
  "microphone": "default",
  "speaker": "default",
  "voice": {},
  "volume": 100,
  "theme": "system",
  "selfView": {
    "corner": "lower-right",
    "width": null,
    "hidden": false,
    "mirrored": true
  },
  "picture": "fill",
  "video": {
    "width": 1280,
    "height": 720,
    "fps": 30,
    "maxKbps": 2500
  },
  "calls": {
    "cameraOn": true,
    "microphoneOn": true,
    "from": "everybody"
  },
  "network": {
    "iceServers": [],
    "defaultStun": true,
    "relayOnly": false
  },
  "ring": {
    "on": true,
    "tone": "",
    "volume": 100,
    "speaker": null
  },
  "notifications": {
    "desktop": true,
    "doNotDisturb": false,
    "quietHours": {
      "on": false,
      "from": 1320,
      "until": 420
    }
  },
  "downloads": null,
  "tray": {
    "startHidden": false,
    "closeToTray": false
  },
  "appearance": {
    "scalePercent": 100,
    "lessMotion": false,
    "language": "system"
  },
  "shortcuts": {}
}
"#;
    assert_eq!(fs::read_to_string(&path).expect("read"), text);
}

#[test]
fn a_file_of_the_first_versions_is_taken_over_from_where_it_was() {
    let (dir, path) = somewhere();
    let older = dir.path().join("older");
    fs::create_dir(&older).expect("made");
    let text = r#"{"server":"wss://calls.example:443","username":"Ålice","camera":{"file":"/a b.y4m"},
        "microphone":{"tone":440.0},"speaker":{"named":"Kopfhörer"},"voice":{"noiseSuppression":false},
        "volume":130,"theme":"light"}"#;
    fs::write(older.join(SETTINGS_FILE), text).expect("written");
    let opened = Settings::open(folder(&path), &older);
    let expected = Settings {
        server: Some("wss://calls.example:443".to_owned()),
        username: Some("Ålice".to_owned()),
        camera: CameraChoice::File("/a b.y4m".into()),
        microphone: MicrophoneChoice::Tone(440.0),
        speaker: SpeakerChoice::Named("Kopfhörer".to_owned()),
        voice: VoiceSetting { noise_suppression: Some(false), ..VoiceSetting::default() },
        volume: Volume::from_percent(130),
        theme: Theme::Light,
        ..Settings::default()
    };
    assert_eq!((&opened.settings, opened.words), (&expected, None));
    let path = opened.path.expect("it can be kept");
    Settings { theme: Theme::Dark, ..expected }.save(&path).expect("saved");
    assert_eq!(Settings::open(folder(&path), &older).settings.theme, Theme::Dark);
    assert_eq!(fs::read_to_string(older.join(SETTINGS_FILE)).expect("there"), text);
}

#[test]
fn a_value_that_makes_no_sense_costs_that_value_and_is_said() {
    let (_dir, path) = somewhere();
    let text = r#"{"version":1,"theme":"sepia","volume":"loud","username":"alice","video":{"fps":"many",
        "width":1920,"height":1080},"shortcuts":{"mute":"M","camera":7},"colourOfTheMoon":"blue"}"#;
    fs::write(&path, text).expect("written");
    let Opened { settings, path: kept, words } = open(&path);
    assert_eq!((settings.theme, settings.username.as_deref()), (Theme::System, Some("alice")));
    assert_eq!((settings.video.width, settings.video.fps), (1920, 30));
    assert_eq!(settings.further["colourOfTheMoon"], "blue");
    assert_eq!(settings.shortcuts.keys(Command::Mute), "M".parse().ok());
    let words = words.expect("a line").plain();
    assert!(words.contains("theme") && words.contains("video.fps"), "{words}");
    assert!(!words.contains('\n') && !words.contains("username"), "{words}");
    let copy = folder(&path).join("settings.json.before");
    assert_eq!(fs::read_to_string(copy).expect("a copy"), text, "nothing is lost");
    assert_eq!(kept, Some(path));
}

#[test]
fn what_is_out_of_range_is_put_at_the_end_of_it() {
    let (_dir, path) = somewhere();
    let text = r#"{"volume":1e300,"video":{"width":1,"height":0,"fps":0,"maxKbps":4000000},
        "appearance":{"scalePercent":1000},"notifications":{"quietHours":{"on":true,"from":60000}}}"#;
    fs::write(&path, text).expect("written");
    let settings = Settings::load(&path).expect("loaded");
    assert_eq!(settings.volume, Volume::MAX);
    assert_eq!(settings.video, VideoLimits { width: 1280, height: 720, fps: 1, max_kbps: 50_000 });
    assert_eq!(settings.appearance.scale_percent, 200);
    assert_eq!(settings.notifications.quiet_hours.from.hour(), 23);
}

#[test]
fn a_file_that_was_cut_anywhere_is_set_aside_with_a_word() {
    let (_dir, path) = somewhere();
    unusual().save(&path).expect("saved");
    let whole = fs::read(&path).expect("read");
    // The last byte is a line's end.
    for end in 0..whole.len() - 1 {
        fs::write(&path, &whole[..end]).expect("written");
        let aside = folder(&path).join("settings.json.damaged-1");
        let _ = fs::remove_file(&aside);
        let opened = open(&path);
        assert_eq!((opened.settings, opened.path.is_some()), (Settings::default(), true));
        assert!(opened.words.expect("a line").plain().contains("damaged-1"), "cut at {end}");
        assert_eq!(fs::read(&aside).expect("it is aside"), whole[..end]);
    }
}

#[test]
fn what_is_no_settings_file_never_stops_the_program() {
    let too_large = " ".repeat(1_000_000);
    let too_deep = "[".repeat(50_000);
    for bytes in
        [&b""[..], b"{", b"[1]", b"7", b"\xff\xfe", too_large.as_bytes(), too_deep.as_bytes()]
    {
        let (_dir, path) = somewhere();
        fs::write(&path, bytes).expect("written");
        assert!(matches!(Settings::load(&path), Err(SettingsError::Damaged(_))));
        let opened = open(&path);
        assert_eq!(opened.settings, Settings::default());
        assert!(
            opened.words.expect("a line").plain().starts_with("Starting with default settings")
        );
        assert!(!path.exists());
    }
}

#[test]
fn what_can_not_be_read_is_left_and_nothing_is_written_over_it() {
    let (_dir, path) = somewhere();
    fs::create_dir(&path).expect("a folder in its place");
    let opened = open(&path);
    assert_eq!((opened.settings, opened.path), (Settings::default(), None));
    assert!(opened.words.expect("a line").plain().contains("can't be read"));
    assert!(path.is_dir());
}

#[test]
fn a_newer_version_is_used_as_far_as_it_is_understood_and_kept_as_it_was() {
    let (_dir, path) = somewhere();
    let text = r#"{"version":9,"username":"alice","theme":{"dark":"very"},"moods":[1]}"#;
    fs::write(&path, text).expect("written");
    let opened = open(&path);
    assert_eq!(opened.settings.username.as_deref(), Some("alice"));
    assert!(opened.words.expect("a line").plain().contains("newer version"));
    opened.settings.save(&path).expect("saved");
    let copy = folder(&path).join("settings.json.version-9");
    assert_eq!(fs::read_to_string(copy).expect("a copy"), text);
    assert_eq!(Settings::load(&path).expect("loaded").further["moods"], serde_json::json!([1]));
}

#[test]
fn a_file_that_is_not_there_yet_means_the_defaults_without_a_word() {
    let (_dir, path) = somewhere();
    let opened = Opened { settings: Settings::default(), path: Some(path.clone()), words: None };
    assert_eq!(open(&path), opened);
}

#[test]
fn logging_in_is_remembered_with_the_last_servers_and_only_logging_out_ends_it() {
    let mut settings = Settings::default();
    assert!(!settings.logs_in_at_start());
    for number in 0..20 {
        settings.logged_in(&format!("wss://s{number}"), "alice");
    }
    settings.logged_in("wss://s15", "alice");
    assert!(settings.logs_in_at_start());
    assert_eq!(settings.recent_servers.len(), 8);
    assert_eq!(settings.recent_servers[..3], ["wss://s15", "wss://s19", "wss://s18"]);
    settings.logged_out = true;
    assert!(!settings.logs_in_at_start());
    settings.logged_in("wss://s15", "bob");
    assert!(settings.logs_in_at_start());
}

#[test]
fn quiet_hours_go_over_midnight() {
    let at = |hour, minute| TimeOfDay::new(hour, minute).expect("a time");
    let hours = QuietHours { on: true, ..QuietHours::default() };
    for (time, quiet) in [
        (at(21, 59), false),
        (at(22, 0), true),
        (at(0, 0), true),
        (at(6, 59), true),
        (at(7, 0), false),
    ] {
        assert_eq!(hours.contains(time), quiet, "{time:?}");
    }
    let day = QuietHours { from: at(9, 0), until: at(17, 0), ..hours };
    assert!(day.contains(at(12, 0)) && !day.contains(at(8, 59)) && !day.contains(at(17, 0)));
    assert!(!QuietHours { on: false, ..hours }.contains(at(23, 0)));
    assert!(TimeOfDay::new(24, 0).is_none() && TimeOfDay::new(0, 60).is_none());
}

#[test]
fn a_time_is_read_as_people_write_it_and_what_is_none_is_refused() {
    for (text, shown) in [("22:30", "22:30"), (" 6:05 ", "06:05"), ("0:0", "00:00")] {
        assert_eq!(text.parse::<TimeOfDay>().expect("a time").to_string(), shown);
    }
    for text in ["24:00", "12:60", "12", "", "-1:00", "+1:00", "1:2:3", "٣:٠٠", "001:00"] {
        assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
    }
}

#[test]
fn the_command_line_holds_over_the_settings_for_one_run() {
    let named = |line: &str| {
        Cli::try_parse_from(line.split(' ')).expect("arguments").into_invocation().expect("sense")
    };
    let kept = unusual();
    let run = kept.for_run(&named("visavis --ice-server none"));
    assert_eq!(run, kept, "nothing is named");
    let run = kept.for_run(&named(
        "visavis --server ws://x --username bob --camera none --volume 20 --fps 5 \
         --automatic-gain on --ice-server stun:own.example:3478",
    ));
    assert_eq!((run.server.as_deref(), run.username.as_deref()), (Some("ws://x"), Some("bob")));
    assert!(run.logs_in_at_start());
    assert_eq!((run.camera, run.volume.percent()), (CameraChoice::None, 20));
    assert_eq!((run.video.fps, run.video.width), (5, 1920));
    assert_eq!((run.voice.automatic_gain, run.voice.noise_suppression), (Some(true), Some(false)));
    let urls: Vec<_> =
        run.network.ice_servers.iter().map(|server| server.urls[0].as_str()).collect();
    assert_eq!(urls, ["stun:own.example:3478", "turn:relay.example:3478"]);
    let all = |settings: &Settings| {
        let servers = settings.network.all_ice_servers();
        servers.into_iter().map(|server| server.urls[0].clone()).collect::<Vec<_>>()
    };
    assert_eq!(all(&Settings::default()), [crate::cli::DEFAULT_STUN]);
    assert_eq!(all(&kept), ["turn:relay.example:3478"]);
    assert!(
        run.network.relay_only
            && Settings::default().for_run(&named("visavis --relay-only")).network.relay_only
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it_and_no_draft_stays_behind() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("deeper").join(SETTINGS_FILE);
    Settings::default().save(&path).expect("saved");
    unusual().save(&path).expect("saved again");
    let mode = |p: &Path| fs::metadata(p).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(folder(&path))), (0o600, 0o700));
    assert_eq!(fs::read_dir(folder(&path)).expect("listed").count(), 1);
}

#[test]
fn the_writer_has_written_the_latest_settings_when_it_is_dropped() {
    let (_dir, path) = somewhere();
    let writer = SettingsWriter::start(path.clone()).expect("started");
    writer.keep(Settings::default());
    writer.keep(unusual());
    drop(writer);
    assert_eq!(Settings::load(&path).expect("loaded"), unusual());
}

#[test]
fn a_place_that_cannot_be_written_becomes_a_line_for_the_person() {
    let (dir, _) = somewhere();
    let file = dir.path().join("file");
    fs::write(&file, "").expect("written");
    let writer = SettingsWriter::start(file.join("inside").join(SETTINGS_FILE)).expect("started");
    let problems = Arc::clone(writer.problems());
    writer.keep(unusual());
    drop(writer);
    let line = problems.take().expect("a line").plain();
    assert!(line.starts_with("Your choices won't be remembered"), "{line}");
}
