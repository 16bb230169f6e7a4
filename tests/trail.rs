//! CloudTrail events and logs: every form, every size, every kind of damage.

#[path = "trail/events.rs"]
mod events;
#[path = "trail/forms.rs"]
mod forms;
