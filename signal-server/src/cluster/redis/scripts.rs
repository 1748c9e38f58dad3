//! The scripts that Redis runs, each of which is one step that nobody else comes between.

use redis::Script;

/// Each script is in the file of its name, with what all share before it.
macro_rules! scripts {
    ($($name:ident)*) => {
        /// All of them. What each takes and returns stands at its beginning.
        #[derive(Debug)]
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)*
        }

        impl Default for Scripts {
            fn default() -> Self {
                Self {
                    $($name: Script::new(concat!(
                        include_str!("lua/common.lua"),
                        "\n",
                        include_str!(concat!("lua/", stringify!($name), ".lua"))
                    )),)*
                }
            }
        }
    };
}

scripts! { claim renew release ended sweep state list join own seen disown replace }

/// Looks up the node of a name and gives it a message, in one step. KEYS: lease. ARGV: until when,
/// what the names of the nodes' channels begin and end with, message. Returns how many received it,
/// -1 when nobody has the name, or -2 when it is too late: whoever sent it has been told that it
/// did not arrive. Not for a Redis Cluster, where name and channel may be on two machines.
///
/// Short, because it is sent whole each time: it goes in pipelines, where a script that Redis does
/// not know could not be sent again without changing the order of messages. Redis compiles a text
/// only once.
pub(super) const ROUTE: &str = "local t=redis.call('TIME') if t[1]*1000+t[2]/1000>tonumber(ARGV[1]) then return -2 end \
    local l=redis.call('GET',KEYS[1]) if not l then return -1 end \
    return redis.call('PUBLISH',ARGV[2]..string.match(l,'^%S+')..ARGV[3],ARGV[4])";

/// Gives a message to a node of a Redis Cluster. KEYS: its channel. ARGV: until when, message.
/// Returns the same.
pub(super) const PUBLISH: &str = "local t=redis.call('TIME') if t[1]*1000+t[2]/1000>tonumber(ARGV[1]) then return -2 end \
    return redis.call('SPUBLISH',KEYS[1],ARGV[2])";

/// Takes somebody out of a room, if they are there by this lease. KEYS: room. ARGV: name, holder.
pub(super) const LEAVE: &str = "return redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] and redis.call('HDEL',KEYS[1],ARGV[1]) or 0";
