//! The accounts that targets are asked in: one connection for each profile, or the embedded account.

use crate::bedrock::Region;
use crate::cli::account::{Served, account_of};
use crate::cli::doctor::args::DoctorArgs;
use crate::cli::exit::Failure;
use crate::cli::sandbox::load_world;
use crate::observe::{Observer, Traffic, default_region};
use crate::sandbox::World;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How many connections are kept; beyond them the profiles named in a file take turns.
const MOST: usize = 64;

/// Connections by the profile whose credentials they use.
pub(super) struct Accounts {
    traffic: Arc<Traffic>,
    timeout: Duration,
    /// The world, and its account, which is served as long as this lives.
    sandbox: Option<(World, Served)>,
    open: Mutex<HashMap<Option<String>, Arc<Lane>>>,
}

/// One connection, and the Region that its profile configures.
pub(super) struct Lane {
    pub(super) probe: Observer,
    profile: Option<String>,
    timeout: Duration,
    region: OnceCell<Option<Region>>,
}

impl Accounts {
    pub(super) fn open(args: &DoctorArgs) -> Result<Self, Failure> {
        let sandbox = match args.sandbox.as_deref().map(load_world).transpose()? {
            Some(world) => Some((world.clone(), Served::start(world)?)),
            None => None,
        };
        Ok(Self {
            traffic: Arc::new(Traffic::of_many(args.concurrency)),
            timeout: Duration::from_secs(args.timeout),
            sandbox,
            open: Mutex::default(),
        })
    }

    pub(super) fn are_embedded(&self) -> bool {
        self.sandbox.is_some()
    }

    pub(super) fn world(&self) -> Option<&World> {
        self.sandbox.as_ref().map(|(world, _)| world)
    }

    /// Returns the connection that a target is asked through.
    pub(super) fn of(&self, arguments: &DoctorArgs) -> Arc<Lane> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST && !open.contains_key(&arguments.profile) {
            // Targets under way keep theirs.
            open.clear();
        }
        let make = || {
            let served = self.sandbox.as_ref().map(|(_, served)| served);
            let account = account_of(served, arguments.profile.as_deref());
            let probe = Observer::with_traffic(self.traffic.clone(), account, self.timeout);
            let probe = probe.assuming(arguments.role_to_assume());
            let region = OnceCell::new();
            Arc::new(Lane { probe, profile: arguments.profile.clone(), timeout: self.timeout, region })
        };
        open.entry(arguments.profile.clone()).or_insert_with(make).clone()
    }
}

impl Lane {
    /// Returns the Region that environment or profile configure, which is looked for once.
    pub(super) async fn default_region(&self) -> Option<Region> {
        let look = async || default_region(self.profile.as_deref(), self.timeout / 2).await?.parse().ok();
        self.region.get_or_init(look).await.clone()
    }
}
