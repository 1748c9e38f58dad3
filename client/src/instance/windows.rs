//! The endpoint on Windows: a named pipe, which other computers can't reach. Its default security
//! descriptor lets the same user write into it, and nobody else but administrators.

use std::io;
use std::path::Path;

use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};

/// Where the endpoint of a profile is.
pub(super) struct Place(String);

impl Place {
    pub(super) fn of(_folder: &Path, key: &str) -> Option<Self> {
        Some(Self(format!(r"\\.\pipe\visavis-{key}")))
    }
}

/// Listens: the next pipe is there before the last is given away.
pub(super) struct Listener {
    next: NamedPipeServer,
    name: String,
}

impl Listener {
    pub(super) fn bind(Place(name): &Place) -> io::Result<Self> {
        let next = ServerOptions::new()
            .first_pipe_instance(true)
            .reject_remote_clients(true)
            .create(name)?;
        Ok(Self { next, name: name.clone() })
    }

    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

#[expect(clippy::unused_async, reason = "on other systems it waits")]
pub(super) async fn connect(Place(name): &Place) -> io::Result<NamedPipeClient> {
    ClientOptions::new().open(name)
}
