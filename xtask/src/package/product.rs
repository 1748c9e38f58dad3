//! What is packaged: the two programs, and how packages call and describe them. Pure.

/// The app's program and package.
pub(super) const APP: &str = "visavis";
/// The server's.
pub(super) const SERVER: &str = "visavis-signal-server";
/// The version of both.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Both licences hold; whoever gets the program chooses.
pub(super) const LICENSE: &str = "MIT OR Apache-2.0";

/// One program and its package.
#[derive(Debug)]
pub(super) struct Product {
    /// Its name, which is also that of its package.
    pub(super) program: &'static str,
    /// In a few words, without an article, as Debian wants it.
    pub(super) summary: &'static str,
    /// In paragraphs of lines.
    pub(super) description: &'static [&'static str],
    /// In which part of Debian it would be.
    pub(super) section: &'static str,
    /// Debian's packages that it needs beside libraries.
    pub(super) depends: &'static [&'static str],
    /// Those without which a part of it does not work.
    pub(super) recommends: &'static [&'static str],
    /// Those that go well with it.
    pub(super) suggests: &'static [&'static str],
}

/// Both.
pub(super) const ALL: [&Product; 2] = [&VISAVIS, &SIGNAL_SERVER];

const VISAVIS: Product = Product {
    program: APP,
    summary: "private one-to-one video calls",
    description: &[
        "Log in with a name, call another name, see and hear each other, close the call. Picture \
         and sound go straight from one computer to the other, encrypted; a small server, which \
         anyone can run, only introduces the two.",
        "There are no accounts and no passwords: a key on your computer owns your name.",
    ],
    section: "net",
    depends: &[],
    // The certificates for servers with TLS; sound; the dialogs of the desktop; Chinese letters.
    recommends: &[
        "ca-certificates",
        "pipewire-pulse | pulseaudio",
        "xdg-desktop-portal",
        "fonts-noto-cjk | fonts-wqy-microhei",
    ],
    suggests: &["gnome-keyring", SERVER],
};

const SIGNAL_SERVER: Product = Product {
    program: SERVER,
    summary: "signaling server of Visavis, for private video calls",
    description: &[
        "Introduces two people who want to talk to each other and then stays out of the way: it \
         knows who is online under which name, and relays the messages that set up a call. Picture \
         and sound never go through it. It also tells each computer its public address (STUN) and \
         can relay where there is no direct path (TURN).",
        "It needs no options; /etc/visavis/server.env takes them.",
    ],
    section: "net",
    depends: &["adduser"],
    recommends: &["ca-certificates"],
    suggests: &["redis-server"],
};
