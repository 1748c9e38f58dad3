//! Many people who log in and then do nothing: what each costs, and how fast they come in.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Error;
use crate::client::{Client, Connector};
use crate::server::Process;

/// How many log in at the same time.
const SIDE_BY_SIDE: usize = 8;
/// How long the server may take to come to rest.
const REST: Duration = Duration::from_secs(3);

/// Logs them in, and compares the server's memory with what it was.
pub(crate) fn run(
    connector: &Connector,
    server: Process,
    connections: usize,
) -> Result<Value, Error> {
    let before = server.memory()?;
    let (began, time_before) = (Instant::now(), server.processor_time()?);
    let clients = log_in(connector, connections)?;
    let (took, time) = (began.elapsed(), server.processor_time()?.saturating_sub(time_before));
    thread::sleep(REST);
    let after = server.memory()?;
    for client in &clients {
        client.do_not_wait()?;
    }
    let lost = clients.iter().filter(|client| !client.is_open()).count();
    if lost > 0 {
        return Err(Error::Server(format!("{lost} of {connections} connections were closed")));
    }
    let n = connections as f64;
    Ok(json!({
        "connections": connections,
        "bytes_before": before,
        "bytes_after": after,
        "bytes_per_connection": (after.saturating_sub(before)) as f64 / n,
        "logins_per_second": n / took.as_secs_f64(),
        "cpu_s_per_1000_logins": time.as_secs_f64() * 1000.0 / n,
    }))
}

fn log_in(connector: &Connector, connections: usize) -> Result<Vec<Client>, Error> {
    thread::scope(|scope| {
        let some = (0..SIDE_BY_SIDE).map(|first| {
            let them = move || {
                let mine = (first..connections).step_by(SIDE_BY_SIDE);
                mine.map(|index| connector.logged_in(&format!("idle{index}"), index))
                    .collect::<Result<Vec<_>, _>>()
            };
            let name = format!("login-{first}");
            thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, them)
                .map_err(Error::io("starting a thread"))
        });
        let some = some.collect::<Result<Vec<_>, _>>()?;
        let mut clients = Vec::with_capacity(connections);
        for thread in some {
            let theirs =
                thread.join().map_err(|_| Error::Server("a thread of the load panicked".into()))?;
            clients.extend(theirs?);
        }
        Ok(clients)
    })
}
