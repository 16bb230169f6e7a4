//! `sandbox list | show | serve`: the embedded account, for other clients and for copying.
//!
//! `show` prints a world's file, so that it can be edited and given back with `--sandbox FILE`;
//! `serve` prints the environment that points any AWS client at the account, and runs until it is interrupted.

use super::exit::{ExitStatus, Failure};
use super::output;
use crate::escape::escape_json;
use crate::sandbox::{Fault, Sandbox, World};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

/// The world that is meant when none is named.
pub(super) const DEFAULT_WORLD: &str = "iam-missing";

/// The largest world file that is read, in bytes.
const MAX_WORLD: u64 = 16 << 20;

/// How alike a name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.7;

const EXAMPLES: &str = "\
Examples:
  bedrock-access sandbox list
  bedrock-access sandbox show healthy > world.json
  bedrock-access sandbox serve healthy --port 8080
      prints the environment that points any AWS client at it";

/// Run or show the embedded AWS account.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SandboxArgs {
    #[command(subcommand)]
    command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
enum SandboxCommand {
    /// List the embedded worlds
    List,
    /// Print a world's file, ready to be edited and given to `--sandbox`
    Show {
        /// An embedded world's name, or a file
        world: String,
    },
    /// Serve a world on loopback until interrupted, and print the environment for other clients
    Serve {
        /// An embedded world's name, or a file
        #[arg(default_value = DEFAULT_WORLD)]
        world: String,
        /// The port on 127.0.0.1; 0 takes any free one
        #[arg(long, value_name = "N", default_value_t = 0)]
        port: u16,
        /// Let every answer wait so many milliseconds
        #[arg(long, value_name = "MS", default_value_t = 0)]
        latency: u64,
        /// Let calls fail: the operation (`*` for all) and the kind, as docs/sandbox.md lists them; `:N` behind it
        /// meets the first N calls only, `/N` every Nth; `random@SEED/N` meets one call of N with any kind
        #[arg(long = "fault", value_name = "API=KIND")]
        faults: Vec<Fault>,
    },
}

/// Runs the subcommand.
pub(super) fn run(args: &SandboxArgs) -> Result<ExitStatus, Failure> {
    match &args.command {
        SandboxCommand::List => {
            output::print(&list())?;
            Ok(ExitStatus::Success)
        }
        SandboxCommand::Show { world } => {
            output::print(&shown(&read_world(world)?.0))?;
            Ok(ExitStatus::Success)
        }
        SandboxCommand::Serve { world, port, latency, faults } => {
            let world = faults.iter().cloned().fold(load_world(world)?, World::with_fault);
            serve(world, *port, Duration::from_millis(*latency))
        }
    }
}

/// Shows a world's file, which may be anybody's: byte for byte, but for what steers a terminal.
///
/// JSON has tabs and carriage returns as layout alone; whatever else steers stands in a string, where an escape says
/// the same.
fn shown(text: &str) -> String {
    escape_json(text.replace('\r', "").replace('\t', "  "))
}

/// Finds a world by the name of an embedded one, or reads it from a file.
///
/// # Errors
///
/// When there is no such name and no such file, or the file is not a world.
pub(super) fn load_world(name: &str) -> Result<World, Failure> {
    read_world(name).map(|(_, world)| world)
}

fn read_world(name: &str) -> Result<(String, World), Failure> {
    let text = match World::embedded_text(name) {
        Some(text) => text.to_owned(),
        None => read_file(name)?,
    };
    let world = World::parse(&text).map_err(|error| {
        Failure::input(format!("`{}` is not a world: {error}", name.escape_debug()))
            .hint("docs/sandbox.md describes a world, and docs/schema/world-1.json is its schema")
    })?;
    Ok((text, world))
}

fn read_file(name: &str) -> Result<String, Failure> {
    let shown = name.escape_debug();
    let unreadable = |error: &dyn std::fmt::Display| Failure::input(format!("`{shown}` cannot be read: {error}"));
    let path = Path::new(name);
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound if !name.contains(['/', '\\', '.']) => unknown_world(name),
        _ => unreadable(&error),
    })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(&"it is a directory"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_WORLD + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAX_WORLD {
        return Err(unreadable(&format!("a world has at most {MAX_WORLD} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(format!("`{shown}` is not a world: it is not UTF-8 text (byte {at})"))
    })
}

fn unknown_world(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no world `{}`, and no file of that name", name.escape_debug()));
    let alike = World::names()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match alike {
        Some((_, known)) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint("`bedrock-access sandbox list` shows the worlds"),
    }
}

fn list() -> String {
    let width = World::names().map(str::len).max().unwrap_or_default();
    let line = |name: &'static str| {
        let description = World::embedded(name).map(|world| world.description).unwrap_or_default();
        format!("{name:width$}  {description}\n")
    };
    World::names().map(line).collect()
}

fn serve(world: World, port: u16, latency: Duration) -> Result<ExitStatus, Failure> {
    let unservable = |error: std::io::Error| {
        Failure::input(format!("port {port} of 127.0.0.1 cannot be had: {error}")).hint("`--port 0` takes any free one")
    };
    // Before the environment is printed: whoever reads it may interrupt at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(unservable)?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::new().map_err(unservable)?
    };
    let environment = environment(&world);
    let sandbox = Sandbox::start(world, latency, port).map_err(unservable)?;
    output::print(&format!("export AWS_ENDPOINT_URL='{}'\n{environment}", sandbox.endpoint()))?;
    let signal = runtime.block_on(signals.next());
    Ok(ExitStatus::Child(128 + signal))
}

/// The lines that make a shell's AWS clients the world's caller.
fn environment(world: &World) -> String {
    let (access_key, secret, token) = world.caller_credentials();
    let region = world.request.region.as_str();
    let token = match token {
        Some(token) => format!("export AWS_SESSION_TOKEN='{token}'"),
        None => "unset AWS_SESSION_TOKEN".to_owned(),
    };
    let bearer = match world.caller_bearer_token() {
        Some(bearer) => format!("unset AWS_PROFILE\nexport AWS_BEARER_TOKEN_BEDROCK='{bearer}'"),
        None => "unset AWS_PROFILE AWS_BEARER_TOKEN_BEDROCK".to_owned(),
    };
    format!(
        "export AWS_ACCESS_KEY_ID='{access_key}'\nexport AWS_SECRET_ACCESS_KEY='{secret}'\n{token}\n\
         export AWS_REGION='{region}'\nexport AWS_DEFAULT_REGION='{region}'\n{bearer}\n"
    )
}

/// The signals that end the server.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for one of them, and returns its number.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
    }
}

/// The signals that end the server.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits for Ctrl-C, and returns the number that it has elsewhere.
    async fn next(&mut self) -> u8 {
        // Without a handler the process ends by itself.
        let _ = tokio::signal::ctrl_c().await;
        2
    }
}
