//! A soak: thousands of diagnoses in one process while calls fail at random, each answer right or `undetermined`.
//!
//! The targets go round over five roles, many models and two Regions, asked with more profiles than connections are
//! kept. Which calls fail, and how, follows from a seed. `SOAK=10000` sets the number of targets, `SOAK_SEED=7` the
//! seed; without them there are few, and the memory is not judged.

use crate::support::account::Account;
use crate::support::many::{MODELS, many_models, model};
use crate::support::program::Doctor;
use bedrock_access::sandbox::{Fault, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Instant;

/// The targets of a run that nothing else is said of.
const FEW: usize = 200;

/// From how many targets on the memory is judged: before, caches and pools fill.
const ENOUGH: usize = 5_000;

/// How much more memory the last quarter may take than the second did.
const GROWTH: f64 = 1.1;

/// One call of so many meets a fault.
const SHARE: u32 = 12;

/// The AWS profiles: more than the connections that are kept, so that they come and go.
const PROFILES: usize = 150;

/// How many of them a stretch of targets is asked with, and how long it is.
const STRETCH: (usize, usize) = (12, 200);

/// A role, and why it may not invoke; none where it may.
const ROLES: [(&str, Option<&str>); 5] = [
    ("may", None),
    ("may-not", Some("identity-policy-missing-allow")),
    ("must-not", Some("identity-policy-explicit-deny")),
    ("bounded", Some("permissions-boundary")),
    ("may-stream", Some("identity-policy-missing-allow")),
];

const REGIONS: [&str; 2] = ["us-west-2", "us-east-1"];

/// Who asks: an administrator, a user who may simulate and read little beside, and one who may not even simulate.
const CALLERS: [&str; 3] = ["administrator", "simulates", "reads-little"];

/// One target, by its number.
#[derive(Clone, Copy, Debug)]
struct Target {
    role: usize,
    model: usize,
    through_profile: bool,
    region: usize,
    caller: usize,
}

/// What a target's answer is, where everything can be seen.
#[derive(Debug)]
enum Truth {
    Allowed,
    /// One of these causes, or several.
    Denied(Vec<&'static str>),
    /// No call tells before the first invocation.
    Undetermined,
}

impl Target {
    fn of(n: usize) -> Self {
        // Steps without a common divisor, so that every combination comes.
        let model = n * 7 % MODELS;
        Self {
            role: n % ROLES.len(),
            model,
            through_profile: model.is_multiple_of(3),
            region: n / 3 % REGIONS.len(),
            caller: n / 2 % 8 % CALLERS.len(),
        }
    }

    /// Names the AWS profile: those of a caller are many, and are alike.
    fn profile(self, n: usize) -> String {
        let (profiles, targets) = (STRETCH.0 / CALLERS.len(), STRETCH.1);
        let number = n / targets * profiles + n % profiles;
        format!("{}-{}", CALLERS[self.caller], number % (PROFILES / CALLERS.len()))
    }

    fn model_id(self) -> String {
        let id = model(self.model);
        match self.through_profile {
            true if self.model.is_multiple_of(4) => format!("global.{id}"),
            true => format!("us.{id}"),
            false => id,
        }
    }

    /// What is true of it, by what [`many_models`] and [`ROLES`] say.
    fn truth(self) -> Truth {
        let mut causes: Vec<&str> = ROLES[self.role].1.into_iter().collect();
        if self.model == 7 {
            causes.push("model-access-not-granted");
        }
        if self.model == 11 && REGIONS[self.region] == "us-east-1" {
            causes.push("region-unavailable");
        }
        match (causes.is_empty(), self.model) {
            (false, _) => Truth::Denied(causes),
            // An agreement that the first invocation makes.
            (true, 9) => Truth::Undetermined,
            (true, _) => Truth::Allowed,
        }
    }
}

/// The world of many models, with the roles that are asked about and the users who ask.
fn world() -> Value {
    let mut world = many_models(&[]);
    let allow = |actions: &[&str]| json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let policy = |statements: &[Value]| json!({"Version": "2012-10-17", "Statement": statements});
    let role = |name: &str, statements: &[Value]| {
        let arn = format!("arn:aws:iam::111122223333:role/apps/{name}");
        json!({"arn": arn, "policies": [{"name": "soak", "document": policy(statements)}]})
    };
    let user = |n: usize, statements: &[Value]| {
        let arn = format!("arn:aws:iam::111122223333:user/support/{}", CALLERS[n]);
        json!({"arn": arn, "access_key": key(n), "policies": [{"name": "soak", "document": policy(statements)}]})
    };
    let everything = allow(&["bedrock:*", "aws-marketplace:*"]);
    let deny = json!({"Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "*"});
    let mut bounded = role("bounded", std::slice::from_ref(&everything));
    bounded["boundary"] = json!({
        "arn": "arn:aws:iam::111122223333:policy/Bounds",
        "document": policy(&[allow(&["iam:*", "bedrock:Get*", "bedrock:List*"])]),
    });
    let reads = ["bedrock:Get*", "bedrock:List*", "iam:GetRole"];
    let simulates = [&reads[..], &["iam:SimulatePrincipalPolicy"]].concat();
    world["principals"].as_array_mut().unwrap().extend([
        role("may", std::slice::from_ref(&everything)),
        role("may-not", &[allow(&["s3:*"])]),
        role("must-not", &[everything, deny]),
        bounded,
        role("may-stream", &[allow(&["bedrock:InvokeModelWithResponseStream"])]),
        user(0, &[allow(&["*"])]),
        user(1, &[allow(&simulates)]),
        user(2, &[allow(&reads)]),
    ]);
    world
}

/// The access key id of a caller.
fn key(caller: usize) -> String {
    format!("AKIASOAKCALLER{caller}EXAMPLE")
}

/// How the answers of a run came out.
#[derive(Debug, Default)]
struct Tally {
    right: usize,
    undetermined: usize,
    /// Denied because credentials or the network prevented the diagnosis, which is so while the calls for it fail.
    unreachable: usize,
    offences: Vec<String>,
}

impl Tally {
    fn judge(&mut self, n: usize, report: &Value) {
        let target = Target::of(n);
        let verdict = text(&report["verdict"]);
        let cause = text(&report["findings"][0]["cause"]);
        let family = text(&report["findings"][0]["family"]);
        let mut calls = report["observations"].as_array().into_iter().flatten();
        let unseen = calls.any(|call| ["refused", "failed"].contains(&text(&call["outcome"])));
        match (verdict, target.truth()) {
            ("allowed", Truth::Allowed) => self.right += 1,
            ("denied", Truth::Denied(causes)) if causes.contains(&cause) => self.right += 1,
            ("undetermined", _) if report["not_checked"].as_array().is_some_and(|list| !list.is_empty()) => {
                self.undetermined += 1;
            }
            ("denied", _) if unseen && ["credentials", "network"].contains(&family) => self.unreachable += 1,
            (_, truth) => self.offences.push(format!("{n} {target:?}: `{verdict}` for `{cause}`, and it is {truth:?}")),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a run came to.
struct Run {
    tally: Tally,
    /// The largest resident size within each quarter, in KiB.
    peaks: [u64; 4],
    stderr: String,
    status: Option<i32>,
}

/// Diagnoses targets in one process.
fn run(count: usize, fault: Option<Fault>) -> Run {
    let world = World::parse(&world().to_string()).unwrap();
    let account = Account::serve(fault.into_iter().fold(world, World::with_fault));
    let directory = tempfile::tempdir().unwrap();
    let (mut config, mut targets) = (String::new(), String::new());
    for (caller, name) in CALLERS.iter().enumerate() {
        for n in 0..PROFILES / CALLERS.len() {
            let _ = writeln!(
                config,
                "[profile {name}-{n}]\naws_access_key_id = {}\naws_secret_access_key = secret\n",
                key(caller)
            );
        }
    }
    for n in 0..count {
        let target = Target::of(n);
        let line = json!({
            "id": n, "model": target.model_id(), "region": REGIONS[target.region], "profile": target.profile(n),
            "principal": format!("arn:aws:iam::111122223333:role/apps/{}", ROLES[target.role].0),
        });
        let _ = writeln!(targets, "{line}");
    }
    let [config_file, file] = ["config", "targets.jsonl"].map(|name| directory.path().join(name));
    fs::write(&config_file, config).unwrap();
    fs::write(&file, targets).unwrap();
    let file = file.to_str().unwrap();
    let fixed = ["--format", "json", "--timeout", "4", "--concurrency", "24", "--targets", file];
    let environment = account.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut doctor = Doctor::new(fixed).environment(
        environment
            .filter(|(name, _)| !["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(name))
            .chain([("AWS_CONFIG_FILE", config_file.to_str().unwrap())]),
    );
    let mut child = doctor.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut complaints = child.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let mut said = String::new();
        complaints.read_to_string(&mut said).map(|_| said)
    });
    let mut tally = Tally::default();
    let mut answered: BTreeSet<usize> = BTreeSet::new();
    let mut peaks = [0; 4];
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let report: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let id = usize::try_from(report["id"].as_u64().unwrap()).unwrap();
        tally.judge(id, &report);
        assert!(answered.insert(id), "{id} was answered twice");
        let quarter = (answered.len() - 1) * 4 / count;
        peaks[quarter] = peak_of(child.id()).unwrap_or(0).max(peaks[quarter]);
        if answered.len() * 4 / count > quarter {
            forget_peak(child.id());
        }
    }
    let status = child.wait().unwrap().code();
    assert_eq!(answered.len(), count, "some were not answered");
    Run { tally, peaks, stderr: complaints.join().unwrap().unwrap(), status }
}

/// The largest resident size of a process since its peak was forgotten, in KiB.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Lets the kernel count a process's peak anew (proc(5), `/proc/pid/clear_refs`).
fn forget_peak(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

fn number<T: std::str::FromStr>(variable: &str, otherwise: T) -> T {
    std::env::var(variable).ok().map_or(otherwise, |text| text.parse().ok().expect("a number"))
}

#[test]
fn without_faults_every_answer_is_right() {
    let run = run(FEW, None);
    assert_eq!((run.tally.offences, run.tally.unreachable), (Vec::new(), 0));
    // Nothing is determined of what a caller may not simulate, and of the one model that only a call tells of.
    let open = |n: &usize| {
        let target = Target::of(*n);
        CALLERS[target.caller] == "reads-little" || matches!(target.truth(), Truth::Undetermined)
    };
    assert!(run.tally.undetermined <= (0..FEW).filter(open).count(), "{}", run.tally.undetermined);
    assert_eq!(run.status, Some(1));
}

#[test]
fn a_soak_under_random_faults_leaves_every_answer_right_or_undetermined() {
    let (count, seed) = (number("SOAK", FEW), number("SOAK_SEED", 1_u64));
    let fault = format!("*=random@{seed}/{SHARE}").parse().unwrap();
    let started = Instant::now();
    let Run { tally, peaks, stderr, status } = run(count, Some(fault));
    let mib = peaks.map(|kib| kib as f64 / 1024.0);
    println!(
        "{count} diagnoses, seed {seed}, one call of {SHARE} at fault: {} right, {} undetermined, {} unreachable; \
         peak memory in each quarter {mib:.1?} MiB; {:.0} s",
        tally.right,
        tally.undetermined,
        tally.unreachable,
        started.elapsed().as_secs_f64()
    );
    assert!(tally.offences.is_empty(), "{} offences:\n{}", tally.offences.len(), tally.offences.join("\n"));
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(status, Some(1), "{stderr}");
    assert!(tally.right * 4 >= count, "a soak in which little is determined shows little");
    if count >= ENOUGH {
        assert!(mib[3] <= mib[1] * GROWTH, "the memory grows: {mib:?} MiB");
    }
}

#[test]
fn a_list_that_is_not_there_is_not_an_empty_one() {
    // Two faults at once: the simulator fails, and what the role is attached to comes without its list.
    let faults = ["ListRolePolicies=empty-object", "ListAttachedRolePolicies=empty-object"];
    let faults = faults.into_iter().chain(["SimulatePrincipalPolicy=internal-error"]);
    let faulty = |world: World, fault: &str| world.with_fault(format!("iam:{fault}").parse().unwrap());
    let account = Account::serve(faults.fold(World::embedded("healthy").unwrap(), faulty));
    let report = account.doctor(&["--format", "json"]).run().json();
    assert_eq!(report["verdict"], "undetermined", "{report:#}");
}
