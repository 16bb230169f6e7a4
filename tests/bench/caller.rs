//! The environment of a program that calls an embedded account, and nothing else of AWS.

use bedrock_access::sandbox::{Sandbox, World};
use std::process::Command;
use std::time::Duration;

/// Serves a world at a latency; gives what prepares a command to call it.
pub fn serve(world: World, latency: Duration) -> (Sandbox, impl Fn(&mut Command)) {
    let (id, secret, token) = world.caller_credentials();
    let keys = [id, secret, token.unwrap_or_default()].map(str::to_owned);
    let sandbox = Sandbox::start(world, latency, 0).expect("a port");
    let endpoint = sandbox.endpoint();
    let prepare = move |command: &mut Command| {
        command.env_clear().envs([
            ("HOME", "/nonexistent"),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_ACCESS_KEY_ID", &keys[0]),
            ("AWS_SECRET_ACCESS_KEY", &keys[1]),
            ("AWS_SESSION_TOKEN", &keys[2]),
        ]);
    };
    (sandbox, prepare)
}
