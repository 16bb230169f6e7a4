//! A world that is served to the program as AWS would be: through endpoint and keys in the environment.

use super::program::{Answer, Doctor};
use bedrock_access::sandbox::{Sandbox, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// A served world, with the environment that leads to it.
pub struct Account {
    pub sandbox: Sandbox,
    pub environment: Vec<(String, String)>,
    /// What `doctor` is given to ask what the world is about.
    pub request: Vec<String>,
}

impl Account {
    /// Serves a world.
    pub fn serve(world: World) -> Self {
        let (id, secret, token) = world.caller_credentials();
        let mut environment = vec![
            ("AWS_ACCESS_KEY_ID".to_owned(), id.to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), secret.to_owned()),
        ];
        environment.extend(token.map(|token| ("AWS_SESSION_TOKEN".to_owned(), token.to_owned())));
        environment
            .extend(world.caller_bearer_token().map(|key| ("AWS_BEARER_TOKEN_BEDROCK".to_owned(), key.to_owned())));
        let asked = &world.request;
        let mut request = vec!["--region".to_owned(), asked.region.to_string()];
        request.extend(["--operation".to_owned(), asked.operation.as_str().to_owned()]);
        let named = asked.model.iter().map(|model| ("--model", model.to_string()));
        let named = named.chain(asked.resources.iter().map(|arn| ("--resource", arn.to_string())));
        let named = named.chain(asked.service_role.iter().map(|arn| ("--service-role", arn.to_string())));
        request.extend(named.flat_map(|(option, value)| [option.to_owned(), value]));
        let sandbox = Sandbox::start(world, Duration::ZERO, 0).unwrap();
        // One variable for each service, as AWS has a host for each: a host that fails is not asked again.
        for service in ["STS", "S3", "KMS", "IAM", "IAM_TOOLBOX", "BEDROCK", "BEDROCK_RUNTIME"] {
            environment.push((format!("AWS_ENDPOINT_URL_{service}"), sandbox.endpoint()));
        }
        // Nothing leaves the machine, whatever is asked of a host that is not the sandbox.
        environment.push(("HTTPS_PROXY".to_owned(), "http://127.0.0.1:1".to_owned()));
        Self { sandbox, environment, request }
    }

    /// Serves an embedded world.
    pub fn named(world: &str) -> Self {
        Self::serve(World::embedded(world).unwrap())
    }

    /// Prepares the doctor to ask what the world is about; later arguments win over the world's, and another operation
    /// comes with all that it needs.
    pub fn doctor(&self, arguments: &[&str]) -> Doctor {
        let mut all: Vec<&str> = Vec::new();
        let other = arguments.contains(&"--operation");
        for pair in self.request.chunks(2) {
            let replaced = arguments.contains(&pair[0].as_str()) || other && pair[0] != "--region";
            if !replaced {
                all.extend(pair.iter().map(String::as_str));
            }
        }
        all.extend(arguments);
        Doctor::new(all).environment(self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Asks the doctor, and returns its answer with the calls that reached the account.
    pub fn ask(world: &str, arguments: &[&str]) -> (Answer, BTreeMap<&'static str, u64>) {
        let account = Self::named(world);
        let answer = account.doctor(arguments).run();
        let calls = account.sandbox.calls();
        (answer, calls)
    }
}

/// Works on items on as many threads as given, and returns the results in the items' order.
pub fn at_once<I: Send + Sync, R: Send>(threads: usize, items: &[I], work: impl Fn(&I) -> R + Sync) -> Vec<R> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results: Vec<std::sync::Mutex<Option<R>>> = items.iter().map(|_| std::sync::Mutex::default()).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    *results[at].lock().unwrap() = Some(work(item));
                }
            });
        }
    });
    results.into_iter().map(|result| result.into_inner().unwrap().unwrap()).collect()
}
