//! What the peers in Python stand on, aiortc among it.
//!
//! The environment also sees the system's packages, as GStreamer's bindings come from there; so it
//! belongs to the system's own Python, where there is one.

use crate::error::Error;
use crate::python::Environment;
use crate::workspace;

/// Their environment.
pub(crate) fn environment() -> Environment {
    Environment {
        name: "peers-python",
        folder: workspace::root().join("tests").join("peers").join("python"),
        compiled: &[],
        sees_system: true,
        imports: "aiortc, websockets",
    }
}

/// Sets it up, unless it was done before and nothing has changed since.
pub(crate) fn ensure() -> Result<(), Error> {
    if !environment().ensure()? {
        println!("There is no Python 3 here: the tests that call aiortc and webrtcbin will fail.");
    }
    Ok(())
}
