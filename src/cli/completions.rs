//! `completions SHELL` and `man DIR`: what shells and `man` know of the commands, from their one definition.

use super::exit::{ExitStatus, Failure};
use super::{Cli, output};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::PathBuf;

const COMPLETIONS: &str = "\
Examples:
  bedrock-access completions bash > ~/.local/share/bash-completion/completions/bedrock-access
  bedrock-access completions zsh > \"${fpath[1]}/_bedrock-access\"
  bedrock-access completions fish > ~/.config/fish/completions/bedrock-access.fish
  bedrock-access completions powershell >> $PROFILE";

const MAN: &str = "\
Examples:
  bedrock-access man ~/.local/share/man/man1
  man bedrock-access-doctor";

/// Print the completions of a shell.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Write the manual pages into a folder, one a command.
#[derive(Debug, Args)]
#[command(after_help = MAN)]
pub(super) struct ManArgs {
    /// The folder; made where there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs `completions`.
pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitStatus, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bedrock-access", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitStatus::Success)
}

/// Runs `man`.
pub(super) fn man(args: &ManArgs) -> Result<ExitStatus, Failure> {
    let unwritable = |error: std::io::Error| {
        Failure::input(format!("the pages cannot be written to `{}`: {error}", args.folder.display()))
    };
    std::fs::create_dir_all(&args.folder).map_err(unwritable)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(unwritable)?;
    Ok(ExitStatus::Success)
}
