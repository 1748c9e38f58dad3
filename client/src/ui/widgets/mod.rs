//! The window's own widgets. Each carries a label for screen readers (AccessKit) and shows when it
//! has the keyboard.

mod avatar;
mod button;
mod card;
mod chooser;
mod dialog;
mod field;
pub(crate) mod focus;
mod keys;
mod menu;
mod meter;
mod question;
mod row;
mod segments;
mod slider;
mod switch;
mod text;

pub(crate) use avatar::{avatar, paint_avatar};
pub(crate) use button::{
    Tone, button, button_width, ghost_button, icon_button, mark, small_button, small_button_width,
};
pub(crate) use card::{card, card_head, centered_column};
pub(crate) use chooser::{choice, chooser};
pub(crate) use dialog::{bare_dialog, closable, dialog, wide_closable};
pub(crate) use field::{Mark, marked_field, secret_field, submitted, text_field};
pub(crate) use keys::{keys_button, keys_row};
pub(crate) use menu::{MenuItem, menu_line};
pub(crate) use meter::level_meter;
pub(crate) use question::{Answer, question};
pub(crate) use row::{PersonRow, RowUse, person_row, section_at};
pub(crate) use segments::{Segment, segments};
pub(crate) use slider::percent_slider;
pub(crate) use switch::{described_switch, leading_switch, leading_switch_width, switch};
pub(crate) use text::{announce, caption, hidden_caption, hint, quiet_line, warning};
