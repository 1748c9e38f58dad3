//! Connections that say nothing, a byte a second, or do not log in: how soon the server is rid of
//! them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Error;
use crate::client::{Client, Connector};

/// What a slow one says, as slowly as this.
const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const EACH_BYTE: Duration = Duration::from_secs(1);

enum Guest {
    /// Says nothing at all.
    Silent(TcpStream),
    /// Says its request byte by byte.
    Slow(TcpStream, usize),
    /// Does not log in.
    Nameless(Client),
}

/// Connects so many of each kind, and waits for their end.
pub(crate) fn run(
    connector: &Connector,
    connections: usize,
    limit: Duration,
) -> Result<Value, Error> {
    let mut guests = Vec::new();
    for _ in 0..connections {
        guests.push(Guest::Silent(connector.tcp(0)?));
        guests.push(Guest::Slow(connector.tcp(0)?, 0));
        guests.push(Guest::Nameless(connector.upgraded(0)?));
    }
    // From the last on, so that none is counted as older than it is.
    let began = Instant::now();
    for guest in &guests {
        match guest {
            Guest::Silent(stream) | Guest::Slow(stream, _) => {
                stream.set_nonblocking(true).map_err(Error::io("a socket that does not wait"))?;
            }
            Guest::Nameless(client) => client.do_not_wait()?,
        }
    }
    let of = guests.len();
    let mut last = Duration::ZERO;
    while !guests.is_empty() && began.elapsed() < limit {
        let before = guests.len();
        let bytes =
            usize::try_from(began.elapsed().as_secs() / EACH_BYTE.as_secs()).unwrap_or(usize::MAX);
        guests.retain_mut(|guest| guest.is_there(bytes));
        if guests.len() < before {
            last = began.elapsed();
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(
        json!({ "connections": of, "closed": of - guests.len(), "last_closed_after_s": last.as_secs_f64() }),
    )
}

impl Guest {
    fn is_there(&mut self, bytes: usize) -> bool {
        match self {
            Self::Silent(stream) => is_open(stream),
            Self::Slow(stream, said) => {
                let now = bytes.min(REQUEST.len());
                let writable = *said >= now || stream.write_all(&REQUEST[*said..now]).is_ok();
                *said = now.max(*said);
                writable && is_open(stream)
            }
            Self::Nameless(client) => client.receive(&mut [0; 4096], |_| {}).is_ok(),
        }
    }
}

/// Reads on until there is nothing, or the end.
fn is_open(mut stream: &TcpStream) -> bool {
    loop {
        match stream.read(&mut [0; 1024]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
