//! The smallest Rust program that prints one line: the measure for start-up times.

fn main() {
    println!("one line");
}
