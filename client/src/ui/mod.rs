//! The window: paints a [`crate::session::snapshot::Snapshot`], emits [`crate::session::snapshot::Intent`]s.
