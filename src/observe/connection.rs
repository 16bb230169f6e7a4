//! A connection to an account: credentials that are loaded once, and clients for every Region that is called.
//!
//! Diagnoses share it. If a role has to be assumed, that is done once too, and every other call uses the role's
//! credentials. A failure is not kept: the next diagnosis tries again.

use super::account::{Account, Clients, GivenApiKey, GivenCredentials, RoleToAssume, clients, embedded_config};
use super::api::Api;
use super::api_key::{self, Bearer};
use super::call_runner::{CallRunner, unreadable};
use super::credentials::{aws_sdk_config, load, provider_failure};
use super::endpoint::Route;
use crate::bedrock::Region;
use crate::evidence::{Assumed, Assumption, Call, Credentials, Failure, Observation};
use crate::iam::Arn;
use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::Mutex;

/// How long before their end credentials are loaded anew, for those diagnoses that come later.
const RENEWAL: time::Duration = time::Duration::minutes(2);

/// How long loaded credentials are used at least.
const AT_EARLIEST: time::Duration = time::Duration::seconds(30);

/// What credentials are called that were given.
const GIVEN: &str = "client settings";

/// The session name of an assumed role, as the account's CloudTrail shows it.
const SESSION_NAME: &str = "bedrock-access";

/// One account, reached with one set of credentials.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) account: Account,
    role: Option<RoleToAssume>,
    opened: Mutex<Option<Opened>>,
}

/// The result of connecting to an account.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) credentials: Observation<Credentials>,
    pub(super) assumption: Option<Assumption>,
    /// `None` if there are no credentials.
    pub(super) clients: Option<Arc<Clients>>,
}

/// The credentials that were loaded.
#[derive(Debug)]
struct Opened {
    credentials: Credentials,
    config: SdkConfig,
    /// Whether there are credentials to sign with, in addition to an API key.
    signs: bool,
    /// When the credentials have to be loaded again.
    renewal: Option<OffsetDateTime>,
    /// The role that was assumed, with the call that did it.
    assumed: Option<(Arn, Call)>,
    clients: HashMap<Region, Arc<Clients>>,
}

impl Connection {
    pub(super) fn new(account: Account, role: Option<RoleToAssume>) -> Self {
        Self { account, role, opened: Mutex::new(None) }
    }

    /// Returns the clients for a Region; the first diagnosis loads the credentials, and assumes the role.
    pub(super) async fn clients(&self, region: &Region, calls: &CallRunner) -> Reach {
        let Ok(mut kept) = tokio::time::timeout_at(calls.until(), self.opened.lock()).await else {
            return Reach::failed(provider_failure("another diagnosis waits for them"));
        };
        let is_new = kept.as_ref().is_none_or(Opened::is_due);
        if is_new {
            *kept = None;
            match self.open(region, calls).await {
                Ok(opened) => *kept = Some(opened),
                Err(reach) => return *reach,
            }
        }
        let Some(opened) = kept.as_mut() else { return Reach::failed(provider_failure("they were not loaded")) };
        let assumed = opened.assumed.clone();
        if let Some((_, call)) = &assumed {
            calls.record(Call { shared: !is_new, ..call.clone() });
        }
        Reach {
            credentials: Observation::Seen(opened.credentials.clone()),
            assumption: assumed
                .as_ref()
                .map(|(role, _)| Assumption { role: role.clone(), outcome: Observation::Seen(Assumed {}) }),
            clients: Some(opened.clients(region, &self.account, calls.traffic().patient)),
        }
    }

    async fn open(&self, region: &Region, calls: &CallRunner) -> Result<Opened, Box<Reach>> {
        let own = self.load(region, calls).await.map_err(|failure| Box::new(Reach::failed(failure)))?;
        match &self.role {
            Some(role) => self.assume(own, role, region, calls).await,
            None => Ok(own),
        }
    }

    async fn load(&self, region: &Region, calls: &CallRunner) -> Result<Opened, Failure> {
        let opened = |credentials: Credentials, config: SdkConfig, signs: bool| Opened {
            renewal: renewal(&credentials),
            credentials,
            config,
            signs,
            assumed: None,
            clients: HashMap::new(),
        };
        match &self.account {
            Account::Embedded(embedded) => {
                let source = format!("sandbox `{}`", embedded.world);
                let api_key =
                    embedded.bearer_token.as_deref().map(|key| api_key::describe(key, Some(&embedded.access_key_id)));
                let credentials = Credentials { api_key, source, expires_at: None };
                Ok(opened(credentials, embedded_config(embedded, calls.traffic().loopback.clone()), true))
            }
            Account::Aws { profile, given } => {
                let config = with_keys(aws_sdk_config(profile.clone(), region, calls).await?, given);
                match load(&config, profile.as_deref(), calls).await {
                    Ok((mut credentials, provider)) => {
                        if given.keys.is_some() {
                            credentials.source = GIVEN.to_owned();
                        }
                        let signer = given.keys.as_ref().map(|(id, ..)| id.as_str());
                        match &given.api_key {
                            GivenApiKey::Environment => {}
                            GivenApiKey::Nothing => credentials.api_key = None,
                            GivenApiKey::Key(key) => credentials.api_key = Some(api_key::describe(key, signer)),
                        }
                        // Every client signs with what was loaded, so that a credential process runs once.
                        let config = config.into_builder().credentials_provider(provider).build();
                        Ok(opened(credentials, config, true))
                    }
                    Err(_) if given.bears_a_key() => {
                        let (source, api_key) = match &given.api_key {
                            GivenApiKey::Key(key) => (GIVEN, Some(api_key::describe(key, None))),
                            _ => (api_key::VARIABLE, api_key::in_environment(None)),
                        };
                        let credentials = Credentials { api_key, source: source.to_owned(), expires_at: None };
                        let mut config = config.into_builder();
                        config.set_credentials_provider(None);
                        Ok(opened(credentials, config.build(), false))
                    }
                    Err(failure) => Err(failure),
                }
            }
        }
    }

    /// Assumes a role with the account's own credentials.
    async fn assume(
        &self,
        mut own: Opened,
        role: &RoleToAssume,
        region: &Region,
        calls: &CallRunner,
    ) -> Result<Opened, Box<Reach>> {
        let clients = own.clients(region, &self.account, calls.traffic().patient);
        let endpoint = clients.endpoint("sts");
        let request = clients.sts.assume_role().role_arn(role.arn.to_string()).role_session_name(SESSION_NAME);
        let request = request.set_external_id(role.external_id.clone());
        let (answer, call) = calls.to(Api::AssumeRole, &endpoint).ask_for_record(|| request.clone().send()).await;
        let answer = answer.and_then(|output| match output.credentials() {
            Some(credentials) => Observation::Seen(credentials.clone()),
            None => unreadable(&endpoint, "the answer holds no credentials"),
        });
        let session = match answer {
            Observation::Seen(session) => session,
            unseen => {
                let outcome = unseen.and_then(|_| Observation::Seen(Assumed {}));
                calls.record(call);
                return Err(Box::new(Reach {
                    credentials: Observation::Seen(own.credentials),
                    assumption: Some(Assumption { role: role.arn.clone(), outcome }),
                    clients: None,
                }));
            }
        };
        let expiry = SystemTime::try_from(*session.expiration()).ok();
        let keys = aws_credential_types::Credentials::new(
            session.access_key_id(),
            session.secret_access_key(),
            Some(session.session_token().to_owned()),
            expiry,
            "AssumeRole",
        );
        let credentials = Credentials {
            api_key: None,
            source: format!("{} assumed with {}", role.arn, own.credentials.source),
            expires_at: expiry
                .filter(|_| matches!(self.account, Account::Aws { .. }))
                .and_then(|expiry| OffsetDateTime::from(expiry).format(&Rfc3339).ok()),
        };
        let config = own.config.to_builder().credentials_provider(SharedCredentialsProvider::new(keys)).build();
        Ok(Opened {
            renewal: renewal(&credentials),
            credentials,
            config,
            signs: true,
            assumed: Some((role.arn.clone(), call)),
            clients: HashMap::new(),
        })
    }
}

/// Signs with the keys that were given, if any were.
fn with_keys(config: SdkConfig, given: &GivenCredentials) -> SdkConfig {
    let Some((id, secret, token)) = given.keys.clone() else { return config };
    let keys = aws_credential_types::Credentials::new(id, secret, token, None, GIVEN);
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(keys)).build()
}

impl GivenCredentials {
    /// Returns `true` if calls to Bedrock bear an API key.
    fn bears_a_key(&self) -> bool {
        match &self.api_key {
            GivenApiKey::Environment => api_key::is_borne(),
            GivenApiKey::Nothing => false,
            GivenApiKey::Key(_) => true,
        }
    }
}

impl Reach {
    fn failed(failure: Failure) -> Self {
        Self { credentials: Observation::Failed(failure), assumption: None, clients: None }
    }
}

/// Returns when credentials are loaded again: before they end, but not at once if they end soon anyway.
fn renewal(credentials: &Credentials) -> Option<OffsetDateTime> {
    let expiry = OffsetDateTime::parse(credentials.expires_at.as_deref()?, &Rfc3339).ok()?;
    Some((expiry - RENEWAL).max(OffsetDateTime::now_utc() + AT_EARLIEST))
}

impl Opened {
    /// Returns `true` if the credentials end soon.
    fn is_due(&self) -> bool {
        self.renewal.is_some_and(|renewal| renewal <= OffsetDateTime::now_utc())
    }

    fn clients(&mut self, region: &Region, account: &Account, patient: bool) -> Arc<Clients> {
        let make = || {
            let config = self.config.to_builder().region(aws_config::Region::new(region.to_string())).build();
            let (reads_environment, route, bearer) = match account {
                Account::Aws { given, .. } => {
                    let bearer = match &given.api_key {
                        GivenApiKey::Environment => Bearer::from_environment(),
                        GivenApiKey::Nothing => Bearer::Nothing,
                        GivenApiKey::Key(key) => Bearer::Key(key.clone()),
                    };
                    (true, Route::from_config(&config), bearer)
                }
                Account::Embedded(embedded) => {
                    let bearer = embedded.bearer_token.clone().map_or(Bearer::Unchanged, Bearer::Key);
                    (false, Route::Known(embedded.runtime.clone()), bearer)
                }
            };
            // An assumed role calls with its own credentials only.
            let bearer = if self.assumed.is_some() { Bearer::Nothing } else { bearer };
            let mut clients = clients(&config, region, reads_environment, patient, &bearer);
            clients.signs = self.signs;
            clients.route = route;
            Arc::new(clients)
        };
        self.clients.entry(region.clone()).or_insert_with(make).clone()
    }
}
