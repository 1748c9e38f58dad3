//! Which server to log in to: by its address, with those of the last log-ins below, by an
//! invitation, or a word about how to get one.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    CornerRadius, Frame, Id, Label, Margin, Rect, Response, Sense, Ui, UiBuilder, Vec2, WidgetInfo,
    pos2, vec2,
};

use crate::invitation::{Invitation, MOST_BYTES, Whom};
use crate::session::log_in_form::{ServerAddress, THIS_COMPUTER};
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::ui::widgets::{self, Mark, Segment};
use crate::words::{Phrase, phrase, text};

/// The longest server address that can be typed, in characters.
const MAX_SERVER_CHARS: usize = 255;
/// So many servers of the last log-ins are listed.
const RECENT_SHOWN: usize = 3;

/// How the server is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    #[default]
    Address,
    Invitation,
    None,
}

const WAYS: [Way; 3] = [Way::Address, Way::Invitation, Way::None];

/// Where to log in, and to whom an invitation leads from there.
pub(super) struct Target {
    pub(super) server: String,
    pub(super) invitation: Option<Invitation>,
}

/// What was used of it.
pub(super) struct Shown {
    /// What one types into, where there is something.
    pub(super) field: Option<Response>,
    /// Whether Enter was pressed in it.
    pub(super) entered: bool,
}

#[derive(Default)]
pub(super) struct ServerForm {
    way: Way,
    address: ServerAddress,
    link: String,
    invited: Option<Invitation>,
    problem: Option<Phrase>,
}

impl ServerForm {
    pub(super) fn seed(&mut self, server: &str) {
        if self.address.text.is_empty() {
            self.address = ServerAddress::of(server);
        }
    }

    pub(super) fn invite(&mut self, invitation: Invitation) {
        self.address = ServerAddress::shortest(&invitation.server());
        self.invited = Some(invitation);
        self.way = Way::Address;
        self.problem = None;
        self.link.clear();
    }

    /// Whoever types the address of another server goes somewhere else.
    fn drop_invitation(&mut self) {
        let server = self.address.server();
        self.invited = self.invited.take().filter(|invitation| invitation.is_at(&server));
    }

    /// What the button to log in says.
    pub(super) fn button(&self) -> String {
        if self.way == Way::None { text!("log-in-here") } else { text!("log-in") }
    }

    /// Where to log in; `None` says why not.
    pub(super) fn target(&mut self) -> Option<Target> {
        let server = match self.way {
            Way::None => THIS_COMPUTER.to_owned(),
            Way::Address => self.address.server(),
            Way::Invitation => {
                self.problem = Some(if self.link.trim().is_empty() {
                    phrase!("invitation-missing")
                } else {
                    phrase!("invitation-invalid")
                });
                return None;
            }
        };
        if server.is_empty() {
            let example = phrase!("server-example");
            self.problem = Some(phrase!("server-missing", example = example));
            return None;
        }
        self.problem = None;
        let invitation = self.invited.clone().filter(|invitation| invitation.is_at(&server));
        Some(Target { server, invitation })
    }

    /// Whom the invitation is to, if there is one.
    pub(super) fn show_invited(&self, ui: &mut Ui) {
        let server = self.address.server();
        let Some(invitation) = self.invited.as_ref().filter(|one| one.is_at(&server)) else {
            return;
        };
        let at = &self.address.text;
        let words = match invitation.whom() {
            Whom::Person(name) => text!("invited-to-person", name = name, server = at),
            Whom::Room(room) => text!("invited-to-room", room = room.as_str(), server = at),
        };
        let p = Palette::of(ui.visuals());
        let line = Frame::new()
            .fill(p.accent_soft)
            .corner_radius(CornerRadius::same(radius::MD))
            .inner_margin(Margin::symmetric(space::S3 as i8, space::S2 as i8))
            .show(ui, |ui| {
                ui.take_available_width();
                ui.add(Label::new(TypeStyle::Small.text(words).color(p.text)).wrap())
            });
        widgets::announce(ui, &line.inner, Live::Polite);
        ui.add_space(space::S1);
    }

    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        failure: Option<&Phrase>,
        low: bool,
        recent: &[String],
        actions: &mut Actions,
    ) -> Shown {
        let caption = if low {
            widgets::hidden_caption(ui, &text!("server"))
        } else {
            widgets::caption(ui, &text!("server"))
        };
        let (address, invitation, none) =
            (text!("by-address"), text!("by-invitation"), text!("start-one"));
        let ways = [&address, &invitation, &none].map(|words| Segment::new(words));
        let shown = WAYS.iter().position(|way| *way == self.way).unwrap_or(0);
        if let Some(chosen) = widgets::segments(ui, Id::unique("ways-to-a-server"), &ways, shown) {
            self.way = WAYS.get(chosen).copied().unwrap_or_default();
            self.problem = None;
        }
        match self.way {
            Way::Address => self.by_address(ui, &caption, failure, low, recent, actions),
            Way::Invitation => self.by_invitation(ui),
            Way::None => {
                start_here(ui);
                Shown { field: None, entered: false }
            }
        }
    }

    fn by_address(
        &mut self,
        ui: &mut Ui,
        caption: &Response,
        failure: Option<&Phrase>,
        low: bool,
        recent: &[String],
        actions: &mut Actions,
    ) -> Shown {
        let problem = self.problem.clone().or_else(|| failure.cloned());
        let icon = match (self.address.text.trim(), self.address.is_encrypted()) {
            ("", _) => Icon::Globe,
            (_, true) => Icon::Lock,
            (_, false) => Icon::LockOpen,
        };
        let mark = Mark { icon: Some(icon), wrong: problem.is_some(), secret: false };
        let (hint, width) = (text!("server-example"), ui.available_width());
        let text = &mut self.address.text;
        let field = widgets::marked_field(ui, caption, &hint, text, MAX_SERVER_CHARS, width, mark);
        if field.changed() {
            self.problem = None;
            self.drop_invitation();
            // An invitation in the wrong place is one all the same.
            if let Ok(invitation) = Invitation::parse(&self.address.text) {
                self.invite(invitation);
            }
        }
        if field.lost_focus() {
            self.address.hide_scheme();
        }
        if let Some(problem) = &problem {
            widgets::warning(ui, &problem.text(), Live::Assertive);
        }
        if self.address.text.trim().is_empty() {
            if recent.is_empty() {
                widgets::hint(ui, &text!("server-help"));
            }
        } else if !self.address.is_this_machine() {
            self.encryption(ui, low);
        }
        if !low {
            self.recent(ui, recent, actions);
        }
        Shown { entered: widgets::submitted(&field), field: Some(field) }
    }

    /// Says whether the connection is encrypted, which can be chosen.
    fn encryption(&mut self, ui: &mut Ui, low: bool) {
        let mut encrypted = self.address.is_encrypted();
        if widgets::switch(ui, &mut encrypted, &text!("encrypted-connection")).changed() {
            self.address.encrypt(encrypted);
            self.drop_invitation();
        }
        let words = if encrypted { text!("server-is-encrypted") } else { text!("server-is-open") };
        if !low || !encrypted {
            let line = widgets::hint(ui, &words);
            widgets::announce(ui, &line, Live::Polite);
        }
    }

    /// The servers of the last log-ins, where an address is asked for.
    pub(super) fn recent(&mut self, ui: &mut Ui, recent: &[String], actions: &mut Actions) {
        let invited = self.invited.is_some();
        if recent.is_empty() || invited || self.way != Way::Address {
            return;
        }
        ui.add_space(space::S1);
        let list = UiBuilder::new().accessibility_role(Role::List);
        let list = ui.scope_builder(list, |ui| {
            for server in recent.iter().take(RECENT_SHOWN) {
                let address = ServerAddress::of(server);
                match recent_row(ui, &address, self.address.is_same(&address)) {
                    Some(Use::Choose) => {
                        self.address = address;
                        self.problem = None;
                    }
                    Some(Use::Forget) => actions.push(Action::ForgetServer(server.clone())),
                    None => {}
                }
            }
        });
        let name = text!("recent-servers");
        ui.ctx().accesskit_node_builder(list.response.id, |node| node.set_label(name.as_str()));
    }

    fn by_invitation(&mut self, ui: &mut Ui) -> Shown {
        let caption = widgets::hidden_caption(ui, &text!("invitation"));
        let mark = Mark { icon: Some(Icon::Link), wrong: self.problem.is_some(), secret: false };
        let (hint, width) = (text!("invitation-hint"), ui.available_width());
        let field =
            widgets::marked_field(ui, &caption, &hint, &mut self.link, MOST_BYTES, width, mark);
        if field.changed() {
            self.problem = None;
            match Invitation::parse(&self.link) {
                Ok(invitation) => self.invite(invitation),
                // Pasted as a whole, it is wrong; while it is typed, it may become right.
                Err(_) if self.link.trim().len() > 1 && pasted(ui) => {
                    self.problem = Some(phrase!("invitation-invalid"));
                }
                Err(_) => {}
            }
        }
        match &self.problem {
            Some(problem) => widgets::warning(ui, &problem.text(), Live::Assertive),
            None => {
                widgets::hint(ui, &text!("invitation-help"));
            }
        }
        Shown { entered: widgets::submitted(&field), field: Some(field) }
    }
}

/// Whether something was pasted just now.
fn pasted(ui: &Ui) -> bool {
    ui.input(|input| input.events.iter().any(|e| matches!(e, eframe::egui::Event::Paste(_))))
}

enum Use {
    Choose,
    Forget,
}

/// A server of one of the last log-ins: chosen by a click, forgotten by the button at its end.
fn recent_row(ui: &mut Ui, address: &ServerAddress, chosen: bool) -> Option<Use> {
    let p = Palette::of(ui.visuals());
    let extent = vec2(ui.available_width(), size::CONTROL);
    let (rect, row) = ui.allocate_exact_size(extent, Sense::click());
    let button_place = Rect::from_center_size(
        pos2(rect.right() - size::CONTROL / 2.0, rect.center().y),
        Vec2::splat(size::CONTROL_SM),
    );
    let forget = ui.interact(button_place, row.id.with("forget"), Sense::click());
    let (server, encrypted) = (address.text.as_str(), address.is_encrypted());
    let name = if encrypted {
        text!("encrypted-server", server = server)
    } else {
        text!("open-server", server = server)
    };
    row.widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), chosen, &name));
    let forget_name = text!("forget-server", server = server);
    forget.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &forget_name));
    let lit = row.contains_pointer() || forget.hovered();
    if chosen || lit {
        let ground = if chosen { p.accent_soft } else { p.raised };
        ui.painter().rect_filled(rect, radius::MD, ground);
    }
    let left = rect.left() + space::S3 + size::ICON / 2.0;
    let icon = if encrypted { Icon::Lock } else { Icon::LockOpen };
    let place = Rect::from_center_size(pos2(left, rect.center().y), Vec2::splat(size::ICON));
    icon.paint(ui.painter(), place, p.text_2);
    let from = place.right() + space::S2;
    let words = TypeStyle::Body.layout(server, p.text, button_place.left() - from, false);
    let galley = ui.painter().layout_job(words);
    let at = pos2(from, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, p.text);
    if lit || forget.has_focus() || row.has_focus() {
        let cross = Rect::from_center_size(button_place.center(), Vec2::splat(size::ICON_SM));
        let ink = if forget.hovered() { p.text } else { p.text_2 };
        Icon::Close.paint(ui.painter(), cross, ink);
    } else if chosen {
        let tick = Rect::from_center_size(button_place.center(), Vec2::splat(size::ICON));
        Icon::Check.paint(ui.painter(), tick, p.accent);
    }
    widgets::focus::ring(ui, &row, radius::MD);
    widgets::focus::ring(ui, &forget, radius::MD);
    if forget.on_hover_text(forget_name).clicked() {
        return Some(Use::Forget);
    }
    row.clicked().then_some(Use::Choose)
}

/// How to get a server.
fn start_here(ui: &mut Ui) {
    let p = Palette::of(ui.visuals());
    let corners = CornerRadius::same(radius::MD);
    let frame = Frame::new().fill(p.raised).corner_radius(corners);
    frame.inner_margin(Margin::same(space::S3 as i8)).show(ui, |ui| {
        ui.take_available_width();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S3;
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
            Icon::Laptop.paint(ui.painter(), rect, p.accent);
            ui.vertical(|ui| {
                ui.add(Label::new(TypeStyle::SmallStrong.text(text!("start-here"))).wrap());
                let line = TypeStyle::Small.text(text!("start-here-line")).color(p.text_2);
                ui.add(Label::new(line).wrap());
            });
        });
    });
}
