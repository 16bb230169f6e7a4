//! The way through the gates as boxes and lines: coordinates alone, for the template to set.

use crate::report::foreign::on_one_line;
use crate::report::way::{Gate, State, Way};

/// The width of a gate's box, in units of the drawing.
const GATE_WIDTH: usize = 116;
/// The height of a gate's box.
const GATE_HEIGHT: usize = 46;
/// What is left free between two boxes.
const GAP: usize = 20;
/// The height of a lane with its label.
const LANE: usize = 84;
/// Where a lane's boxes begin below its top.
const BELOW_LABEL: usize = 22;
/// The longest label, in characters.
const LONGEST_LABEL: usize = 100;

/// The drawing.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) gate_width: usize,
    pub(super) gate_height: usize,
    /// The drawing in words.
    pub(super) description: String,
    pub(super) gates: Vec<GateBox>,
    pub(super) labels: Vec<Label>,
    pub(super) paths: Vec<Path>,
}

/// A gate's box.
pub(super) struct GateBox {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) middle: usize,
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) sign: &'static str,
    pub(super) words: &'static str,
}

/// A lane's label.
pub(super) struct Label {
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
        let in_lane = way.lanes.iter().map(|lane| lane.gates.len()).max().unwrap_or(0);
        let columns = 1 + in_lane + way.last.len();
        let height = LANE * way.lanes.len().max(1) + 8;
        let mut picture = Self {
            width: columns * (GATE_WIDTH + GAP) + GAP,
            height,
            gate_width: GATE_WIDTH,
            gate_height: GATE_HEIGHT,
            description: describe(way),
            gates: Vec::new(),
            labels: Vec::new(),
            paths: Vec::new(),
        };
        // What is common stands in the middle of the lanes, on the height of their boxes.
        let common = BELOW_LABEL + LANE * way.lanes.len().saturating_sub(1) / 2;
        picture.gate(0, common, &way.first);
        for (number, lane) in way.lanes.iter().enumerate() {
            let y = number * LANE + BELOW_LABEL;
            picture.labels.push(Label { x: left(1), y: y - 7, text: short(&lane.label) });
            let mut before = way.first.state;
            picture.line((0, common), (1, y), before);
            for (at, gate) in lane.gates.iter().enumerate() {
                if at > 0 {
                    picture.line((at, y), (at + 1, y), before);
                }
                picture.gate(at + 1, y, gate);
                before = gate.state;
            }
            if !way.last.is_empty() {
                picture.line((lane.gates.len(), y), (in_lane + 1, common), before);
            }
        }
        for (at, gate) in way.last.iter().enumerate() {
            let column = in_lane + 1 + at;
            if let Some(before) = at.checked_sub(1).and_then(|before| way.last.get(before)) {
                picture.line((column - 1, common), (column, common), before.state);
            }
            picture.gate(column, common, gate);
        }
        picture
    }

    fn gate(&mut self, column: usize, y: usize, gate: &Gate) {
        let x = left(column);
        self.gates.push(GateBox {
            x,
            y,
            middle: x + GATE_WIDTH / 2,
            class: gate.state.class(),
            name: gate.name,
            sign: gate.state.sign(),
            words: gate.state.words(),
        });
    }

    /// Draws a line from the right of one box to the left of another.
    fn line(&mut self, from: (usize, usize), to: (usize, usize), before: State) {
        let (x1, y1) = (left(from.0) + GATE_WIDTH, from.1 + GATE_HEIGHT / 2);
        let (x2, y2) = (left(to.0), to.1 + GATE_HEIGHT / 2);
        let turn = x2 - GAP / 2;
        let class = if matches!(before, State::Stopped | State::Behind) { "behind" } else { "ahead" };
        self.paths.push(Path { class, d: format!("M{x1} {y1}H{turn}V{y2}H{x2}") });
    }
}

fn left(column: usize) -> usize {
    GAP + column * (GATE_WIDTH + GAP)
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
