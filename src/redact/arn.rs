//! ARNs: what they are stays, whose they are goes. An alias stands where the account's id stood.

use super::{Redactor, known};
use crate::policy::ManagedPolicy;

/// Parts of ARNs that are types or AWS's own names, wherever they stand behind the first part.
const STRUCTURE: [&str; 25] = [
    "DEFAULT",
    "alias",
    "api-key-credential-provider",
    "apikeycredentialprovider",
    "assumed-role",
    "aws",
    "aws-reserved",
    "default",
    "directory",
    "index",
    "lambda",
    "log-stream",
    "memory",
    "oauth2credentialprovider",
    "ou",
    "policy",
    "resource_control_policy",
    "runtime-endpoint",
    "service_control_policy",
    "session",
    "stream",
    "table",
    "token-vault",
    "workload-identity",
    "workload-identity-directory",
];

/// The resource types of Bedrock whose ids are AWS's own, the same for every customer.
const OF_AWS: [&str; 3] = ["foundation-model", "inference-profile", "default-prompt-router"];

/// How ids begin that tell what they are, and what they are; their aliases tell it too.
const KINDS: [(&str, &str); 3] = [("o-", "organization"), ("p-", "policy"), ("vpce-", "vpc-endpoint")];

/// Returns `true` if a name has the form of an alias of this kind: what was redacted before stays what it is.
fn is_alias(name: &str, kind: &str) -> bool {
    let number = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Redactor {
    /// Redacts an ARN or a pattern of ARNs; what only begins like one is redacted part by part.
    pub(super) fn arn(&mut self, arn: &str) -> String {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, partition, service, region, account, resource] = parts.as_slice() else {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| if known::is_plain(part) { (*part).to_owned() } else { self.resource_part("name", part) })
                .collect();
            return parts.join(":");
        };
        let of_aws = *account == "aws";
        let kept = |part: &str| part.is_empty() || known::is_plain(part.trim_matches('*')) || part == "*";
        let named = |redactor: &mut Self, kind: &str, part: &str| {
            if kept(part) || redactor.readable.contains(part) {
                part.to_owned()
            } else {
                redactor.aliases.of(kind, part)
            }
        };
        let resource = if of_aws && known::is_plain(resource) {
            (*resource).to_owned()
        } else {
            self.resource(service, account, resource)
        };
        let account = match *account {
            "" | "*" | "aws" | "aws-marketplace" | "cloudfront" => (*account).to_owned(),
            account => self.aliases.pattern("account", account),
        };
        let partition = named(self, "partition", partition);
        let service = named(self, "service", service);
        let region = named(self, "region", region);
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn resource(&mut self, service: &str, account: &str, resource: &str) -> String {
        if matches!(resource, "*" | "root") {
            return resource.to_owned();
        }
        if service == "s3" {
            return self.in_bucket(resource);
        }
        let Some(at) = resource.find(['/', ':']) else { return self.aliases.pattern("resource", resource) };
        let (kind, rest) = resource.split_at(at);
        let (joint, id) = rest.split_at(1);
        let is_type = known::is_plain(kind.trim_matches('*')) || STRUCTURE.contains(&kind) || kind == "*";
        let kind_shown =
            if is_type && !is_alias(kind, "resource") { kind.to_owned() } else { self.aliases.of("resource", kind) };
        let id = match (service, kind) {
            ("iam", "role" | "user" | "group" | "policy" | "instance-profile") => {
                let (path, name) = id.rsplit_once('/').map_or(("", id), |(path, name)| (path, name));
                let name = self.iam_name(kind, name);
                if path.is_empty() { name } else { format!("{}/{name}", self.path(path)) }
            }
            ("sts", "assumed-role") => {
                let (role, session) = id.split_once('/').unwrap_or((id, ""));
                let role = self.iam_name("role", role);
                if session.is_empty() { role } else { format!("{role}/{}", self.aliases.pattern("session", session)) }
            }
            ("sts", "federated-user") => self.iam_name("user", id),
            // An account's own profile may be called like AWS's, and then tells no more than they do.
            ("bedrock", kind) if OF_AWS.contains(&kind) || id == "*" => self.resource_id_of_aws(kind, account, id),
            ("bedrock", kind) if known::is_plain(kind) => self.with_version(kind, id),
            _ => self.resource_part("resource", id),
        };
        format!("{kind_shown}{joint}{id}")
    }

    /// Redacts a bucket, and every part of a key in it: a customer may have named it with plain words.
    pub(super) fn in_bucket(&mut self, resource: &str) -> String {
        let mut shown: Vec<String> = Vec::new();
        for part in resource.split('/') {
            let kind = if shown.is_empty() { "bucket" } else { "key" };
            shown.push(if part.is_empty() { String::new() } else { self.aliases.pattern(kind, part) });
        }
        shown.join("/")
    }

    fn iam_name(&mut self, kind: &str, name: &str) -> String {
        // AWS's own policies are known to everybody.
        if kind == "policy" && ManagedPolicy::find(name).is_some() {
            return name.to_owned();
        }
        self.aliases.pattern(kind, name)
    }

    /// Redacts a path but for those that AWS sets itself.
    fn path(&mut self, path: &str) -> String {
        let reserved = ["aws-reserved", "aws-service-role", "service-role", "job-function"];
        if path.split('/').next().is_some_and(|first| reserved.contains(&first)) && known::is_plain(path) {
            return path.to_owned();
        }
        let parts: Vec<String> = path.split('/').map(|part| self.aliases.pattern("path", part)).collect();
        parts.join("/")
    }

    fn resource_id_of_aws(&mut self, kind: &str, account: &str, id: &str) -> String {
        let is_model = id.chars().all(|c| c.is_ascii_alphanumeric() || ".:-_*?".contains(c))
            && (id.contains('.') || id.contains('*'));
        if is_model || account.is_empty() { id.to_owned() } else { self.aliases.pattern(kind, id) }
    }

    /// Redacts an id that may have a version behind it.
    fn with_version(&mut self, kind: &str, id: &str) -> String {
        match id.rsplit_once(':') {
            Some((id, version)) if known::is_plain(version) => format!("{}:{version}", self.aliases.pattern(kind, id)),
            _ => self.aliases.pattern(kind, id),
        }
    }

    /// Redacts every part of a path but types and AWS's own names: a customer's name may be made of plain words.
    fn resource_part(&mut self, kind: &str, text: &str) -> String {
        let mut redacted = String::new();
        for piece in text.split_inclusive(['/', ':']) {
            let name = piece.trim_end_matches(['/', ':']);
            let joint = piece.get(name.len()..).unwrap_or_default();
            let shown = if name.is_empty() || name == "*" || STRUCTURE.contains(&name) {
                name.to_owned()
            } else if let Some(alias) = self.aliases.spoken(name) {
                alias.to_owned()
            } else if name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit()) {
                self.aliases.of("account", name)
            } else if let Some((_, kind)) =
                KINDS.iter().find(|(beginning, kind)| name.starts_with(beginning) || is_alias(name, kind))
            {
                self.aliases.of(kind, name)
            } else {
                self.aliases.pattern(kind, name)
            };
            redacted.push_str(&shown);
            redacted.push_str(joint);
        }
        redacted
    }
}
