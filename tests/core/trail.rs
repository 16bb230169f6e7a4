//! CloudTrail events and logs: every form, every size, every kind of damage.

mod damage;
mod events;
mod forms;
mod large;
