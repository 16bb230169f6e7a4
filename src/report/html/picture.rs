//! The way through the gates as boxes and lines: coordinates alone, for the template to set.
//!
//! It is drawn twice, and the style sheet shows the one that there is room for: from left to right with a lane for
//! each authorization, and from top to bottom.

mod across;
mod down;

use crate::report::foreign::on_one_line;
use crate::report::way::{Gate, State, Way};

/// The longest label, in characters.
const LONGEST_LABEL: usize = 100;

/// The picture.
pub(super) struct Picture {
    /// What it shows, in words.
    pub(super) description: String,
    pub(super) drawings: [Drawing; 2],
}

/// The way drawn for a certain room. All lengths are in units of the drawing.
pub(super) struct Drawing {
    /// What the style sheet knows it by.
    pub(super) class: &'static str,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) boxes: Vec<GateBox>,
    pub(super) labels: Vec<Words>,
    pub(super) paths: Vec<Path>,
}

/// A gate's box.
pub(super) struct GateBox {
    pub(super) class: &'static str,
    pub(super) frame: Frame,
    pub(super) words: Vec<Words>,
}

/// Where a box is.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Words in one line.
pub(super) struct Words {
    pub(super) class: &'static str,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) text: String,
}

/// A line between two boxes.
pub(super) struct Path {
    pub(super) class: &'static str,
    pub(super) d: String,
}

impl Picture {
    /// Draws a way.
    pub(super) fn of(way: &Way) -> Self {
        Self { description: describe(way), drawings: [across::draw(way), down::draw(way)] }
    }
}

impl Drawing {
    fn new(class: &'static str, width: usize, height: usize) -> Self {
        Self { class, width, height, boxes: Vec::new(), labels: Vec::new(), paths: Vec::new() }
    }

    fn line(&mut self, before: State, d: String) {
        let class = if matches!(before, State::Stopped | State::Behind) { "behind" } else { "ahead" };
        self.paths.push(Path { class, d });
    }
}

impl Frame {
    fn middle(self) -> usize {
        self.x + self.width / 2
    }

    fn right(self) -> usize {
        self.x + self.width
    }

    fn bottom(self) -> usize {
        self.y + self.height
    }

    /// Half-way down.
    fn level(self) -> usize {
        self.y + self.height / 2
    }
}

fn state_of(gate: &Gate) -> String {
    format!("{} {}", gate.state.sign(), gate.state.words())
}

fn short(label: &str) -> String {
    let label = on_one_line(label);
    if label.chars().count() <= LONGEST_LABEL {
        return label;
    }
    label.chars().take(LONGEST_LABEL).chain(['…']).collect()
}

fn describe(way: &Way) -> String {
    let stopped = |gate: &&Gate| gate.state == State::Stopped;
    let mut stops: Vec<String> = Vec::new();
    stops.extend(Some(&way.first).filter(stopped).map(|gate| gate.name.to_owned()));
    let gates =
        || way.lanes.iter().flat_map(|lane| lane.gates.iter().filter(stopped).map(move |gate| (gate.name, lane)));
    let mut named: Vec<&str> = Vec::new();
    for (name, _) in gates() {
        if named.contains(&name) {
            continue;
        }
        named.push(name);
        let lanes: Vec<&str> = gates().filter(|(gate, _)| *gate == name).map(|(_, lane)| lane.label.as_str()).collect();
        let whole = lanes.len() == way.lanes.len();
        stops.push(match lanes.as_slice() {
            [only] => format!("{name} ({only})"),
            all if whole => format!("{name} (all {} authorizations)", all.len()),
            some => format!("{name} ({} of {} authorizations: {})", some.len(), way.lanes.len(), some.join(", ")),
        });
    }
    stops.extend(way.last.iter().filter(stopped).map(|gate| gate.name.to_owned()));
    on_one_line(&if stops.is_empty() {
        "no gate is known to stop it; each box says what was seen".to_owned()
    } else {
        format!("it stops at {}", stops.join("; "))
    })
}
