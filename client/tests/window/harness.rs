//! A window's app without a window: the session's end of the link, and egui's harness in place of
//! the system.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Context, Key, Modifiers, Shape, TexturesDelta, UiBuilder, Vec2, ViewportCommand, ViewportEvent,
    ViewportId, vec2,
};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, TestRenderer};
use tokio::sync::{mpsc, watch};
use visavis_client::call::event::CallPhase;
use visavis_client::gallery::Stage;
use visavis_client::media::drop_oldest_queue::DropOldestQueue;
use visavis_client::media::frame::RgbaFrame;
use visavis_client::media::units::VideoSize;
use visavis_client::session::snapshot::{
    CallTrust, CodeState, Intent, LoginPhase, Person, Snapshot, Standing,
};
use visavis_client::ui::{App, WindowOptions};
use visavis_client::words::Phrase;
use visavis_rasterizer::{Picture, Textures};
use visavis_shared::{PublicKey, Username};

/// What somebody elsewhere says, such as a server.
pub(crate) fn said(text: &str) -> Phrase {
    Phrase::foreign(text).expect("a text")
}

/// Keeps the textures that are painted with.
struct Painter(Rc<RefCell<Textures>>);

impl TestRenderer for Painter {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.borrow_mut().apply(delta);
    }
}

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Option<App>>,
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(crate) remote_video: Arc<DropOldestQueue<RgbaFrame>>,
    pub(crate) self_video: Arc<DropOldestQueue<RgbaFrame>>,
    intents: mpsc::Receiver<Intent>,
    textures: Rc<RefCell<Textures>>,
}

impl Window {
    pub(crate) fn open(snapshot: Snapshot) -> Self {
        Self::open_with(snapshot, vec2(800.0, 600.0), WindowOptions::default())
    }

    pub(crate) fn open_with(snapshot: Snapshot, size: Vec2, options: WindowOptions) -> Self {
        Self::open_on(Stage::empty(snapshot), (size, 1.0), options, |_| {})
    }

    /// Opens one of a size in points, with so many pixels for each, and prepares what it is painted
    /// with.
    pub(crate) fn open_on(
        Stage { link, snapshots, intents }: Stage,
        (size, pixels_per_point): (Vec2, f32),
        options: WindowOptions,
        prepare: impl FnOnce(&Context) + 'static,
    ) -> Self {
        let (remote_video, self_video) =
            (Arc::clone(&link.remote_video), Arc::clone(&link.self_video));
        let mut first = Some((link, options, prepare));
        let textures = Rc::new(RefCell::new(Textures::default()));
        let harness = Harness::builder()
            .with_size(size)
            .with_pixels_per_point(pixels_per_point)
            .renderer(Painter(Rc::clone(&textures)))
            // Names may be in scripts for which this machine has no font.
            .allow_missing_glyphs()
            .build_ui_state(
                move |ui, app: &mut Option<App>| {
                    let app = app.get_or_insert_with(|| {
                        let (link, options, prepare) = first.take().expect("once");
                        let app = App::new(ui.ctx(), link, options);
                        prepare(ui.ctx());
                        app
                    });
                    app.logic(ui.ctx());
                    // The harness leaves a margin, a window has none.
                    let whole = ui.ctx().content_rect();
                    let mut ui = ui.new_child(UiBuilder::new().max_rect(whole));
                    ui.set_clip_rect(whole);
                    app.show(&mut ui);
                },
                None,
            );
        let mut window = Self { harness, snapshots, remote_video, self_video, intents, textures };
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

    /// Chooses something of what is behind More in a call.
    pub(crate) fn more(&mut self, item: &str) {
        self.click("More");
        self.harness.get_by_role_and_label(Role::MenuItem, item).click();
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

    /// What the last pass shows.
    pub(crate) fn picture(&self) -> Picture {
        let (output, scale) = (self.harness.output(), self.harness.ctx.pixels_per_point());
        let triangles = self.harness.ctx.tessellate(output.shapes.clone(), scale);
        let size = self.harness.ctx.content_rect().size() * scale;
        let size = [size.x.round() as u32, size.y.round() as u32];
        visavis_rasterizer::paint(&triangles, &self.textures.borrow(), size, scale, [0; 3])
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// The texts that the last pass paints so that they can be seen.
    pub(crate) fn texts(&self) -> Vec<String> {
        fn look(shape: &Shape, found: &mut Vec<String>) {
            match shape {
                Shape::Vec(shapes) => shapes.iter().for_each(|shape| look(shape, found)),
                Shape::Text(text) if text.opacity_factor > 0.9 => {
                    found.push(text.galley.text().to_owned());
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        self.harness.output().shapes.iter().for_each(|shape| look(&shape.shape, &mut found));
        found
    }

    /// What was asked of the session since the last time, but for looking nearby, which goes with
    /// what is shown.
    pub(crate) fn asked(&mut self) -> Vec<Intent> {
        let mut asked = self.asked_in_all();
        asked.retain(|intent| !matches!(intent, Intent::LookNearby(_)));
        asked
    }

    /// The same with that.
    pub(crate) fn asked_in_all(&mut self) -> Vec<Intent> {
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

    /// Closes the window as the system does. Returns what it asked of the system in that pass.
    pub(crate) fn close(&mut self) -> Vec<ViewportCommand> {
        let root = self.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
        root.events.push(ViewportEvent::Close);
        self.harness.run_steps(1);
        let commands = self.commands();
        self.settle();
        commands
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

/// With somebody whose key is that of earlier calls.
pub(crate) fn with_call(call: CallPhase) -> Snapshot {
    let standing = Standing::Same { key: PublicKey([1; 32]), confirmed: false };
    let trust = Some(CallTrust { standing, code: CodeState::None, page: false });
    Snapshot { call, trust, ..logged_in() }
}

pub(crate) fn in_call() -> Snapshot {
    with_call(CallPhase::InCall { peer: name("bob"), since: ago(187) })
}

/// The same call each time: what is put before a window by it goes on where it was.
pub(crate) fn same_call() -> Snapshot {
    static CALL: OnceLock<Snapshot> = OnceLock::new();
    CALL.get_or_init(in_call).clone()
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
