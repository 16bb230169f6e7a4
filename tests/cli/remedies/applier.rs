//! Applies the changes of a report to an account: whatever it needs beside the account itself stands in the changes.

use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Document, ManagedPolicy, Policies, Policy, Question, decide};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Collects the changes of a report, each once.
pub fn changes(report: &Value) -> Vec<Value> {
    let mut changes: Vec<Value> = Vec::new();
    for change in report["findings"].as_array().unwrap().iter().flat_map(|f| f["remedy"]["changes"].as_array().unwrap())
    {
        if !changes.contains(change) {
            changes.push(change.clone());
        }
    }
    changes
}

/// Applies changes to an account, and returns its text.
pub fn apply(text: &str, changes: &[Value], report: &Value) -> String {
    let mut account = Account { facts: serde_json::from_str(text).unwrap(), text, report };
    for change in changes {
        account.apply(change);
    }
    format!("{:#}", account.facts)
}

struct Account<'t> {
    facts: Value,
    /// The text that was reported on, in which places count.
    text: &'t str,
    report: &'t Value,
}

impl Account<'_> {
    fn apply(&mut self, change: &Value) {
        let value = change["value"].as_str();
        let region = self.report["request"]["region"].as_str().unwrap();
        match (change["change"].as_str().unwrap(), change["policy_type"].as_str()) {
            ("add-statement", Some(policy_type)) => self.add(policy_type, change),
            ("remove-statement", Some(policy_type)) => self.remove(policy_type, change),
            ("exempt", Some("service-control-policy")) => self.exempt(change),
            ("exempt", Some(policy_type)) => self.remove(policy_type, change),
            ("meet-condition", Some(policy_type)) => self.meet(policy_type, change),
            ("new-session", Some(_)) => {
                let caller = self.facts["caller"].clone();
                self.principal(&caller)["session_issued"] = self.report["observed_at"].clone();
            }
            ("submit-use-case-form", None) => {
                let form = json!({
                    "companyName": "Example Corp", "companyWebsite": "https://www.example.com", "intendedUsers": "0",
                    "industryOption": "Software", "otherIndustryOption": "", "useCases": "An assistant",
                });
                self.facts["forms"][value.unwrap()] = form;
            }
            ("accept-agreement", None) => {
                let models = self.facts["models"].as_array_mut().unwrap();
                let model = models.iter_mut().find(|model| model["id"].as_str() == value).unwrap();
                for standing in model["regions"].as_object_mut().unwrap().values_mut() {
                    standing["agreement"] = json!({"status": "AVAILABLE"});
                    standing["authorization"] = json!("AUTHORIZED");
                    standing["entitlement"] = json!("AVAILABLE");
                }
            }
            ("join-program", None) => {
                let programs = self.facts["trusted_access_programs"].as_array_mut().unwrap();
                let program = programs.iter_mut().find(|program| program["id"].as_str() == value).unwrap();
                program["status"] = json!("enabled");
            }
            ("use-model", None) => self.facts["request"]["model"] = json!(value.unwrap()),
            ("use-region", None) => self.facts["request"]["region"] = json!(value.unwrap()),
            ("set-retention-mode", None) => self.facts["data_retention"][region] = json!(value.unwrap()),
            ("renew-credentials", None) => match value {
                None => {
                    let caller = self.facts["caller"].clone();
                    self.principal(&caller)["session_expires"] = Value::Null;
                }
                Some("AWS_BEARER_TOKEN_BEDROCK") => {
                    let used = self.facts["bearer_token"].clone();
                    let keys = self.facts["api_keys"].as_array_mut().unwrap();
                    let key = keys.iter_mut().find(|key| key["key"] == used || key["principal"] == used).unwrap();
                    key["expires"] = Value::Null;
                    // A short-term key is made in the Region that is called.
                    key["region"] = json!(region);
                }
                Some(other) => panic!("which credentials are `{other}`?"),
            },
            (kind, policy_type) => panic!("what is `{kind}` of {policy_type:?}?"),
        }
    }

    /// Puts a new policy on a principal, or new statements into a policy that there is one of.
    fn add(&mut self, policy_type: &str, change: &Value) {
        let document = &change["document"];
        let attached_to = change["attached_to"].as_str();
        match policy_type {
            "identity-policy" => {
                let holder = self.holder(attached_to.unwrap());
                let policies = holder["policies"].as_array_mut().unwrap();
                // The role of a permission set has one inline policy, which is the permission set's.
                let Some(name) = change["policy"].as_str() else {
                    let is_provisioned = |policy: &&mut Value| policy["name"] == "AwsSSOInlinePolicy";
                    let own = policies.iter_mut().find(is_provisioned).unwrap();
                    return extend(&mut own["document"], document);
                };
                policies.retain(|policy| policy["name"] != name);
                policies.push(json!({"name": name, "document": document}));
            }
            "permissions-boundary" => {
                let account = self.facts["account"].as_str().unwrap().to_owned();
                let boundary = &mut self.holder(attached_to.unwrap())["boundary"];
                // Nobody can change a policy of AWS: one of the account's own takes its place, with the statements added.
                if let Some(name) = boundary.as_str() {
                    assert!(change["policy"].as_str().unwrap().ends_with(&format!(":iam::aws:policy/{name}")));
                    let copied = ManagedPolicy::find(name).unwrap().json.clone();
                    *boundary = json!({"arn": format!("arn:aws:iam::{account}:policy/Own{name}"), "document": copied});
                } else {
                    assert_eq!(boundary["arn"], change["policy"]);
                }
                extend(&mut boundary["document"], document);
            }
            "session-policy" => extend(&mut self.holder(attached_to.unwrap())["session_policy"], document),
            "vpc-endpoint-policy" => extend(&mut self.facts["vpc_endpoint_policy"]["document"], document),
            "resource-policy" => {
                for (list, policy) in [("principals", "trust"), ("guardrails", "policy")] {
                    let holders = self.facts[list].as_array_mut();
                    if let Some(held) = holders.into_iter().flatten().find(|held| held["arn"] == change["policy"]) {
                        return extend(&mut held[policy], document);
                    }
                }
                panic!("whose policy is it of {change:#}?");
            }
            "service-control-policy" => {
                for level in self.facts["organization"]["levels"].as_array_mut().unwrap() {
                    let arn =
                        "arn:aws:organizations::444455556666:policy/o-exampleorgid/service_control_policy/p-added";
                    let added = json!({"name": "added", "arn": arn, "document": document});
                    level.as_array_mut().unwrap().push(added);
                }
            }
            other => panic!("where is a {other}?"),
        }
    }

    /// Puts what is left in a policy's place; where nothing is said of that, takes the named statements out, and the
    /// policy away where none is left or nobody can change it.
    fn remove(&mut self, policy_type: &str, change: &Value) {
        let left = match &change["document"] {
            Value::Null => self.without(policy_type, change),
            document => Some(document.clone()),
        };
        let (facts, policy) = (&mut self.facts, change["policy"].as_str().unwrap_or_default());
        match policy_type {
            "identity-policy" => {
                let holder = find(facts, change["attached_to"].as_str().unwrap());
                for list in ["policies", "managed_policies"] {
                    let list = holder[list].as_array_mut().unwrap();
                    match &left {
                        None => list.retain(|held| !is_called(held, policy)),
                        Some(left) => list.iter_mut().filter(|held| is_called(held, policy)).for_each(|held| {
                            held["document"] = left.clone();
                        }),
                    }
                }
            }
            "permissions-boundary" => {
                find(facts, change["attached_to"].as_str().unwrap())["boundary"]["document"] = left.unwrap();
            }
            "session-policy" => {
                find(facts, change["attached_to"].as_str().unwrap())["session_policy"] = left.unwrap();
            }
            "vpc-endpoint-policy" => facts["vpc_endpoint_policy"]["document"] = left.unwrap(),
            "resource-policy" => facts["resource_policies"][policy] = left.unwrap_or_default(),
            other => panic!("where is a {other}?"),
        }
    }

    /// Makes the call as the named statement wants it. The Region of a call is none of its choices: there whoever keeps the
    /// policy lets this call through, and nothing else.
    fn meet(&mut self, policy_type: &str, change: &Value) {
        let (operator, rest) = change["value"].as_str().unwrap().split_once(' ').unwrap();
        let (key, values) = rest.split_once('=').unwrap();
        let text = self.policy_text(policy_type, change).unwrap();
        let [index] = self.named(&text, change)[..] else { panic!("which statement is it of {change:#}?") };
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let denies = document["Statement"][index]["Effect"] == "Deny";
        if key == "aws:RequestedRegion" {
            assert!(denies, "an allow that misses a Region is added to: {change:#}");
            let (regions, principal) = self.refused_regions();
            let condition = &mut document["Statement"][index]["Condition"];
            match operator.contains("Not") {
                true => {
                    let known = list(&condition[operator][key]).into_iter();
                    condition[operator][key] = known.chain(regions).collect();
                }
                false => condition["ArnNotLike"]["aws:PrincipalArn"] = principal,
            }
            let edited =
                json!({"policy": change["policy"], "attached_to": change["attached_to"], "document": document});
            return self.remove(policy_type, &edited);
        }
        let named = values.split(',').next().unwrap();
        let base = operator.trim_end_matches("IfExists");
        // What holds is to hold no longer where the statement denies, and the other way round where it allows.
        let wanted = match (base, base.contains("Not") == denies) {
            ("Bool", false) => (named != "true").to_string(),
            ("IpAddress" | "NotIpAddress", true) => named.split('/').next().unwrap().to_owned(),
            ("StringEquals" | "StringLike", false) if denies => format!("not-{}", named.replace('*', "").len()),
            (_, true) => named.replace('*', ""),
            (_, false) => panic!("what is not {values}, as {change:#} wants?"),
        };
        match (key.split_once('/'), key) {
            (Some(("aws:PrincipalTag", tag)), _) => {
                let caller = self.facts["caller"].clone();
                self.principal(&caller)["tags"][tag] = json!(wanted);
            }
            (_, "bedrock:GuardrailIdentifier") => self.facts["request"]["guardrail"] = json!(wanted),
            _ => {
                let caller = self.facts["caller"].clone();
                self.principal(&caller)["context"][key] = json!(wanted);
            }
        }
    }

    /// The Regions that the report's findings say are refused, and to whom.
    fn refused_regions(&self) -> (Vec<Value>, Value) {
        let requested = self
            .refused()
            .into_iter()
            .filter_map(|request| request.context.get("aws:RequestedRegion")?.as_single().map(Value::from));
        let mut regions: Vec<Value> = Vec::new();
        for region in requested {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        (regions, self.report["principal"]["arn"].clone())
    }

    fn principal(&mut self, arn: &Value) -> &mut Value {
        let principals = self.facts["principals"].as_array_mut().unwrap();
        principals.iter_mut().find(|facts| facts["arn"] == *arn).unwrap()
    }

    /// Finds the statements of a policy that a change names; where it names none, those that deny.
    fn named(&self, text: &str, change: &Value) -> Vec<usize> {
        let parsed = Document::parse(text).unwrap();
        match change["statements"].as_array().unwrap().as_slice() {
            [] => self.denying(text),
            named => {
                let at = |id: &Value| {
                    let place = (id["line"].as_u64().unwrap(), id["column"].as_u64().unwrap());
                    let is_there = |line: usize, column: usize| (line as u64, column as u64) == place;
                    parsed.statements().iter().position(|known| is_there(known.line(), known.column())).unwrap()
                };
                named.iter().map(|id| id["statement"].as_u64().map_or_else(|| at(id), |index| index as usize)).collect()
            }
        }
    }

    /// Returns a policy without the statements that a change names; none where nothing is left of it.
    fn without(&self, policy_type: &str, change: &Value) -> Option<Value> {
        let text = self.policy_text(policy_type, change)?;
        let named = self.named(&text, change);
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let mut index = 0;
        document["Statement"].as_array_mut().unwrap().retain(|_| {
            index += 1;
            !named.contains(&(index - 1))
        });
        (document["Statement"] != json!([])).then_some(document)
    }

    /// Returns the text of a policy that is the account's own, as it was reported on.
    fn policy_text(&self, policy_type: &str, change: &Value) -> Option<String> {
        let facts: Texts<'_> = serde_json::from_str(self.text).unwrap();
        let policy = change["policy"].as_str().unwrap_or_default();
        let holder = change["attached_to"].as_str().unwrap_or_default().rsplit('/').next().unwrap();
        let mut holders = facts.principals.iter().chain(&facts.groups).filter(|known| known.name() == holder);
        match policy_type {
            "identity-policy" => holders.find_map(|known| known.policy(policy)),
            "permissions-boundary" => Some(own(holders.next()?.boundary?)?.1),
            "session-policy" => Some(holders.next()?.session_policy?.get().to_owned()),
            "vpc-endpoint-policy" => Some(facts.vpc_endpoint_policy?.document.get().to_owned()),
            "resource-policy" => Some(facts.resource_policies.get(policy)?.as_ref()?.get().to_owned()),
            other => panic!("where is a {other}?"),
        }
    }

    /// Finds the statements of a policy that deny what the report says is refused.
    fn denying(&self, text: &str) -> Vec<usize> {
        let everything =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        let mut denying = Vec::new();
        for request in self.refused() {
            let identity =
                [everything.to_string().as_str(), text].map(|text| Policy::unnamed(Document::parse(text).unwrap()));
            let policies = Policies { identity: identity.to_vec(), ..Policies::default() };
            let caller = self.report["caller"]["arn"].as_str().unwrap();
            let evaluation = decide(&Question::new(caller, &request), &policies);
            if evaluation.decision == Decision::ExplicitDeny {
                denying.extend(evaluation.decided_by.iter().map(|statement| statement.statement));
            }
        }
        denying
    }

    /// The requests that the report's findings say are refused, with what the report tells of their context.
    fn refused(&self) -> Vec<RequestContext> {
        let findings = self.report["findings"].as_array().unwrap();
        let refused = |requirement: &&Value| {
            findings.iter().any(|finding| {
                let resources = finding["resources"].as_array().unwrap();
                finding["action"] == requirement["action"] && resources.contains(&requirement["resource"])
            })
        };
        self.report["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .filter(refused)
            .map(|requirement| requested(requirement, self.report))
            .collect()
    }

    /// Lets what the change names through every service control policy that denies it.
    fn exempt(&mut self, change: &Value) {
        let keys = change["document"].as_object().unwrap();
        let mut levels = self.facts["organization"]["levels"].take();
        for policy in levels.as_array_mut().unwrap().iter_mut().flat_map(|level| level.as_array_mut().unwrap()) {
            for index in self.denying(&policy["document"].to_string()) {
                let condition = &mut policy["document"]["Statement"][index]["Condition"];
                let negated = ["StringNotEquals", "StringNotLike", "ArnNotLike", "ArnNotEquals"];
                let named =
                    negated.iter().flat_map(|operator| keys.iter().map(move |(key, values)| (operator, key, values)));
                let looked_at = named.filter(|(operator, key, _)| condition[**operator].get(key).is_some());
                // Where nothing that the statement looks at tells the call apart, the principal does.
                let by = looked_at.map(|(operator, key, values)| (*operator, key.clone(), values.clone())).next();
                let (operator, key, values) = by.unwrap_or_else(|| {
                    let key = "aws:PrincipalArn";
                    ("ArnNotLike", key.to_owned(), keys[key].clone())
                });
                let known = condition[operator].get(&key).map(list).unwrap_or_default();
                condition[operator][key.as_str()] = known.into_iter().chain(list(&values)).collect();
            }
        }
        self.facts["organization"]["levels"] = levels;
    }

    fn holder(&mut self, attached_to: &str) -> &mut Value {
        find(&mut self.facts, attached_to)
    }
}

/// Puts a requirement of a report back into a request context.
pub fn requested(requirement: &Value, report: &Value) -> RequestContext {
    let (action, resource) = (requirement["action"].as_str().unwrap(), requirement["resource"].as_str().unwrap());
    let mut context = ContextKeys::new();
    if let Some(region) = requirement["requested_region"].as_str() {
        context.set("aws:RequestedRegion", region);
    }
    let profile =
        report["requirements"].as_array().unwrap().iter().filter_map(|requirement| requirement["resource"].as_str());
    let mut profile = profile.filter(|resource| resource.contains("inference-profile/"));
    // Reading a model is never through a profile.
    let invokes = action.starts_with("bedrock:InvokeModel") && resource.contains(":foundation-model/");
    if let (true, Some(profile)) = (invokes, profile.next()) {
        context.set("bedrock:InferenceProfileArn", profile);
    }
    RequestContext { action: action.to_owned(), resource: resource.to_owned(), context }
}

/// Finds a user, role or group by `KIND/NAME`.
pub fn find<'f>(facts: &'f mut Value, attached_to: &str) -> &'f mut Value {
    let (kind, name) = attached_to.split_once('/').unwrap();
    let is_it = |holder: &&mut Value| {
        let arn = holder["arn"].as_str().unwrap();
        let resource = arn.rsplit(':').next().unwrap();
        resource.starts_with(&format!("{kind}/")) && resource.rsplit('/').next() == Some(name)
    };
    let list = if kind == "group" { "groups" } else { "principals" };
    facts[list].as_array_mut().unwrap().iter_mut().find(is_it).unwrap_or_else(|| panic!("no {attached_to}"))
}

/// Returns `true` if a policy goes by a name or an ARN.
fn is_called(held: &Value, policy: &str) -> bool {
    let known = held.as_str().or(held["name"].as_str()).or(held["arn"].as_str()).unwrap();
    known == policy || known.rsplit('/').next() == policy.rsplit('/').next()
}

fn extend(document: &mut Value, with: &Value) {
    if document.is_null() {
        *document = json!({"Version": "2012-10-17", "Statement": []});
    }
    let statements: Vec<Value> = list(&document["Statement"]).into_iter().chain(list(&with["Statement"])).collect();
    document["Statement"] = json!(statements);
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

#[derive(Deserialize)]
struct Texts<'t> {
    #[serde(borrow)]
    principals: Vec<Holder<'t>>,
    #[serde(borrow, default)]
    groups: Vec<Holder<'t>>,
    #[serde(borrow, default)]
    vpc_endpoint_policy: Option<Attached<'t>>,
    #[serde(borrow, default)]
    resource_policies: HashMap<String, Option<&'t RawValue>>,
}

#[derive(Deserialize)]
struct Holder<'t> {
    arn: String,
    #[serde(borrow, default)]
    policies: Vec<Attached<'t>>,
    #[serde(borrow, default)]
    managed_policies: Vec<&'t RawValue>,
    #[serde(borrow, default)]
    boundary: Option<&'t RawValue>,
    #[serde(borrow, default)]
    session_policy: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Attached<'t> {
    #[serde(alias = "arn", alias = "vpc_endpoint")]
    name: String,
    #[serde(borrow)]
    document: &'t RawValue,
}

impl Holder<'_> {
    fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap()
    }

    fn policy(&self, name: &str) -> Option<String> {
        let inline = self.policies.iter().map(|policy| (policy.name.clone(), policy.document.get().to_owned()));
        let managed = self.managed_policies.iter().filter_map(|raw| own(raw));
        let mut all = inline.chain(managed);
        all.find(|(known, _)| known.rsplit('/').next() == name.rsplit('/').next()).map(|(_, text)| text)
    }
}

/// Reads a managed policy of the account's own; AWS's stands as its name alone.
fn own(raw: &RawValue) -> Option<(String, String)> {
    let policy: Attached<'_> = serde_json::from_str(raw.get()).ok()?;
    Some((policy.name, policy.document.get().to_owned()))
}
