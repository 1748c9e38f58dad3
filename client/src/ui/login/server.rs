//! Which server to log in to: one nearby, one by its address or by an invitation, with those of the
//! last log-ins below, or one that is started here.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    CornerRadius, Event, Frame, Id, Label, Margin, Rect, Response, Sense, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::nearby;
use crate::invitation::{Invitation, MOST_BYTES, Whom};
use crate::session::log_in_form::ServerAddress;
use crate::session::snapshot::{Hosted, Snapshot};
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::ui::widgets::{self, Mark, Segment, Tone};
use crate::words::{Phrase, phrase, text};

/// So many servers of the last log-ins are listed.
const RECENT_SHOWN: usize = 3;

/// How the server is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    #[default]
    Nearby,
    Address,
    Here,
}

const WAYS: [Way; 3] = [Way::Nearby, Way::Address, Way::Here];

/// Where to log in.
pub(super) enum Target {
    /// At a server, and to whom an invitation leads from there.
    Server(String, Option<Invitation>),
    /// At one that is started here.
    Here,
}

/// What the form is shown with.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// The servers of the last log-ins.
    pub(super) recent: &'a [String],
    /// Whether there is little room.
    pub(super) low: bool,
}

/// What was used of it.
pub(super) struct Shown {
    /// What one types into, where there is something.
    pub(super) field: Option<Response>,
    /// Whether Enter was pressed in it.
    pub(super) entered: bool,
    /// Whether something else was chosen.
    pub(super) changed: bool,
}

impl Shown {
    fn nothing_typed(changed: bool) -> Self {
        Self { field: None, entered: false, changed }
    }
}

#[derive(Default)]
pub(super) struct ServerForm {
    way: Way,
    /// The person has used the form: what is remembered changes it no more.
    used: bool,
    /// The address of the one nearby that was chosen.
    nearby: Option<String>,
    address: ServerAddress,
    invited: Option<Invitation>,
    problem: Option<Phrase>,
}

impl ServerForm {
    /// Begins with what was used last: a server, or one that was started here.
    pub(super) fn seed(&mut self, server: &str, here: bool) {
        if self.used || !self.address.text.is_empty() {
            return;
        }
        self.address = ServerAddress::of(server);
        if here {
            self.way = Way::Here;
        } else if !self.address.text.is_empty() {
            self.way = Way::Address;
        }
    }

    pub(super) fn invite(&mut self, invitation: Invitation) {
        self.address = ServerAddress::shortest(&invitation.server());
        self.invited = Some(invitation);
        self.way = Way::Address;
        self.problem = None;
        self.used = true;
    }

    /// Whether servers nearby are shown.
    pub(super) fn looks_nearby(&self) -> bool {
        self.way == Way::Nearby
    }

    /// Whoever types the address of another server goes somewhere else.
    fn drop_invitation(&mut self) {
        let server = self.address.server();
        self.invited = self.invited.take().filter(|invitation| invitation.is_at(&server));
    }

    /// What the button to log in says.
    pub(super) fn button(&self, snapshot: &Snapshot) -> String {
        if self.way == Way::Here && snapshot.hosting.is_none() {
            text!("start-and-log-in")
        } else {
            text!("log-in")
        }
    }

    /// Where to log in; `None` says why not.
    pub(super) fn target(&mut self, snapshot: &Snapshot) -> Option<Target> {
        self.used = true;
        let target = match self.way {
            Way::Here => Ok(Target::Here),
            Way::Nearby => self.chosen_nearby(snapshot).ok_or_else(|| phrase!("nearby-choose")),
            Way::Address if Invitation::is_meant(&self.address.text) => {
                match Invitation::parse(&self.address.text) {
                    // It is shown before anything connects.
                    Ok(invitation) => {
                        self.invite(invitation);
                        return None;
                    }
                    Err(error) => Err(error.words()),
                }
            }
            Way::Address => self.typed(),
        };
        match target {
            Ok(target) => {
                self.problem = None;
                Some(target)
            }
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    /// The one nearby that was chosen, while it is there.
    fn chosen_nearby(&self, snapshot: &Snapshot) -> Option<Target> {
        let chosen = self.nearby.as_ref()?;
        let row = snapshot.nearby.iter().find(|row| row.url == *chosen)?;
        Some(Target::Server(row.url.clone(), None))
    }

    fn typed(&self) -> Result<Target, Phrase> {
        let server = self.address.server();
        if server.is_empty() {
            return Err(phrase!("server-missing", example = phrase!("server-example")));
        }
        let invitation = self.invited.clone().filter(|invitation| invitation.is_at(&server));
        Ok(Target::Server(server, invitation))
    }

    /// Whom the invitation is to, if there is one.
    pub(super) fn show_invited(&self, ui: &mut Ui) {
        let server = self.address.server();
        let invited = self.invited.as_ref().filter(|one| one.is_at(&server));
        let Some(invitation) = invited.filter(|_| self.way == Way::Address) else { return };
        let at = &self.address.text;
        let words = match invitation.whom() {
            Some(Whom::Person(name)) => text!("invited-to-person", name = name, server = at),
            Some(Whom::Room(room)) => {
                text!("invited-to-room", room = room.as_str(), server = at)
            }
            None => text!("invited-to-server", server = at),
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
        view: View<'_>,
        failure: Option<&Phrase>,
        actions: &mut Actions,
    ) -> Shown {
        let looks = self.way == Way::Nearby;
        let caption = nearby::caption(ui, view, looks);
        let ways = [text!("nearby"), text!("by-address"), text!("start-one")];
        let ways: Vec<Segment<'_>> = ways.iter().map(|words| Segment::new(words)).collect();
        let ways = if view.snapshot.can_host { &ways[..] } else { &ways[..WAYS.len() - 1] };
        let shown = WAYS.iter().position(|way| *way == self.way).unwrap_or(0);
        let mut changed = false;
        if let Some(chosen) = widgets::segments(ui, Id::unique("ways-to-a-server"), ways, shown) {
            self.way = WAYS.get(chosen).copied().unwrap_or_default();
            self.problem = None;
            self.used = true;
            changed = true;
        }
        match self.way {
            Way::Address => self.by_address(ui, &caption, failure, view, actions),
            Way::Nearby => {
                let chosen = nearby::list(ui, view, self.nearby.as_deref());
                if let Some(url) = chosen {
                    self.nearby = Some(url);
                    self.problem = None;
                    self.used = true;
                    changed = true;
                }
                self.warn(ui, failure);
                Shown::nothing_typed(changed)
            }
            Way::Here => {
                here(ui, view.snapshot, actions);
                self.warn(ui, failure);
                Shown::nothing_typed(changed)
            }
        }
    }

    fn warn(&self, ui: &mut Ui, failure: Option<&Phrase>) {
        if let Some(problem) = self.problem.as_ref().or(failure) {
            widgets::warning(ui, &problem.text(), Live::Assertive);
        }
    }

    fn by_address(
        &mut self,
        ui: &mut Ui,
        caption: &Response,
        failure: Option<&Phrase>,
        view: View<'_>,
        actions: &mut Actions,
    ) -> Shown {
        let problem = self.problem.clone().or_else(|| failure.cloned());
        let is_link = Invitation::is_meant(&self.address.text);
        let icon = match (self.address.text.trim(), self.address.is_encrypted()) {
            ("", _) => Icon::Globe,
            _ if is_link => Icon::Link,
            (_, true) => Icon::Lock,
            (_, false) => Icon::LockOpen,
        };
        let mark = Mark { icon: Some(icon), wrong: problem.is_some(), ..Mark::default() };
        let (hint, width) = (text!("server-example"), ui.available_width());
        // One more than a link may have, so that a link that is cut is not read as a whole one.
        let (text, limit) = (&mut self.address.text, MOST_BYTES + 1);
        let field = widgets::marked_field(ui, caption, &hint, text, limit, width, mark);
        let mut is_fresh = false;
        if field.changed() {
            self.used = true;
            self.problem = None;
            self.drop_invitation();
            match Invitation::parse(&self.address.text) {
                Ok(invitation) if pasted(ui) => {
                    self.invite(invitation);
                    is_fresh = true;
                }
                // Pasted as a whole, it is wrong; while it is typed, it may become right.
                Err(error) if Invitation::is_meant(&self.address.text) && pasted(ui) => {
                    self.problem = Some(error.words());
                }
                _ => {}
            }
        }
        if field.lost_focus() {
            match Invitation::parse(&self.address.text) {
                Ok(invitation) => {
                    self.invite(invitation);
                    is_fresh = true;
                }
                Err(_) => self.address.hide_scheme(),
            }
        }
        if let Some(problem) = &problem {
            widgets::warning(ui, &problem.text(), Live::Assertive);
        }
        if self.address.text.trim().is_empty() {
            if view.recent.is_empty() {
                widgets::hint(ui, &text!("server-help"));
            }
        } else if !is_link {
            self.encryption(ui, view.low);
        }
        if !view.low {
            self.recent(ui, view.recent, actions);
        }
        let entered = widgets::submitted(&field) && !is_fresh;
        Shown { entered, changed: field.changed(), field: Some(field) }
    }

    /// Says whether the connection is encrypted, which can be chosen.
    fn encryption(&mut self, ui: &mut Ui, low: bool) {
        let mut encrypted = self.address.is_encrypted();
        if widgets::switch(ui, &mut encrypted, &text!("encrypted-connection")).changed() {
            self.address.encrypt(encrypted);
            self.drop_invitation();
        }
        let words = if encrypted { text!("server-is-encrypted") } else { text!("server-is-open") };
        // Nobody is on the way to this computer.
        if (!low || !encrypted) && !self.address.is_this_machine() {
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
}

/// Whether something came as a whole just now, rather than letter by letter.
fn pasted(ui: &Ui) -> bool {
    let whole = |event: &Event| match event {
        Event::Paste(_) => true,
        Event::Text(text) => text.chars().nth(1).is_some(),
        _ => false,
    };
    ui.input(|input| input.events.iter().any(whole))
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

/// What becomes of this computer, or what it is already.
fn here(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    let p = Palette::of(ui.visuals());
    let corners = CornerRadius::same(radius::MD);
    let frame = Frame::new().fill(p.raised).corner_radius(corners);
    let (title, line) = match &snapshot.hosting {
        None => (text!("start-here"), text!("start-here-line", name = &*snapshot.machine)),
        Some(hosted) => (text!("server-here"), where_it_runs(hosted)),
    };
    frame.inner_margin(Margin::same(space::S3 as i8)).show(ui, |ui| {
        ui.take_available_width();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S3;
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
            Icon::Laptop.paint(ui.painter(), rect, p.accent);
            ui.vertical(|ui| {
                ui.add(Label::new(TypeStyle::SmallStrong.text(title)).wrap());
                let line = TypeStyle::Small.text(line).color(p.text_2);
                ui.add(Label::new(line).wrap());
                if snapshot.hosting.is_some() {
                    ui.add_space(space::S2);
                    let stop = text!("stop-server");
                    if widgets::small_button(ui, Tone::OnRaised, &stop, false).clicked() {
                        actions.push(Action::StopServer);
                    }
                }
            });
        });
    });
}

fn where_it_runs(hosted: &Hosted) -> String {
    let address = ServerAddress::of(&hosted.url()).text;
    text!("server-here-line", address = &*address, count = hosted.online)
}
