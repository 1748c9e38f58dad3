//! How calls find their path: servers that help with it, and whether one's own address is hidden.

use eframe::egui::Ui;
use visavis_shared::{IceServer, IceUrl};

use super::{Page, from_next_call, rows};
use crate::settings::Settings;
use crate::ui::design::{Icon, size, space};
use crate::ui::widgets::{self, Tone};
use crate::words::{Phrase, phrase, text};

/// More servers than this no person adds.
const MOST_SERVERS: usize = 16;
/// No address, name or password is longer.
const MOST_CHARS: usize = 256;

/// What is typed for a further server.
#[derive(Default)]
pub(super) struct NetworkPage {
    address: String,
    username: String,
    password: String,
    shows_password: bool,
    /// What is missing, once somebody wanted to add it.
    missing: Option<Phrase>,
}

impl NetworkPage {
    pub(super) fn show(&mut self, ui: &mut Ui, page: &Page<'_>, kept: &mut Settings) {
        from_next_call(ui, page);
        let network = &mut kept.network;
        rows::group(ui, |ui| {
            let second = text!("relay-only-hint");
            if let Some(on) = rows::switch(ui, network.relay_only, &text!("relay-only"), &second) {
                network.relay_only = on;
            }
            let second = text!("built-in-stun-hint");
            let title = text!("built-in-stun");
            if let Some(on) = rows::switch(ui, network.default_stun, &title, &second) {
                network.default_stun = on;
            }
        });
        rows::group(ui, |ui| {
            rows::said(ui, &text!("own-servers"), &text!("own-servers-hint"));
            let mut removed = None;
            for (at, server) in network.ice_servers.iter().enumerate() {
                if listed(ui, server) {
                    removed = Some(at);
                }
            }
            if let Some(at) = removed {
                network.ice_servers.remove(at);
            }
            let added = rows::row(ui, |ui| self.form(ui, &network.ice_servers));
            network.ice_servers.extend(added);
        });
    }

    /// What a further server is described by. Returns it when it is to be added.
    fn form(&mut self, ui: &mut Ui, known: &[IceServer]) -> Option<IceServer> {
        ui.spacing_mut().item_spacing.y = space::S1;
        ui.add_space(space::S1);
        let width = ui.available_width();
        let caption = widgets::caption(ui, &text!("server-address"));
        let hint = text!("server-address-example");
        let field = widgets::text_field(ui, &caption, &hint, &mut self.address, MOST_CHARS, width);
        let mut submitted = widgets::submitted(&field);
        if field.changed() {
            self.missing = None;
        }
        let url = self.address.trim().parse::<IceUrl>();
        if url.is_err() && !self.address.trim().is_empty() {
            rows::problem(ui, Some(&phrase!("server-address-wrong")));
        }
        let is_turn = url.as_ref().is_ok_and(IceUrl::is_turn);
        if is_turn {
            submitted |= self.credentials(ui, width);
        }
        rows::problem(ui, self.missing.as_ref());
        ui.add_space(space::S1);
        let add = widgets::button(ui, Tone::Plain, Some(Icon::Plus), &text!("add-server"), 0.0);
        ui.add_space(space::S1);
        if !(submitted || add.clicked()) {
            return None;
        }
        match self.server(url.is_ok(), is_turn, known) {
            Ok(server) => {
                *self = Self::default();
                Some(server)
            }
            Err(missing) => {
                self.missing = missing;
                None
            }
        }
    }

    fn credentials(&mut self, ui: &mut Ui, width: f32) -> bool {
        let caption = widgets::caption(ui, &text!("server-username"));
        let name = widgets::text_field(ui, &caption, "", &mut self.username, MOST_CHARS, width);
        let caption = widgets::caption(ui, &text!("server-password"));
        let password = if self.shows_password {
            widgets::text_field(ui, &caption, "", &mut self.password, MOST_CHARS, width)
        } else {
            widgets::secret_field(ui, &caption, &mut self.password, MOST_CHARS, width)
        };
        if name.changed() || password.changed() {
            self.missing = None;
        }
        widgets::switch(ui, &mut self.shows_password, &text!("show-password"));
        widgets::submitted(&name) || widgets::submitted(&password)
    }

    /// What was typed; or what is missing, where nothing says so yet.
    fn server(
        &self,
        is_url: bool,
        is_turn: bool,
        known: &[IceServer],
    ) -> Result<IceServer, Option<Phrase>> {
        let address = self.address.trim();
        if !is_url {
            // What is wrong with an address is said as it is typed.
            return Err(address.is_empty().then(|| phrase!("server-address-wrong")));
        }
        if known.len() >= MOST_SERVERS {
            return Err(Some(phrase!("too-many-servers")));
        }
        let username = self.username.trim();
        if is_turn && (username.is_empty() || self.password.is_empty()) {
            return Err(Some(phrase!("server-credentials-missing")));
        }
        let is_known = |server: &IceServer| server.urls.iter().any(|url| url == address);
        if known.iter().any(is_known) {
            return Err(Some(phrase!("server-known")));
        }
        Ok(IceServer {
            urls: vec![address.to_owned()],
            username: is_turn.then(|| username.to_owned()),
            credential: is_turn.then(|| self.password.clone()),
        })
    }
}

/// A server, without its password. Returns whether it is to be removed.
fn listed(ui: &mut Ui, server: &IceServer) -> bool {
    let addresses = server.urls.join(", ");
    let usable =
        !server.urls.is_empty() && server.urls.iter().all(|url| url.parse::<IceUrl>().is_ok());
    let second = match &server.username {
        _ if !usable => text!("server-unusable"),
        Some(name) => text!("server-with-password", name = name),
        None => text!("server-without-password"),
    };
    let label = text!("remove-server", address = &addresses);
    rows::worded(ui, &addresses, &second, size::CONTROL, |ui, _| {
        widgets::icon_button(ui, Icon::Trash, &label).clicked()
    })
}
