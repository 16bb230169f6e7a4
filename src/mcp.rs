//! The same answers as tools for coding agents: a server of the Model Context Protocol on standard input and output.
//!
//! Standard output holds messages of the protocol and nothing else. A tool makes the calls that its command makes, and a
//! test call only where both the server's own option and the tool's argument ask for it. Texts of AWS, of logs and of
//! policies are data: an answer marks what it quotes, and its own words come from fixed vocabularies.

mod arguments;
mod bounded;
mod context;
mod error;
mod prompts;
mod quoted;
mod resources;
mod schemas;
mod server;
mod settings;
mod source;
mod tool;
mod tools;
mod wire;

pub use settings::Settings;

use crate::answer::{Failure, load_world};
use server::Server;
use std::sync::Arc;
use std::time::Duration;
use wire::Wire;

/// How long the end of the process waits for answers that are still to be written.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Serves until standard input ends.
///
/// # Errors
///
/// When the world cannot be read, or the async runtime does not start.
pub fn serve(settings: Settings) -> Result<(), Failure> {
    if let Some(world) = &settings.world {
        // A mistake is told now, not by the first answer.
        load_world(world)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::input(format!("the async runtime cannot start: {error}")))?;
    let server = Arc::new(Server::new(settings));
    runtime.block_on(async {
        let wire = Wire::of_standard_streams();
        while server::session(server.clone(), wire.clone()).await == server::Next::AnotherSession {}
        server.stop_all();
        wire.finish(LAST_WORDS).await;
    });
    // Do not wait for a thread that still resolves a name or reads a file.
    runtime.shutdown_background();
    crate::observe::kill_descendants();
    Ok(())
}
