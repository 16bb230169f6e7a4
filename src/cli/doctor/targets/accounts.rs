//! The accounts that targets are checked in: one connection for each profile, or the embedded account.

use crate::answer::doctor::Caller;
use crate::bedrock::Region;
use crate::cli::account::{Served, account_of, configured_region};
use crate::cli::doctor::args::DoctorArgs;
use crate::cli::exit::Failure;
use crate::cli::sandbox::load_world;
use crate::observe::{Account, Observer, RoleToAssume, Traffic, default_region};
use crate::sandbox::World;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How many connections are kept; beyond that, the profiles named in a file take turns.
const MOST: usize = 64;

/// Connections by those whose credentials they use.
pub(super) struct Accounts {
    traffic: Arc<Traffic>,
    timeout: Duration,
    role: Option<RoleToAssume>,
    /// The world, and its account, which is served as long as this exists.
    sandbox: Option<(World, Served)>,
    open: Mutex<HashMap<Caller, Arc<Connection>>>,
}

/// One connection, and the Region that its profile configures.
pub(super) struct Connection {
    pub(super) observer: Observer,
    profile: Option<String>,
    timeout: Duration,
    region: OnceCell<Option<Region>>,
}

impl Accounts {
    pub(super) fn open(args: &DoctorArgs) -> Result<Self, Failure> {
        let sandbox = match args.account.sandbox.as_deref().map(load_world).transpose()? {
            Some(world) => Some((world.clone(), Served::start(world)?)),
            None => None,
        };
        Ok(Self {
            traffic: Arc::new(Traffic::of_many(args.many.concurrency)),
            timeout: args.timeout,
            role: args.account.role_to_assume()?,
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

    /// Returns the connection that a target is checked through.
    pub(super) fn of(&self, caller: &Caller) -> Arc<Connection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST && !open.contains_key(caller) {
            // Targets under way keep theirs.
            open.clear();
        }
        let make = || {
            let served = self.sandbox.as_ref().map(|(_, served)| served);
            let profile = caller.profile.clone();
            let mut account = account_of(served, profile.as_deref());
            if let Account::Aws { given, .. } = &mut account {
                *given = caller.given();
            }
            let observer = Observer::with_traffic(self.traffic.clone(), account, self.timeout);
            let observer = observer.assuming(caller.role().or_else(|| self.role.clone()));
            Arc::new(Connection { observer, profile, timeout: self.timeout, region: OnceCell::new() })
        };
        open.entry(caller.clone()).or_insert_with(make).clone()
    }
}

impl Connection {
    /// Returns the Region that the environment or the profile configures, if one does; it is looked up once.
    pub(super) async fn region(&self) -> Option<Region> {
        let look = async || default_region(self.profile.as_deref(), self.timeout / 2).await?.parse().ok();
        self.region.get_or_init(look).await.clone()
    }

    /// Returns the same, or the failure that there is none.
    pub(super) async fn configured_region(&self) -> Result<Region, Failure> {
        match self.region().await {
            Some(region) => Ok(region),
            None => configured_region(self.profile.as_deref(), self.timeout).await,
        }
    }
}
