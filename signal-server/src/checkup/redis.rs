//! The Redis at which the nodes meet: whether it is reached, and set up as they need it.

use visavis_shared::Finding;

use super::clock::Clocks;
use crate::cluster::redis::{RedisFacts, inspect};
use crate::config::Config;

const PART: &str = "Redis";
/// The first version that has what the nodes use.
const LEAST_VERSION: u32 = 7;

pub(super) async fn examine(config: &Config, clocks: &mut Clocks) -> Finding {
    let Some(redis) = &config.redis else {
        return Finding::skipped(PART, "This server is on its own (no --redis).");
    };
    match inspect(redis).await {
        Ok(facts) => {
            if let Some(time) = facts.time {
                clocks.met("Redis", time);
            }
            judge(&facts)
        }
        Err(error) => Finding::fails(
            PART,
            format!("{error}."),
            "The server does not start without it. Look at its address, password and firewall.",
        ),
    }
}

fn judge(facts: &RedisFacts) -> Finding {
    if facts.version.is_some_and(|version| version < LEAST_VERSION) {
        let words = "It is older than version 7, which is needed.";
        return Finding::fails(PART, words, "Update it.");
    }
    if facts.is_replica {
        let words = "It is a copy of another, and takes no changes.";
        return Finding::fails(
            PART,
            words,
            "Name the other, or the sentinels (redis+sentinel://).",
        );
    }
    if facts.evicts {
        return Finding::weak(
            PART,
            "It forgets what it likes when its memory is full, names that are owned included.",
            "Set maxmemory-policy noeviction.",
        );
    }
    if facts.forgets {
        return Finding::weak(
            PART,
            "It keeps nothing on its disk: who owns which name is forgotten when it restarts.",
            "Set appendonly yes.",
        );
    }
    match facts.version {
        Some(version) => Finding::works(PART, format!("It answers, and is of version {version}.")),
        None => {
            Finding::works(PART, "It answers. How each node of a cluster is set up was not asked.")
        }
    }
}
