//! A long page of small text, painted without a display, and a window on a display that shows a
//! part of it and scrolls.
//!
//! What always holds: the same page is the same picture, pixel by pixel; its words are plain
//! English, so that a program that reads text has a fair chance.

use egui::{Align2, Color32, FontId, Pos2, RawInput, Rect, pos2, vec2};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use visavis_rasterizer::{Textures, paint};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux,
    CreateWindowAux, Gcontext, ImageFormat, PropMode, Rectangle, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::picture::Picture;
use crate::window::Display;

/// The height of letters, in pixels: what an editor or a page has.
const LETTERS: f32 = 15.0;
/// From one line to the next.
const LINE: u32 = 22;
/// The edge round the text.
const MARGIN: u32 = 24;
const WORDS: &[&str] = &[
    "about",
    "after",
    "again",
    "answer",
    "around",
    "because",
    "before",
    "below",
    "between",
    "bridge",
    "carry",
    "change",
    "children",
    "clear",
    "close",
    "country",
    "different",
    "early",
    "earth",
    "enough",
    "every",
    "family",
    "father",
    "follow",
    "friend",
    "garden",
    "green",
    "ground",
    "group",
    "happen",
    "house",
    "important",
    "island",
    "journey",
    "kitchen",
    "language",
    "large",
    "later",
    "learn",
    "letter",
    "light",
    "listen",
    "little",
    "machine",
    "measure",
    "morning",
    "mother",
    "mountain",
    "music",
    "never",
    "night",
    "north",
    "number",
    "ocean",
    "often",
    "order",
    "paper",
    "people",
    "picture",
    "place",
    "plant",
    "point",
    "power",
    "question",
    "quick",
    "reason",
    "right",
    "river",
    "school",
    "second",
    "sentence",
    "several",
    "should",
    "simple",
    "small",
    "sound",
    "south",
    "spell",
    "stand",
    "start",
    "state",
    "still",
    "story",
    "study",
    "summer",
    "table",
    "thing",
    "think",
    "those",
    "thought",
    "through",
    "together",
    "travel",
    "under",
    "until",
    "voice",
    "watch",
    "water",
    "weather",
    "where",
    "while",
    "white",
    "window",
    "winter",
    "without",
    "wonder",
    "world",
    "write",
    "yellow",
    "young",
];

/// A page as a picture.
pub struct TextPage {
    width: u32,
    height: u32,
    /// Blue, green, red and nothing, as the display has them.
    bgrx: Vec<u8>,
    words: Vec<&'static str>,
}

impl TextPage {
    /// One of this size whose words follow from a seed. Its lower half has light letters on a dark
    /// ground.
    #[must_use]
    pub fn new(width: u32, height: u32, seed: u64) -> Self {
        let context = egui::Context::default();
        let area = Rect::from_min_size(Pos2::ZERO, vec2(width as f32, height as f32));
        let mut textures = Textures::default();
        let mut words = Vec::new();
        let mut pass = || {
            words.clear();
            let mut random = StdRng::seed_from_u64(seed);
            let input = RawInput { screen_rect: Some(area), ..RawInput::default() };
            let mut shown = context.run_ui(input, |ui| draw(ui, area, &mut random, &mut words));
            textures.apply(&mut shown.textures_delta);
            shown.shapes
        };
        // The first makes the typeface known.
        let _ = pass();
        let shapes = pass();
        let triangles = context.tessellate(shapes, 1.0);
        let picture = paint(&triangles, &textures, [width, height], 1.0, [255; 3]);
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let bgrx = pixels.flat_map(|(x, y)| {
            let [red, green, blue] = picture.at(x, y).expect("it is inside");
            [blue, green, red, 0]
        });
        Self { width, height, bgrx: bgrx.collect(), words }
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// All its words, from top to bottom.
    #[must_use]
    pub fn words(&self) -> &[&'static str] {
        &self.words
    }

    /// What is to be seen of it from this row on.
    ///
    /// # Panics
    /// When it has no such rows.
    #[must_use]
    pub fn part(&self, from: u32, height: u32) -> Picture {
        let rgba: Vec<u8> = self
            .rows(from, height)
            .chunks_exact(4)
            .flat_map(|pixel| [pixel[2], pixel[1], pixel[0], 255])
            .collect();
        Picture::from_rgba(self.width as usize, height as usize, &rgba).expect("whole rows")
    }

    fn rows(&self, from: u32, height: u32) -> &[u8] {
        let row = 4 * self.width as usize;
        &self.bgrx[from as usize * row..(from + height) as usize * row]
    }
}

fn draw(ui: &egui::Ui, area: Rect, random: &mut StdRng, words: &mut Vec<&'static str>) {
    let painter = ui.ctx().layer_painter(egui::LayerId::background());
    let dark = (area.height() / 2.0).round();
    painter.rect_filled(area, 0.0, Color32::WHITE);
    let below = Rect::from_min_max(pos2(0.0, dark), area.max);
    painter.rect_filled(below, 0.0, Color32::from_rgb(24, 28, 36));
    let mut y = MARGIN;
    while (y + LINE) as f32 <= area.height() {
        let is_dark = (y + LINE) as f32 > dark;
        // No line lies across the edge.
        if is_dark && (y as f32) < dark {
            y = dark as u32 + 4;
        }
        let color = if is_dark { Color32::from_gray(230) } else { Color32::BLACK };
        let font = FontId::proportional(LETTERS);
        let at = pos2(MARGIN as f32, y as f32);
        let line = line(random, area.width());
        painter.text(at, Align2::LEFT_TOP, line.join(" "), font, color);
        words.extend(line);
        y += LINE;
    }
}

fn line(random: &mut StdRng, width: f32) -> Vec<&'static str> {
    let room = (width as usize).saturating_sub(2 * MARGIN as usize) * 2 / 15;
    let (mut line, mut letters) = (Vec::new(), 0);
    while let Some(word) = WORDS.choose(random) {
        letters += word.len() + 1;
        if letters > room {
            break;
        }
        line.push(*word);
    }
    line
}

/// The pointer over a window is in what is captured of it, and is read as a letter.
fn hides_the_pointer(connection: &RustConnection, window: Window) {
    let (nothing, pointer) =
        (connection.generate_id().expect("an id"), connection.generate_id().expect("an id"));
    connection.create_pixmap(1, nothing, window, 1, 1).expect("a pixmap");
    let empty = connection.generate_id().expect("an id");
    connection.create_gc(empty, nothing, &CreateGCAux::new().foreground(0)).expect("a context");
    let dot = Rectangle { x: 0, y: 0, width: 1, height: 1 };
    connection.poly_fill_rectangle(nothing, empty, &[dot]).expect("it is empty");
    connection
        .create_cursor(pointer, nothing, nothing, 0, 0, 0, 0, 0, 0, 0, 0)
        .expect("a pointer")
        .check()
        .expect("a pointer that is not seen");
    let look = ChangeWindowAttributesAux::new().cursor(pointer);
    connection.change_window_attributes(window, &look).expect("it has that pointer");
}

/// A window that shows a part of a page, above everything else on its display.
pub struct PageWindow {
    connection: RustConnection,
    window: Window,
    context: Gcontext,
    depth: u8,
    height: u32,
}

impl PageWindow {
    /// Opens one with this title, as wide as the page, so high, at this place.
    ///
    /// # Panics
    /// When the display does not take it.
    #[must_use]
    pub fn open(
        display: &Display,
        title: &str,
        page: &TextPage,
        height: u32,
        at: (i16, i16),
    ) -> Self {
        let (connection, screen) = x11rb::connect(Some(display.name())).expect("the display");
        let screen = connection.setup().roots[screen].clone();
        let window = connection.generate_id().expect("an id");
        let look = CreateWindowAux::new().background_pixel(screen.white_pixel);
        let (width, wanted) = (page.width as u16, height as u16);
        connection
            .create_window(
                screen.root_depth,
                window,
                screen.root,
                at.0,
                at.1,
                width,
                wanted,
                0,
                WindowClass::INPUT_OUTPUT,
                screen.root_visual,
                &look,
            )
            .expect("a window");
        connection
            .change_property8(
                PropMode::REPLACE,
                window,
                AtomEnum::WM_NAME,
                AtomEnum::STRING,
                title.as_bytes(),
            )
            .expect("a title");
        hides_the_pointer(&connection, window);
        let context = connection.generate_id().expect("an id");
        connection.create_gc(context, window, &CreateGCAux::new()).expect("a context");
        connection.map_window(window).expect("it is shown");
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        connection.configure_window(window, &above).expect("it is above");
        let opened = Self { connection, window, context, depth: screen.root_depth, height };
        opened.shows(page, 0);
        opened
    }

    /// Shows the page from this row on, and comes back when it does.
    ///
    /// # Panics
    /// When the display is gone.
    pub fn shows(&self, page: &TextPage, from: u32) {
        self.draws(page.rows(from, self.height), page.width, self.height);
    }

    /// Shows these pixels (blue, green, red and nothing) from its upper left corner on.
    ///
    /// # Panics
    /// When the display is gone.
    pub fn draws(&self, bgrx: &[u8], width: u32, height: u32) {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.connection.configure_window(self.window, &above).expect("it is above");
        self.connection
            .put_image(
                ImageFormat::Z_PIXMAP,
                self.window,
                self.context,
                width as u16,
                height as u16,
                0,
                0,
                0,
                self.depth,
                bgrx,
            )
            .expect("a picture");
        self.connection.sync().expect("the display answers");
    }

    /// Closes it.
    ///
    /// # Panics
    /// When the display is gone.
    pub fn closes(self) {
        self.connection.destroy_window(self.window).expect("it closes");
        self.connection.sync().expect("the display answers");
    }
}
