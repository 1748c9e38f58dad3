//! Widgets as a screen reader sees them: the tree that a window publishes, and how a test looks for
//! one of its nodes. Only what has a name and a place counts.

use egui::accesskit::{Node, NodeId, Role, Toggled, TreeUpdate};
use egui::{Pos2, pos2};

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    role: Option<Role>,
    pub(super) text: String,
    part: bool,
    pressed: Option<bool>,
}

impl By {
    /// A widget of exactly this name: the text on a button, the caption of a field, a line of text.
    #[must_use]
    pub fn name(text: &str) -> Self {
        Self { role: None, text: text.to_owned(), part: false, pressed: None }
    }

    /// A widget whose name holds this text.
    #[must_use]
    pub fn containing(text: &str) -> Self {
        Self { role: None, text: text.to_owned(), part: true, pressed: None }
    }

    /// The same, but only of this kind.
    #[must_use]
    pub fn role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// The same, but only if it is pressed, or is not.
    #[must_use]
    pub fn pressed(self, pressed: bool) -> Self {
        Self { pressed: Some(pressed), ..self }
    }

    pub(super) fn fits(&self, widget: &Widget) -> bool {
        self.role.is_none_or(|role| role == widget.role)
            && (self.pressed.is_none() || self.pressed == widget.pressed)
            && if self.part { widget.name.contains(&self.text) } else { widget.name == self.text }
    }
}

/// A widget as a screen reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Widget {
    /// What kind it is.
    pub role: Role,
    /// What it is called.
    pub name: String,
    /// What stands in it, for a field or a list.
    pub value: Option<String>,
    /// Its upper left corner, in points.
    pub min: Pos2,
    /// Its lower right corner, in points.
    pub max: Pos2,
    /// Whether it can't be used now.
    pub disabled: bool,
    /// Whether it has the keyboard.
    pub focused: bool,
    /// Whether it is pressed, where it stays so.
    pub pressed: Option<bool>,
}

impl Widget {
    /// Its middle, in points.
    #[must_use]
    pub fn center(&self) -> Pos2 {
        self.min + (self.max - self.min) / 2.0
    }
}

/// The widgets of a tree that have a name and a place.
pub(super) fn named_widgets(tree: &TreeUpdate) -> Vec<Widget> {
    tree.nodes
        .iter()
        .filter(|(_, node)| !node.is_hidden())
        .filter_map(|(id, node)| {
            let name = name_of(tree, node).filter(|name| !name.trim().is_empty())?;
            let bounds = node.bounds()?;
            Some(Widget {
                role: node.role(),
                value: node.value().filter(|_| node.role() != Role::Label).map(str::to_owned),
                min: pos2(bounds.x0 as f32, bounds.y0 as f32),
                max: pos2(bounds.x1 as f32, bounds.y1 as f32),
                disabled: node.is_disabled(),
                focused: tree.focus == *id,
                pressed: node.toggled().map(|toggled| toggled == Toggled::True),
                name,
            })
        })
        .collect()
}

/// What a node is called: by itself, or by the nodes that label it.
fn name_of(tree: &TreeUpdate, node: &Node) -> Option<String> {
    let own = |node: &Node| match node.role() {
        Role::Label => node.value().or(node.label()).map(str::to_owned),
        _ => node.label().map(str::to_owned),
    };
    own(node).or_else(|| {
        let by_id =
            |id: &NodeId| tree.nodes.iter().find(|(other, _)| other == id).map(|(_, node)| node);
        let names: Vec<String> =
            node.labelled_by().iter().filter_map(by_id).filter_map(own).collect();
        (!names.is_empty()).then(|| names.join(" "))
    })
}
