//! The questions of the panel: whether to open a link, where to save what was said, which file to
//! send by its path.

use std::path::{Path, PathBuf};

use eframe::egui::{Align, Context, Id, Label, Layout, Ui};

use crate::conversation::{Command, LinkTarget};
use crate::session::snapshot::Intent;
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Palette, TypeStyle, space};
use crate::ui::outside::Question;
use crate::ui::widgets::{self, Tone};
use crate::ui::{clock, design::Icon};
use crate::words::{Phrase, phrase, text, when};

/// No path is longer.
const MOST_CHARS: usize = 4096;

/// One of them, while it is open.
#[derive(Debug)]
pub(super) enum Dialog {
    /// Whether to open this link.
    Link(LinkTarget),
    /// Where to save what was said.
    Save(Typed),
    /// What to send.
    Path(Typed),
}

/// A path that is being typed.
#[derive(Debug, Default)]
pub(super) struct Typed {
    path: String,
    problem: Option<Phrase>,
}

impl Dialog {
    /// Asks where to save what was said with somebody.
    pub(super) fn save(peer: &str) -> Self {
        let now = clock::today();
        let time = when(now, now);
        let name = text!("text-file-name", peer = peer, time = time);
        // Whatever a name has, the file stays in its folder.
        let safe = |c: char| if c.is_alphanumeric() || "-_. ()".contains(c) { c } else { '.' };
        let name: String = name.chars().map(safe).collect();
        let path = std::env::home_dir().unwrap_or_default().join(name).display().to_string();
        Self::Save(Typed { path, problem: None })
    }

    /// Asks for a path to send.
    pub(super) fn path() -> Self {
        Self::Path(Typed::default())
    }

    /// A path that was chosen elsewhere.
    pub(super) fn take_path(&mut self, path: PathBuf) {
        match self {
            Self::Save(typed) | Self::Path(typed) => {
                *typed = Typed { path: path.display().to_string(), problem: None };
            }
            Self::Link(_) => {}
        }
    }

    /// Shows it. Returns whether it is to be put away.
    pub(super) fn show(&mut self, ctx: &Context, actions: &mut Actions) -> bool {
        match self {
            Self::Link(link) => ask_link(ctx, link, actions),
            Self::Save(typed) => {
                let done = |path: &Path| Command::Save(path.to_path_buf());
                let wrong = |path: &Path| {
                    let whole = path.is_absolute() && path.file_name().is_some();
                    (!whole).then(|| phrase!("export-file-wrong"))
                };
                let words = (text!("save-text"), text!("export-file"), text!("save-text-now"));
                let browse = path_name(&typed.path).map(Question::SaveAs);
                typed.show(ctx, words, browse, (wrong, done), actions)
            }
            Self::Path(typed) => {
                let done = |path: &Path| Command::Offer(vec![path.to_path_buf()]);
                let wrong = |path: &Path| {
                    let there = path.is_absolute() && path.exists();
                    (!there).then(|| phrase!("attach-path-wrong"))
                };
                let words =
                    (text!("attach-path-title"), text!("attach-path-field"), text!("send-message"));
                typed.show(ctx, words, None, (wrong, done), actions)
            }
        }
    }
}

fn path_name(path: &str) -> Option<String> {
    Some(Path::new(path).file_name()?.to_string_lossy().into_owned())
}

impl Typed {
    fn show(
        &mut self,
        ctx: &Context,
        (title, field, button): (String, String, String),
        browse: Option<Question>,
        (wrong, done): (impl Fn(&Path) -> Option<Phrase>, impl Fn(&Path) -> Command),
        actions: &mut Actions,
    ) -> bool {
        let id = Id::unique("path-dialog");
        let (sent, closed) = widgets::closable(ctx, id, &title, &text!("cancel"), |ui| {
            ui.add_space(space::S2);
            let caption = widgets::caption(ui, &field);
            ui.add_space(space::S1);
            let width = ui.available_width();
            let typed = widgets::text_field(ui, &caption, "", &mut self.path, MOST_CHARS, width);
            if typed.changed() {
                self.problem = None;
            }
            let mut wanted = widgets::submitted(&typed);
            if ui.memory(|memory| memory.focused().is_none()) {
                typed.request_focus();
            }
            if let Some(problem) = &self.problem {
                ui.add_space(space::S1);
                widgets::warning(ui, &problem.text(), eframe::egui::accesskit::Live::Polite);
            }
            ui.add_space(space::S4);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                wanted |= widgets::button(ui, Tone::Accent, None, &button, 0.0).clicked();
                if let Some(question) = browse
                    && widgets::button(ui, Tone::Plain, None, &text!("choose-place"), 0.0).clicked()
                {
                    actions.push(Action::ChooseFiles(question));
                }
            });
            if !wanted {
                return false;
            }
            let path = PathBuf::from(self.path.trim());
            self.problem = wrong(&path);
            if self.problem.is_none() {
                actions.send(Intent::Converse(done(&path)));
            }
            self.problem.is_none()
        });
        sent || closed
    }
}

/// Asks whether to open a link, and says where it leads.
fn ask_link(ctx: &Context, target: &LinkTarget, actions: &mut Actions) -> bool {
    let link = target.address.as_str();
    let title = text!("open-link-title", host = &target.host);
    let id = Id::unique("open-link");
    let (done, closed) = widgets::closable(ctx, id, &title, &text!("cancel"), |ui| {
        ui.add_space(space::S2);
        let ink = Palette::of(ui.visuals()).text_2;
        let words = TypeStyle::Body.text(link).color(ink);
        ui.add(Label::new(words).wrap().selectable(true));
        ui.add_space(space::S4);
        ui.horizontal_wrapped(|ui| buttons(ui, link, actions)).inner
    });
    done || closed
}

/// Returns whether one was pressed. What has the keyboard is what opens nothing.
fn buttons(ui: &mut Ui, link: &str, actions: &mut Actions) -> bool {
    let opens = widgets::button(ui, Tone::Accent, Some(Icon::Globe), &text!("open-link"), 0.0);
    let copies = widgets::button(ui, Tone::Plain, Some(Icon::Copy), &text!("copy-link"), 0.0);
    if ui.memory(|memory| memory.focused().is_none()) {
        copies.request_focus();
    }
    if opens.clicked() {
        actions.push(Action::OpenLink(link.to_owned()));
    }
    if copies.clicked() {
        ui.ctx().copy_text(link.to_owned());
    }
    opens.clicked() || copies.clicked()
}
