//! From top to bottom: what is common takes the whole width, and a line on each side joins it to the lanes.

use super::{Drawing, Frame, GateBox, Words, short, state_of};
use crate::report::way::{Gate, Lane, State, Way};

const WIDTH: usize = 424;
/// What the lines on the sides take.
const SIDE: usize = 14;
/// What is left free between two boxes.
const GAP: usize = 5;
const HEIGHT: usize = 62;
/// The height of a box that takes the whole width.
const BAR: usize = 32;
/// What is left free between two bars, and above a lane.
const BREAK: usize = 14;
/// The height of a lane's label: where it is, and what it asks for.
const LABEL: usize = 34;
/// How far the lines on the sides are from the edge.
const EDGE: usize = 6;

pub(super) fn draw(way: &Way) -> Drawing {
    let bars = 1 + way.last.len();
    let height = bars * (BAR + BREAK) + way.lanes.len() * (BREAK + LABEL + HEIGHT) + 4;
    let mut drawing = Drawing::new("down", WIDTH, height);
    let mut y = 2;
    let first = bar(&mut drawing, y, &way.first);
    y = first.bottom();
    let below = y + way.lanes.len() * (BREAK + LABEL + HEIGHT) + BREAK;
    for lane in &way.lanes {
        y += BREAK;
        draw_lane(&mut drawing, y, lane, (first, way.first.state), below);
        y += LABEL + HEIGHT;
    }
    y = below;
    for (at, gate) in way.last.iter().enumerate() {
        let frame = bar(&mut drawing, y, gate);
        if at + 1 < way.last.len() {
            drawing.line(gate.state, format!("M{} {}v{BREAK}", frame.middle(), frame.bottom()));
        }
        y = frame.bottom() + BREAK;
    }
    drawing
}

fn draw_lane(drawing: &mut Drawing, y: usize, lane: &Lane, (first, first_state): (Frame, State), below: usize) {
    let (region, resource) = lane.label.split_once(": ").unwrap_or(("", &lane.label));
    for (line, text) in [region, resource].into_iter().enumerate() {
        drawing.labels.push(Words { class: "lane", x: SIDE, y: y + 12 + line * 15, text: short(text) });
    }
    let count = lane.gates.len().max(1);
    let width = (WIDTH - 2 * SIDE - (count - 1) * GAP) / count;
    let frame = |at: usize| Frame { x: SIDE + at * (width + GAP), y: y + LABEL, width, height: HEIGHT };
    let level = frame(0).level();
    drawing.line(first_state, format!("M{EDGE} {}V{level}H{SIDE}", first.bottom()));
    for (at, gate) in lane.gates.iter().enumerate() {
        let frame = frame(at);
        let names: Vec<&str> = gate.name.splitn(2, ' ').collect();
        let top = frame.y + if names.len() > 1 { 14 } else { 20 };
        let line = |class, y, text: &str| Words { class, x: frame.middle(), y, text: text.to_owned() };
        let mut words: Vec<Words> =
            names.iter().enumerate().map(|(number, name)| line("name", top + number * 12, name)).collect();
        words.push(line("state", frame.y + 41, gate.state.sign()));
        words.push(line("state", frame.y + 54, gate.state.words()));
        drawing.boxes.push(GateBox { class: gate.state.class(), frame, words });
        let d = if at + 1 < lane.gates.len() {
            format!("M{} {level}h{GAP}", frame.right())
        } else {
            format!("M{} {level}H{}V{below}", frame.right(), WIDTH - EDGE)
        };
        drawing.line(gate.state, d);
    }
}

fn bar(drawing: &mut Drawing, y: usize, gate: &Gate) -> Frame {
    let frame = Frame { x: 2, y, width: WIDTH - 4, height: BAR };
    let words = vec![
        Words { class: "name start", x: frame.x + 14, y: y + 20, text: gate.name.to_owned() },
        Words { class: "state end", x: frame.right() - 14, y: y + 20, text: state_of(gate) },
    ];
    drawing.boxes.push(GateBox { class: gate.state.class(), frame, words });
    frame
}
