//! `sandbox list | show | serve | run`: the embedded account, for other clients and for copying.
//!
//! `show` prints a world's file, so that it can be edited and given back with `--sandbox FILE`; `serve` prints the
//! environment that points any AWS client at the account, and runs until it is interrupted; `run` gives that environment
//! to one command.

use super::child::supervise;
use super::exit::{ExitStatus, Failure};
use super::output;
use crate::answer::read_world;
pub(super) use crate::answer::{DEFAULT_WORLD, load_world};
use crate::escape::escape_json;
use crate::sandbox::{Fault, Sandbox, World};
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  bedrock-access sandbox list
  bedrock-access sandbox show healthy > world.json
  bedrock-access sandbox serve healthy --port 8080
      prints the environment that points any AWS client at it
  bedrock-access sandbox run iam-missing -- aws sts get-caller-identity
      runs a command whose AWS is the world";

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
        /// The principal whose credentials are printed, by ARN or name [default: the world's caller]
        #[arg(long, value_name = "PRINCIPAL")]
        principal: Option<String>,
        /// Append every call's CloudTrail event to a file, one line of JSON each
        #[arg(long, value_name = "FILE")]
        trail: Option<PathBuf>,
    },
    /// Run a command whose AWS is a world; the exit status is the command's
    ///
    /// The command gets the world's endpoint, Region and credentials in its environment. What this shell says of other
    /// endpoints, profiles, roles and proxies does not lead it elsewhere.
    Run {
        /// An embedded world's name, or a file
        #[arg(default_value = DEFAULT_WORLD)]
        world: String,
        /// The principal whose credentials the command gets, by ARN or name [default: the world's caller]
        #[arg(long, value_name = "PRINCIPAL")]
        principal: Option<String>,
        /// The command and its arguments
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
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
        SandboxCommand::Serve { world, port, latency, faults, principal, trail } => {
            let world = faults.iter().cloned().fold(load_world(world)?, World::with_fault);
            let environment = Environment::new(&world, principal.as_deref())?;
            let trail = trail.as_deref().map(TrailFile::open).transpose()?;
            serve(world, &environment, trail, *port, Duration::from_millis(*latency))
        }
        SandboxCommand::Run { world, principal, command } => {
            let world = load_world(world)?;
            let environment = Environment::new(&world, principal.as_deref())?;
            run_command(world, &environment, command)
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

fn list() -> String {
    let width = World::names().map(str::len).max().unwrap_or_default();
    let line = |name: &'static str| {
        let description = World::embedded(name).map(|world| world.description).unwrap_or_default();
        format!("{name:width$}  {description}\n")
    };
    World::names().map(line).collect()
}

fn serve(
    world: World,
    environment: &Environment,
    mut trail: Option<TrailFile>,
    port: u16,
    latency: Duration,
) -> Result<ExitStatus, Failure> {
    let unservable = |error: std::io::Error| {
        Failure::input(format!("port {port} of 127.0.0.1 cannot be had: {error}")).hint("`--port 0` takes any free one")
    };
    // Before the environment is printed: whoever reads it may interrupt at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unservable)?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::new().map_err(unservable)?
    };
    let sandbox = Sandbox::start(world, latency, port).map_err(unservable)?;
    output::print(&format!("export AWS_ENDPOINT_URL='{}'\n{}", sandbox.endpoint(), environment.exports()))?;
    if std::io::stdout().is_terminal() {
        output::write_stderr(&format!("listening on {}, Ctrl-C ends", sandbox.endpoint()));
    }
    let signal = runtime.block_on(async {
        loop {
            let pause = tokio::time::sleep(TRAIL_PAUSE);
            tokio::select! {
                signal = signals.next() => return Ok(signal),
                () = pause, if trail.is_some() => {
                    if let Some(trail) = &mut trail {
                        trail.append(&sandbox)?;
                    }
                }
            }
        }
    })?;
    if let Some(trail) = &mut trail {
        trail.append(&sandbox)?;
    }
    Ok(ExitStatus::Child(128 + signal))
}

/// Runs a command with a world as its AWS.
fn run_command(world: World, environment: &Environment, command: &[OsString]) -> Result<ExitStatus, Failure> {
    let sandbox = Sandbox::start(world, Duration::ZERO, 0)
        .map_err(|error| Failure::input(format!("the embedded account cannot listen on loopback: {error}")))?;
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::usage("no command was given").hint("bedrock-access sandbox run WORLD -- COMMAND"));
    };
    let mut command = Command::new(program);
    command.args(arguments).env("AWS_ENDPOINT_URL", sandbox.endpoint());
    environment.give(&mut command);
    supervise(program, &mut command)
}

/// How often new events of the trail are written.
const TRAIL_PAUSE: Duration = Duration::from_millis(100);

/// A file that the events of the trail are appended to.
struct TrailFile {
    path: PathBuf,
    file: File,
    /// How many events are written.
    written: u64,
}

impl TrailFile {
    fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::options().create(true).append(true).open(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), file, written: 0 })
    }

    fn append(&mut self, sandbox: &Sandbox) -> Result<(), Failure> {
        let (events, total) = sandbox.events_since(self.written);
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        self.file.write_all(lines.as_bytes()).map_err(|error| unwritable(&self.path, &error))?;
        self.written = total;
        Ok(())
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("`{}` cannot be written: {error}", path.display().to_string().escape_debug()))
}

/// Where a world listens.
const LOOPBACK: &str = "127.0.0.1";

/// What makes AWS clients a principal of a world: each variable, with its value or with none.
struct Environment(Vec<(&'static str, Option<String>)>);

impl Environment {
    /// Collects the variables for a principal, or for the world's caller.
    fn new(world: &World, principal: Option<&str>) -> Result<Self, Failure> {
        let (caller, secret, token) = world.caller_credentials();
        let (access_key, token) = match principal {
            None => (caller, token),
            Some(name) => world.credentials_of(name).ok_or_else(|| no_such_principal(world, name))?,
        };
        // An API key is the caller's alone.
        let bearer = world.caller_bearer_token().filter(|_| access_key == caller);
        let region = world.request.region.as_str();
        Ok(Self(vec![
            ("AWS_ACCESS_KEY_ID", Some(access_key.to_owned())),
            ("AWS_SECRET_ACCESS_KEY", Some(secret.to_owned())),
            ("AWS_SESSION_TOKEN", token.map(str::to_owned)),
            ("AWS_REGION", Some(region.to_owned())),
            ("AWS_DEFAULT_REGION", Some(region.to_owned())),
            ("AWS_BEARER_TOKEN_BEDROCK", bearer.map(str::to_owned)),
            // The endpoint counts, whatever this shell or its configuration says (SDK reference guide, "Service-specific endpoints").
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", Some("false".to_owned())),
            // Each of these would bring another identity, or another endpoint for one client.
            ("AWS_PROFILE", None),
            ("AWS_DEFAULT_PROFILE", None),
            ("AWS_ROLE_ARN", None),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", None),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", None),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", None),
            ("ANTHROPIC_BEDROCK_BASE_URL", None),
        ]))
    }

    /// Returns the lines that set the variables in a shell.
    fn exports(&self) -> String {
        let mut lines = String::new();
        let mut unset: Vec<&str> = Vec::new();
        for (name, value) in &self.0 {
            match value {
                Some(value) => lines.push_str(&format!("export {name}='{value}'\n")),
                None => unset.push(name),
            }
        }
        if !unset.is_empty() {
            lines.push_str(&format!("unset {}\n", unset.join(" ")));
        }
        lines
    }

    /// Sets the variables of a command.
    fn give(&self, command: &mut Command) {
        // The services that a shell points elsewhere are the world's too.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("AWS_ENDPOINT_URL_")) {
                command.env_remove(name);
            }
        }
        for (name, value) in &self.0 {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // A proxy does not reach this machine's loopback. Clients differ in which spelling they read.
        for name in ["NO_PROXY", "no_proxy"] {
            let others = std::env::var(name).ok().filter(|others| !others.trim().is_empty());
            command.env(name, others.map_or_else(|| LOOPBACK.to_owned(), |others| format!("{LOOPBACK},{others}")));
        }
    }
}

fn no_such_principal(world: &World, name: &str) -> Failure {
    let known: Vec<&str> = world.principals_with_keys().collect();
    Failure::usage(format!("no principal `{}` of the world has a key", name.escape_debug()))
        .hint(format!("the world's principals with a key: {}", known.join(", ")))
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
