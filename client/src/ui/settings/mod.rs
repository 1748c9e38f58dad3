//! The settings: their sections at the left, or in a list above where it is narrow, and the chosen
//! section's page.
//!
//! In: the settings as they are, the session's snapshot, one's own picture, and where things are
//! kept. Out: the settings as they are to be, which hold at once, and intents. What always holds:
//! the preview, and whatever is tried out, end with the page that shows them; a call that comes in
//! or is placed is seen, and the settings come back after it as they were.

mod about;
mod appearance;
pub(super) mod applying;
mod calls;
mod data;
mod devices;
mod downloads;
mod key;
mod network;
mod notifications;
mod profile;
mod rows;
pub(super) mod shortcuts;
mod trial;

use std::path::PathBuf;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Context, CornerRadius, Frame, Id, Key, Margin, Modifiers, Popup, Rect, Response, ScrollArea,
    Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::action::{Action, Actions};
use super::design::component::SETTINGS_BAR;
use super::design::{Icon, Palette, TypeStyle, layout, radius, size, space};
use super::video_view::VideoView;
use super::widgets;
use crate::call::event::CallPhase;
use crate::session::snapshot::Snapshot;
use crate::settings::Settings;
use crate::words::text;

/// Where the program keeps what it keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// Keys, contacts and calls.
    pub data: Option<PathBuf>,
    /// The settings.
    pub settings: Option<PathBuf>,
}

/// What a page is made of.
pub(super) struct Page<'a> {
    pub(super) settings: &'a Settings,
    pub(super) snapshot: &'a Snapshot,
    pub(super) own: &'a VideoView,
    pub(super) folders: &'a Folders,
    /// Whether there is a tray.
    pub(super) tray: bool,
}

impl Page<'_> {
    /// Whether there is no call, so that devices can be tried out.
    fn is_between_calls(&self) -> bool {
        self.snapshot.call.is_between_calls()
    }
}

/// The sections, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Section {
    #[default]
    Profile,
    Devices,
    Calls,
    Network,
    Notifications,
    Appearance,
    Shortcuts,
    Data,
    About,
}

impl Section {
    const ALL: [Self; 9] = [
        Self::Profile,
        Self::Devices,
        Self::Calls,
        Self::Network,
        Self::Notifications,
        Self::Appearance,
        Self::Shortcuts,
        Self::Data,
        Self::About,
    ];

    fn icon(self) -> Icon {
        match self {
            Self::Profile => Icon::User,
            Self::Devices => Icon::Camera,
            Self::Calls => Icon::Phone,
            Self::Network => Icon::Globe,
            Self::Notifications => Icon::Bell,
            Self::Appearance => Icon::Contrast,
            Self::Shortcuts => Icon::Keyboard,
            Self::Data => Icon::Folder,
            Self::About => Icon::Info,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Profile => text!("settings-profile"),
            Self::Devices => text!("settings-devices"),
            Self::Calls => text!("settings-calls"),
            Self::Network => text!("settings-network"),
            Self::Notifications => text!("settings-notifications"),
            Self::Appearance => text!("settings-appearance"),
            Self::Shortcuts => text!("settings-shortcuts"),
            Self::Data => text!("settings-data"),
            Self::About => text!("settings-about"),
        }
    }
}

/// What the settings remember from pass to pass.
#[derive(Default)]
pub(super) struct SettingsPage {
    open: bool,
    /// A call has come or was placed since; it is seen, until it is over.
    aside: bool,
    /// What had the keyboard when they were opened, and has it again when they are put away.
    opener: Option<Id>,
    /// Whether a list was open or a field had the keyboard.
    takes_keys: bool,
    /// Whether the keyboard is to go to the chosen section.
    arrives: bool,
    section: Section,
    devices: devices::DevicesPage,
    network: network::NetworkPage,
    notifications: notifications::NotificationsPage,
    profile: profile::ProfilePage,
    data: data::DataPage,
}

impl SettingsPage {
    /// Shows them, or puts them away.
    pub(super) fn open(&mut self, ctx: &Context, open: bool) {
        if open && !self.open {
            (self.opener, self.arrives) = (widgets::focus::opener(ctx), true);
        } else if let Some(opener) = self.opener.take().filter(|_| !open) {
            ctx.memory_mut(|memory| memory.request_focus(opener));
        }
        (self.open, self.aside) = (open, false);
        if open {
            // What was typed last time and not taken is gone.
            (self.network, self.notifications, self.profile, self.data) = Default::default();
        }
    }

    /// Shows where devices are chosen.
    pub(super) fn open_devices(&mut self, ctx: &Context) {
        self.open(ctx, true);
        self.section = Section::Devices;
    }

    /// Shows them where the key of another computer is brought here.
    pub(super) fn open_key(&mut self, ctx: &Context) {
        self.open(ctx, true);
        self.section = Section::Data;
        self.data.bring_key();
    }

    /// Whether they are what is seen while the call is so.
    pub(super) fn is_seen(&mut self, call: &CallPhase) -> bool {
        match call {
            CallPhase::Idle => self.aside = false,
            CallPhase::Ringing { .. }
            | CallPhase::Calling { .. }
            | CallPhase::Connecting { .. } => {
                self.aside = true;
            }
            // Whoever opens them in a call wants to see them there.
            CallPhase::InCall { .. } | CallPhase::Reconnecting { .. } | CallPhase::Ended { .. } => {
            }
        }
        self.open && !self.aside
    }

    /// Ends what ends with the page, where it is not seen.
    pub(super) fn rest(&mut self, actions: &mut Actions) {
        self.devices.leave(actions);
        self.notifications.leave(actions);
    }

    /// Shows them, where everything else would be.
    pub(super) fn show(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let window = ui.available_rect_before_wrap();
        let mut kept = page.settings.clone();
        if window.width() < layout::TWO_COLUMNS {
            self.head_above(ui, window, actions);
            self.pane(ui, space::S4, page, &mut kept, actions);
        } else {
            let split = window.left() + SETTINGS_BAR;
            let left = Rect::from_min_max(window.min, pos2(split, window.bottom()));
            let right = Rect::from_min_max(pos2(split, window.top()), window.max);
            ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
                self.side_bar(ui, left, actions);
            });
            ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
                let margin = if window.width() >= layout::WIDE { space::S10 } else { space::S6 };
                self.pane(ui, margin, page, &mut kept, actions);
            });
        }
        if self.section != Section::Devices {
            self.devices.leave(actions);
        }
        if self.section != Section::Notifications {
            self.notifications.leave(actions);
        }
        if kept != *page.settings {
            actions.push(Action::Change(Box::new(kept)));
        }
        let ctx = ui.ctx();
        // An open list, and a field, take Escape for themselves: they are gone by now.
        let takes_keys = Popup::is_any_open(ctx) || ctx.text_edit_focused();
        let took_keys = std::mem::replace(&mut self.takes_keys, takes_keys);
        if !takes_keys
            && !took_keys
            && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape))
        {
            actions.push(Action::Settings(false));
        }
    }

    fn head_above(&mut self, ui: &mut Ui, window: Rect, actions: &mut Actions) {
        let margin = Margin { left: space::S2 as i8, right: space::S4 as i8, ..Margin::ZERO };
        Frame::NONE.fill(Palette::of(ui.visuals()).panel).inner_margin(margin).show(ui, |ui| {
            ui.set_width(window.width() - space::S2 - space::S4);
            ui.horizontal(|ui| {
                ui.set_height(size::ROW);
                back(ui, actions);
                let title = ui.label(TypeStyle::Heading.text(text!("settings")));
                title.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text!("settings")));
                let sections = Section::ALL.map(|section| (section.name(), section));
                let caption = widgets::hidden_caption(ui, &text!("settings-section"));
                let width = ui.available_width();
                if let Some(section) =
                    widgets::choice(ui, &caption, &sections, &self.section, width)
                {
                    self.section = section;
                }
            });
        });
    }

    fn side_bar(&mut self, ui: &mut Ui, place: Rect, actions: &mut Actions) {
        let p = Palette::of(ui.visuals());
        ui.painter().rect_filled(place, 0.0, p.panel);
        let line = Stroke::new(size::HAIRLINE, p.line);
        ui.painter().vline(place.right() - size::HAIRLINE / 2.0, place.y_range(), line);
        let margin = Margin::symmetric(space::S2 as i8, space::S3 as i8);
        Frame::NONE.inner_margin(margin).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_height(size::CONTROL_LG);
                back(ui, actions);
                let title = ui.label(TypeStyle::Heading.text(text!("settings")));
                title.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text!("settings")));
            });
            ScrollArea::vertical().id_salt("sections").auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S1;
                for section in Section::ALL {
                    let chosen = self.section == section;
                    let entry = entry(ui, section, chosen);
                    if chosen && std::mem::take(&mut self.arrives) {
                        entry.request_focus();
                    }
                    if entry.clicked() {
                        self.section = section;
                    }
                }
            });
        });
    }

    fn pane(
        &mut self,
        ui: &mut Ui,
        margin: f32,
        page: &Page<'_>,
        kept: &mut Settings,
        actions: &mut Actions,
    ) {
        // Each section is scrolled for itself.
        let scrolled = Id::unique("settings-page").with(self.section.icon() as usize);
        ScrollArea::vertical().id_salt(scrolled).auto_shrink(false).show(ui, |ui| {
            let whole = ui.available_width();
            let wide = ui.ctx().content_rect().width() >= layout::VERY_WIDE;
            let most = if wide { layout::CONTENT_WIDE } else { layout::CONTENT };
            let content = (whole - 2.0 * margin).min(most);
            let before = if wide { (whole - content) / 2.0 } else { margin };
            let above = Margin::symmetric(0, space::S4 as i8);
            Frame::NONE.inner_margin(above).show(ui, |ui| {
                let top = ui.cursor().min;
                let left = pos2(top.x + before, top.y);
                let place = Rect::from_min_size(left, vec2(content, f32::INFINITY));
                ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
                    ui.set_width(content);
                    ui.spacing_mut().item_spacing.y = space::S2;
                    rows::heading(ui, &self.section.name());
                    match self.section {
                        Section::Profile => self.profile.show(ui, page, actions),
                        Section::Devices => self.devices.show(ui, page, kept, actions),
                        Section::Calls => calls::show(ui, page, kept),
                        Section::Network => self.network.show(ui, page, kept),
                        Section::Notifications => self.notifications.show(ui, page, kept, actions),
                        Section::Appearance => appearance::show(ui, kept),
                        Section::Shortcuts => shortcuts::show(ui, &mut kept.shortcuts),
                        Section::Data => self.data.show(ui, page, actions),
                        Section::About => about::show(ui),
                    }
                });
            });
        });
    }
}

fn back(ui: &mut Ui, actions: &mut Actions) {
    if widgets::icon_button(ui, Icon::ChevronLeft, &text!("back")).clicked() {
        actions.push(Action::Settings(false));
    }
}

/// A section among the others.
fn entry(ui: &mut Ui, section: Section, chosen: bool) -> Response {
    let p = Palette::of(ui.visuals());
    let extent = vec2(ui.available_width(), size::CONTROL);
    let (rect, response) = ui.allocate_exact_size(extent, Sense::click());
    let name = section.name();
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, &name));
    let fill = match (chosen, response.hovered()) {
        (true, _) => p.accent_soft,
        (false, true) => p.raised,
        (false, false) => p.panel,
    };
    ui.painter().rect_filled(rect, CornerRadius::same(radius::MD), fill);
    let icon = Rect::from_center_size(
        pos2(rect.left() + space::S3 + size::ICON / 2.0, rect.center().y),
        vec2(size::ICON, size::ICON),
    );
    section.icon().paint(ui.painter(), icon, if chosen { p.accent } else { p.text_2 });
    let left = icon.right() + space::S3;
    let words = TypeStyle::Body.layout(&name, p.text, rect.right() - left - space::S2, false);
    let galley = ui.painter().layout_job(words);
    ui.painter().galley(pos2(left, rect.center().y - galley.size().y / 2.0), galley, p.text);
    widgets::focus::ring(ui, &response, radius::MD);
    response
}

/// Says what a page's changes are for, while there is a call.
fn from_next_call(ui: &mut Ui, page: &Page<'_>) {
    if !page.is_between_calls() {
        rows::note(ui, &text!("from-the-next-call-on"));
        ui.add_space(space::S1);
    }
}
