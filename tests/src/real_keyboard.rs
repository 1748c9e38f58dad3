//! The keyboard of a display: keys that go down and up there as on a real one, repeat while they
//! are held, and go to whichever window has the focus (the XTEST extension, version 2.2).

use std::io::IoSlice;

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::window::Display;

/// The request, and what it fakes.
const FAKE_INPUT: u8 = 2;
const KEY_PRESS: u8 = 2;
const KEY_RELEASE: u8 = 3;
/// Its length in words of 4 bytes.
const LENGTH: u16 = 9;

/// The code of a key that types a space (X.org's `keysymdef.h`).
pub const SPACE: u32 = 0x20;

/// See the module.
pub struct RealKeyboard {
    connection: RustConnection,
    root: u32,
    opcode: u8,
}

impl RealKeyboard {
    /// That of a display.
    ///
    /// # Panics
    /// When the display does not answer, or has none.
    #[must_use]
    pub fn of(display: &Display) -> Self {
        let (connection, screen) = x11rb::connect(Some(display.name())).expect("the display");
        let root = connection.setup().roots[screen].root;
        let extension = connection.extension_information("XTEST").expect("the display answers");
        let opcode = extension.expect("a keyboard to play on").major_opcode;
        Self { connection, root, opcode }
    }

    /// Presses the key of a symbol and holds it.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn presses(&self, symbol: u32) {
        self.turn(symbol, KEY_PRESS);
    }

    /// Lets the key of a symbol go.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn lets_go(&self, symbol: u32) {
        self.turn(symbol, KEY_RELEASE);
    }

    fn turn(&self, symbol: u32, what: u8) {
        let mut request = vec![self.opcode, FAKE_INPUT];
        request.extend(LENGTH.to_ne_bytes());
        request.extend([what, self.code_of(symbol), 0, 0]);
        // At once, and on this root window; the rest is about pointers and other devices.
        request.extend(0_u32.to_ne_bytes());
        request.extend(self.root.to_ne_bytes());
        request.resize(usize::from(LENGTH) * 4, 0);
        let sent = self
            .connection
            .send_request_without_reply(&[IoSlice::new(&request)], Vec::new())
            .expect("the display answers");
        sent.check().expect("the display takes the key");
    }

    fn code_of(&self, symbol: u32) -> u8 {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self
            .connection
            .get_keyboard_mapping(first, last - first + 1)
            .expect("the display answers")
            .reply()
            .expect("the display knows its keys");
        let per_code = usize::from(mapping.keysyms_per_keycode).max(1);
        let mut codes = (first..=last).zip(mapping.keysyms.chunks(per_code));
        let found = codes.find(|(_, symbols)| symbols.contains(&symbol));
        found.expect("such a key").0
    }
}
