//! `whoami`: which identity do AWS calls from here use, and where do its credentials come from?

use super::account::{AccountArgs, Served, account_of, configured_region};
use super::exit::{ExitStatus, Failure};
use super::progress::with_progress;
use super::runtime::block_on;
use super::sandbox::load_world;
use super::{interrupt, memory, output};
use crate::bedrock::Region;
use crate::escape::escape;
use crate::evidence::{BedrockApiKey, Evidence, Unseen};
use crate::observe::Observer;
use crate::report;
use clap::Args;
use std::time::Duration;

/// Show which identity AWS calls from here use (`sts:GetCallerIdentity`).
#[derive(Debug, Args)]
pub(super) struct WhoamiArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// The Region whose endpoint is called [default: from the environment or the profile]
    #[arg(long, short, value_name = "REGION")]
    region: Option<Region>,
    /// Another identity is not looked up by this command
    #[arg(long, hide = true)]
    principal: Option<String>,
    /// The deadline (10s, 2m; a plain number is seconds)
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = super::parse::seconds)]
    timeout: Duration,
}

/// Runs the command.
pub(super) fn run(args: &WhoamiArgs) -> Result<ExitStatus, Failure> {
    if args.principal.is_some() {
        return Err(Failure::usage("`whoami` shows the caller")
            .hint("`bedrock-access doctor MODEL --principal ARN` diagnoses another user or role"));
    }
    interrupt::watch()?;
    memory::forbid_core_dumps();
    let evidence = block_on(observe(args))?;
    let page = page(&evidence);
    let lines: Vec<String> = page.lines().map(|line| format!("{}\n", escape(line))).collect();
    output::print(&lines.concat())?;
    Ok(if evidence.caller.seen().is_some() { ExitStatus::Success } else { ExitStatus::Undetermined })
}

async fn observe(args: &WhoamiArgs) -> Result<Evidence, Failure> {
    let world = args.account.sandbox.as_deref().map(load_world).transpose()?;
    let profile = args.account.profile.as_deref();
    let region = match (&args.region, &world) {
        (Some(region), _) => region.clone(),
        (None, Some(world)) => world.request.region.clone(),
        (None, None) => configured_region(profile, args.timeout).await?,
    };
    let served = world.map(Served::start).transpose()?;
    let observer =
        Observer::new(account_of(served.as_ref(), profile), args.timeout).assuming(args.account.role_to_assume()?);
    interrupt::report_progress_of(observer.traffic());
    Ok(with_progress("asking AWS", observer.identity(region)).await)
}

fn page(evidence: &Evidence) -> String {
    let unknown = |why: Option<Unseen>| format!("not known: {}", why.as_ref().map(report::unseen).unwrap_or_default());
    let (caller, account) = match evidence.caller.seen() {
        Some(caller) => (caller.principal.arn.to_string(), caller.account.clone()),
        None => (unknown(evidence.caller.why_unseen()), "not known".to_owned()),
    };
    let credentials = match evidence.credentials.seen() {
        Some(credentials) => credentials.source.clone(),
        None => unknown(evidence.credentials.why_unseen()),
    };
    let mut page = format!("caller       {caller}\naccount      {account}\ncredentials  {credentials}\n");
    if let Some(expiry) = evidence.credentials.seen().and_then(|credentials| credentials.expires_at.as_deref()) {
        page.push_str(&format!("expire       {expiry}\n"));
    }
    page.push_str(&format!("Region       {}\n", evidence.request.region));
    let key = evidence.credentials.seen().and_then(|credentials| credentials.api_key.as_ref());
    if key.is_some_and(|key| *key != BedrockApiKey::Empty) {
        page.push_str("note         AWS_BEARER_TOKEN_BEDROCK takes precedence in calls to Bedrock\n");
    }
    page
}
