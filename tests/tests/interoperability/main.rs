//! The app in calls with programs and browsers that others wrote: each calls and is called, sees
//! and hears, and is seen and heard. What came of it stands in `docs/interoperability.md`.

#![cfg(target_os = "linux")]

mod answers;
mod calls;
mod changes;
mod floods;
mod table;
