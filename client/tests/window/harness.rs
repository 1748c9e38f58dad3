//! A window's app without a window: the session's end of the link, and egui's harness in place of
//! the system.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Vec2, ViewportCommand, ViewportId, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use tokio::sync::{mpsc, watch};
use visavis_client::call::event::CallPhase;
use visavis_client::media::drop_oldest_queue::DropOldestQueue;
use visavis_client::media::frame::RgbaFrame;
use visavis_client::media::units::VideoSize;
use visavis_client::session::snapshot::{Intent, LoginPhase, Person, SessionLink, Snapshot};
use visavis_client::ui::{App, WindowOptions};
use visavis_client::words::Phrase;
use visavis_shared::Username;

/// What somebody elsewhere says, such as a server.
pub(crate) fn said(text: &str) -> Phrase {
    Phrase::foreign(text).expect("a text")
}

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Option<App>>,
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(crate) remote_video: Arc<DropOldestQueue<RgbaFrame>>,
    pub(crate) self_video: Arc<DropOldestQueue<RgbaFrame>>,
    intents: mpsc::Receiver<Intent>,
}

impl Window {
    pub(crate) fn open(snapshot: Snapshot) -> Self {
        Self::open_with(snapshot, vec2(800.0, 600.0), WindowOptions::default())
    }

    pub(crate) fn open_with(snapshot: Snapshot, size: Vec2, options: WindowOptions) -> Self {
        let (sender, intents) = mpsc::channel(64);
        let (snapshots, receiver) = watch::channel(Arc::new(snapshot));
        let link = SessionLink {
            intents: sender,
            snapshots: receiver,
            remote_video: DropOldestQueue::latest(),
            self_video: DropOldestQueue::latest(),
        };
        let (remote_video, self_video) =
            (Arc::clone(&link.remote_video), Arc::clone(&link.self_video));
        let mut first = Some((link, options));
        let harness = Harness::builder()
            .with_size(size)
            // Names may be in scripts for which this machine has no font.
            .allow_missing_glyphs()
            .build_ui_state(
                move |ui, app: &mut Option<App>| {
                    let app = app.get_or_insert_with(|| {
                        let (link, options) = first.take().expect("the app is made once");
                        App::new(ui.ctx(), link, options)
                    });
                    app.logic(ui.ctx());
                    app.show(ui);
                },
                None,
            );
        let mut window = Self { harness, snapshots, remote_video, self_video, intents };
        window.settle();
        window
    }

    /// Runs until everything that was pressed has been handled.
    pub(crate) fn settle(&mut self) {
        self.harness.run_steps(3);
    }

    pub(crate) fn set(&mut self, snapshot: Snapshot) {
        self.snapshots.send_replace(Arc::new(snapshot));
        self.settle();
    }

    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    /// Opens a section of the settings.
    pub(crate) fn open_settings(&mut self, section: &str) {
        self.click("Settings");
        self.harness.get_by_role_and_label(Role::Tab, section).click();
        self.settle();
    }

    /// Chooses something of a list.
    pub(crate) fn choose(&mut self, list: &str, entry: &str) {
        self.harness.get_by_role_and_label(Role::ComboBox, list).click();
        self.settle();
        self.click(entry);
    }

    /// Replaces what stands in a field.
    pub(crate) fn type_into(&mut self, label: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, label).focus();
        self.settle();
        self.press(Modifiers::COMMAND, Key::A);
        self.harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
        self.settle();
    }

    pub(crate) fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// What was asked of the session since the last time.
    pub(crate) fn asked(&mut self) -> Vec<Intent> {
        std::iter::from_fn(|| self.intents.try_recv().ok()).collect()
    }

    /// What the last pass asked of the system.
    pub(crate) fn commands(&self) -> Vec<ViewportCommand> {
        self.harness
            .output()
            .viewport_output
            .get(&ViewportId::ROOT)
            .map(|v| v.commands.clone())
            .unwrap_or_default()
    }

    /// When the last pass wants to be repeated at the latest.
    pub(crate) fn repaint_delay(&self) -> Duration {
        self.harness.output().viewport_output[&ViewportId::ROOT].repaint_delay
    }
}

pub(crate) fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

pub(crate) fn logged_in() -> Snapshot {
    Snapshot {
        login: LoginPhase::LoggedIn { username: name("alice") },
        server: "ws://calls.example:9090".to_owned(),
        username: "alice".to_owned(),
        people: ["bob", "carol"].map(|n| Person { username: name(n), online: true }).to_vec(),
        people_total: 2,
        ..Snapshot::default()
    }
}

pub(crate) fn with_call(call: CallPhase) -> Snapshot {
    Snapshot { call, ..logged_in() }
}

pub(crate) fn in_call() -> Snapshot {
    with_call(CallPhase::InCall { peer: name("bob"), since: ago(187) })
}

pub(crate) fn ago(seconds: u64) -> Instant {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(seconds)).unwrap_or(now)
}

pub(crate) fn picture() -> RgbaFrame {
    let size = VideoSize::new(64, 36).expect("a size");
    RgbaFrame { size, rgba: vec![200; size.pixels() * 4].into() }
}

pub(crate) fn call_bob() -> Intent {
    Intent::Call { username: "bob".to_owned() }
}
