//! CloudTrail events and logs: every form, every size, every kind of damage.

mod clear;
mod damage;
mod events;
mod forms;
mod large;
