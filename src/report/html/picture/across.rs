//! From left to right: what is common stands on the height of the middle of the lanes.

use super::{Drawing, Frame, GateBox, Words, short, state_of};
use crate::report::way::{Gate, State, Way};

const WIDTH: usize = 116;
const HEIGHT: usize = 46;
/// What is left free between two boxes.
const GAP: usize = 20;
/// The height of a lane with its label.
const LANE: usize = 84;
/// Where a lane's boxes begin below its top.
const BELOW_LABEL: usize = 22;

pub(super) fn draw(way: &Way) -> Drawing {
    let in_lane = way.lanes.iter().map(|lane| lane.gates.len()).max().unwrap_or(0);
    let columns = 1 + in_lane + way.last.len();
    let mut drawing = Drawing::new("across", columns * (WIDTH + GAP) + GAP, LANE * way.lanes.len().max(1) + 8);
    let common = BELOW_LABEL + LANE * way.lanes.len().saturating_sub(1) / 2;
    let first = gate(&mut drawing, 0, common, &way.first);
    let last: Vec<Frame> = (0..way.last.len()).map(|at| frame(1 + in_lane + at, common)).collect();
    for (number, lane) in way.lanes.iter().enumerate() {
        let y = number * LANE + BELOW_LABEL;
        let label = Words { class: "lane", x: frame(1, y).x, y: y - 7, text: short(&lane.label) };
        drawing.labels.push(label);
        let mut before = (first, way.first.state);
        for (at, next) in lane.gates.iter().enumerate() {
            line(&mut drawing, before, frame(1 + at, y));
            before = (gate(&mut drawing, 1 + at, y, next), next.state);
        }
        if let Some(behind) = last.first() {
            line(&mut drawing, before, *behind);
        }
    }
    for (at, next) in way.last.iter().enumerate() {
        let frame = gate(&mut drawing, 1 + in_lane + at, common, next);
        if let Some(behind) = last.get(at + 1) {
            line(&mut drawing, (frame, next.state), *behind);
        }
    }
    drawing
}

fn frame(column: usize, y: usize) -> Frame {
    Frame { x: GAP + column * (WIDTH + GAP), y, width: WIDTH, height: HEIGHT }
}

fn gate(drawing: &mut Drawing, column: usize, y: usize, gate: &Gate) -> Frame {
    let frame = frame(column, y);
    let words = vec![
        Words { class: "name", x: frame.middle(), y: y + 19, text: gate.name.to_owned() },
        Words { class: "state", x: frame.middle(), y: y + 36, text: state_of(gate) },
    ];
    drawing.boxes.push(GateBox { class: gate.state.class(), frame, words });
    frame
}

/// Draws a line from the right of one box to the left of another.
fn line(drawing: &mut Drawing, (from, before): (Frame, State), to: Frame) {
    let turn = to.x - GAP / 2;
    drawing.line(before, format!("M{} {}H{turn}V{}H{}", from.right(), from.level(), to.level(), to.x));
}
