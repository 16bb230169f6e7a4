//! Reports: a diagnosis in words, in the format that was asked for.
//!
//! Takes facts and gives bytes. Every sentence about a finding stands in `wording`, `steps`, `remarks` or `not_checked`, so that all
//! formats say the same; the formats lay it out and decide nothing. Colour is a label here ([`Role`]); only the terminal's room paints it.

mod actions;
mod administrator;
mod causes;
#[cfg(feature = "iac")]
mod check;
mod checks;
#[cfg(feature = "clients")]
mod clients;
mod denials;
mod diff;
mod documented_cause;
#[cfg(feature = "report")]
mod excerpt;
mod explanation;
mod explanation_json;
mod fix_files;
mod foreign;
#[cfg(feature = "report")]
mod html;
mod infrastructure;
mod json;
#[cfg(feature = "cli")]
pub mod junit;
mod layout;
mod lint;
mod log;
mod markdown;
mod models;
mod not_checked;
mod outline;
mod paragraph;
mod problems;
mod remarks;
mod sentence;
mod shell;
mod simulation;
mod statements;
mod steps;
mod styled;
mod subject;
mod targets;
#[cfg(feature = "cli")]
mod test_run;
mod text;
mod timeline;
mod way;
mod wording;

pub use actions::{actions_json, actions_text};
pub use administrator::fix_folder;
pub use causes::{cause_text, causes_markdown, causes_text};
#[cfg(feature = "iac")]
pub use check::{CheckReport, CheckedFile};
#[cfg(feature = "clients")]
pub use clients::{client_preface, config_error};
#[cfg(feature = "cli")]
pub use denials::denials_suite;
pub use denials::{denials_json, denials_markdown, denials_text, first_not_checked};
pub use explanation::{explanation_steps, explanation_summary, explanation_text};
pub use explanation_json::write_explanation_json;
#[cfg(feature = "report")]
pub use html::{denials_html, html, models_html, targets_html};
pub use infrastructure::{PolicyPart, cloudformation, terraform};
#[cfg(feature = "cli")]
pub(crate) use json::TOOL;
pub use json::json;
pub use layout::{COLUMNS, Detail, Layout};
pub use lint::LintReport;
pub use log::{LogGroup, LogGroups, log_json, log_text};
pub use markdown::{markdown, models_markdown, targets_markdown};
pub use models::{models_json, models_text, nothing_taken};
pub use not_checked::unseen;
pub use outline::log_lines;
pub use simulation::Simulation;
pub use styled::{Role, Styled};
pub use targets::{Label, TargetRow, bad_target_line, deviation, json_line, target_line};
#[cfg(feature = "cli")]
pub use test_run::{TestRun, junit_of_tests};
pub use text::text;
pub use timeline::timeline;
