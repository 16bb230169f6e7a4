//! Edits of policy documents: the one place that adds statements to a policy, takes some out, or narrows a deny.
//!
//! Takes and gives policies as JSON, whether `Statement` is one object or a list of them, and leaves everything else in
//! them as it was. Never decides whether an edit is right: evaluate the result with [`evaluate`](super::evaluate).

use super::condition::{Compare, Operator, SetOperator};
use crate::iam::{ContextValue, RequestContext};
use serde_json::{Map, Value, json};

/// The values that an edit added to a condition of a denying statement, so that it no longer matches some requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exemption {
    /// The place of the statement in the policy, counted from 0.
    pub statement: usize,
    /// The operator as the policy spells it, such as `StringNotEquals`.
    pub operator: String,
    /// The condition key as the policy spells it.
    pub key: String,
    /// The values that were added, each once, in the order of the requests.
    pub values: Vec<String>,
}

/// Returns the statements of a policy. A policy without `Statement` has none.
///
/// ```
/// use bedrock_access::policy::edit::statements;
/// use serde_json::json;
/// assert_eq!(statements(&json!({"Statement": {"Effect": "Allow"}})), [json!({"Effect": "Allow"})]);
/// ```
#[must_use]
pub fn statements(policy: &Value) -> &[Value] {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// Returns a policy with further statements behind its own.
///
/// A statement that the policy holds already is not added again. A `Sid` that another statement has gets a number,
/// because IAM accepts no two equal ones (IAM User Guide, "IAM JSON policy elements: Sid"). What is not an object becomes
/// a new policy of version 2012-10-17.
#[must_use]
pub fn with_added(policy: &Value, added: &[Value]) -> Value {
    let mut all = statements(policy).to_vec();
    for statement in added {
        if !all.contains(statement) {
            let statement = with_unique_sid(statement, &all);
            all.push(statement);
        }
    }
    with_statements(policy, all)
}

/// Returns a policy without the statements at some places, counted from 0. `None` if no statement is left: IAM accepts
/// no policy without one, so the policy has to be deleted or detached.
#[must_use]
pub fn without(policy: &Value, places: &[usize]) -> Option<Value> {
    let kept = statements(policy).iter().enumerate().filter(|(place, _)| !places.contains(place));
    let kept: Vec<Value> = kept.map(|(_, statement)| statement.clone()).collect();
    (!kept.is_empty()).then(|| with_statements(policy, kept))
}

/// Returns a policy with others in the place of one statement, counted from 0. `None` if there is no such statement.
///
/// Of the new statements, a further one whose `Sid` is taken gets a number, as in [`with_added`].
#[must_use]
pub fn with_replaced(policy: &Value, place: usize, new: &[Value]) -> Option<Value> {
    let mut all = statements(policy).to_vec();
    if place >= all.len() {
        return None;
    }
    all.remove(place);
    for (offset, statement) in new.iter().enumerate() {
        let statement = with_unique_sid(statement, &all);
        all.insert(place + offset, statement);
    }
    Some(with_statements(policy, all))
}

/// Returns a policy whose denying statements at some places no longer match some requests, and what was added for that.
///
/// Each statement needs a condition that already lets some values through, such as `StringNotEquals`, on a key that every
/// request carries: the requests' values join those of the condition. `None` if one of the statements has no such
/// condition; nothing else in the policy changes.
///
/// ```
/// use bedrock_access::iam::{ContextKeys, RequestContext};
/// use bedrock_access::policy::edit::with_exemption;
/// use serde_json::json;
/// let policy = json!({"Statement": [{
///     "Effect": "Deny", "Action": "*", "Resource": "*",
///     "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
/// }]});
/// let request = RequestContext {
///     action: "bedrock:InvokeModel".to_owned(),
///     resource: "*".to_owned(),
///     context: ContextKeys::new().with("aws:RequestedRegion", "us-west-2"),
/// };
/// let (changed, exemptions) = with_exemption(&policy, &[0], &[&request]).unwrap();
/// let regions = &changed["Statement"][0]["Condition"]["StringNotEquals"]["aws:RequestedRegion"];
/// assert_eq!(*regions, json!(["us-east-1", "us-west-2"]));
/// assert_eq!(exemptions[0].values, ["us-west-2"]);
/// ```
#[must_use]
pub fn with_exemption(
    policy: &Value,
    places: &[usize],
    requests: &[&RequestContext],
) -> Option<(Value, Vec<Exemption>)> {
    let mut all = statements(policy).to_vec();
    let exemptions = places.iter().map(|place| exempt(all.get_mut(*place)?, *place, requests));
    let exemptions: Vec<Exemption> = exemptions.collect::<Option<_>>()?;
    (!exemptions.is_empty()).then(|| (with_statements(policy, all), exemptions))
}

/// Returns a policy whose denying statement at a place no longer matches some requests, because they join what the statement
/// leaves alone, and what was added for that: ARNs to `NotResource`, else actions to `NotAction`, else a principal to
/// `NotPrincipal`. A statement about every action gets a `NotAction` in the place of its `Action`.
///
/// `None` if the statement is about what it lists and nothing else, or if an addition would let more than the requests
/// through.
#[must_use]
pub fn with_exclusion(
    policy: &Value,
    place: usize,
    requests: &[&RequestContext],
    principal: Option<&str>,
) -> Option<(Value, Exclusion)> {
    let mut all = statements(policy).to_vec();
    let statement = all.get_mut(place)?.as_object_mut()?;
    let resources: Vec<&str> = requests.iter().map(|request| request.resource.as_str()).collect();
    let actions: Vec<&str> = requests.iter().map(|request| request.action.as_str()).collect();
    let is_about_everything = statement.get("Action").is_some_and(|actions| holds(actions, "*"));
    let is_exact = |values: &[&str]| !values.iter().any(|value| is_pattern(value, Compare::StringLike));
    let (element, values) = if statement.contains_key("NotResource") && is_exact(&resources) {
        ("NotResource", resources)
    } else if statement.contains_key("NotAction") {
        ("NotAction", actions)
    } else if let (Some(principals), Some(principal)) = (statement.get_mut("NotPrincipal"), principal) {
        let values = exclude_principal(principals, principal)?;
        return Some((with_statements(policy, all), Exclusion { element: "NotPrincipal", values }));
    } else if is_about_everything {
        statement.remove("Action");
        ("NotAction", actions)
    } else {
        return None;
    };
    let listed = statement.entry(element).or_insert_with(|| json!([]));
    let values = join(listed, &values).into_iter().map(str::to_owned).collect();
    Some((with_statements(policy, all), Exclusion { element, values }))
}

/// What an edit added to that which a denying statement leaves alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exclusion {
    /// `NotAction`, `NotResource` or `NotPrincipal`.
    pub element: &'static str,
    /// The values that were added, each once.
    pub values: Vec<String>,
}

/// Returns `true` if a denying statement is a guard: it denies all but what it lists, every action, or all of a service.
#[must_use]
pub fn is_guard(statement: &Value) -> bool {
    let is_negated =
        ["NotAction", "NotResource", "NotPrincipal"].iter().any(|element| statement.get(element).is_some());
    let is_wide = |action: &Value| action.as_str().is_some_and(|action| action == "*" || action.ends_with(":*"));
    let actions = statement.get("Action");
    is_negated
        || actions
            .is_some_and(|actions| is_wide(actions) || actions.as_array().is_some_and(|all| all.iter().any(is_wide)))
}

/// Adds a principal and its account to a `NotPrincipal`: AWS looks for both (IAM User Guide, "IAM JSON policy elements:
/// NotPrincipal").
fn exclude_principal(principals: &mut Value, principal: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let [_, partition, _, _, account, _] = parts.as_slice() else { return None };
    let root = format!("arn:{partition}:iam::{account}:root");
    let listed = principals.as_object_mut()?.entry("AWS").or_insert_with(|| json!([]));
    Some(join(listed, &[principal, &root]).into_iter().map(str::to_owned).collect())
}

/// Returns `true` if an element of a statement has a value, alone or in a list.
fn holds(element: &Value, value: &str) -> bool {
    element == value || element.as_array().is_some_and(|values| values.iter().any(|known| known == value))
}

/// Returns a policy with one more condition in the statement at a place, so that the statement matches fewer requests.
///
/// Where the statement has a condition with this operator on this key, the values join those of it if the operator is
/// negated. `None` if it is not (the statement would match more), if there is no statement at the place, or if the
/// operator does not exist.
#[must_use]
pub fn with_condition(policy: &Value, place: usize, operator: &str, key: &str, values: &[&str]) -> Option<Value> {
    let negated = Operator::parse(operator)?.negated;
    let mut all = statements(policy).to_vec();
    let statement = all.get_mut(place)?.as_object_mut()?;
    let block = entry(statement, "Condition").as_object_mut()?;
    let keys = entry(block, operator).as_object_mut()?;
    let expected = match keys.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
        Some((_, expected)) if negated => expected,
        Some(_) => return None,
        None => keys.entry(key).or_insert_with(|| json!([])),
    };
    join(expected, values);
    Some(with_statements(policy, all))
}

/// Returns the member of an object with this name in any case, an empty object if there is none.
pub(super) fn entry<'o>(object: &'o mut Map<String, Value>, name: &str) -> &'o mut Value {
    let known = object.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
    object.entry(known.unwrap_or_else(|| name.to_owned())).or_insert_with(|| json!({}))
}

/// Adds values to one value or a list of them, and returns those that were not there. One value stays without a list.
fn join<'v>(expected: &mut Value, added: &[&'v str]) -> Vec<&'v str> {
    let mut values = match expected.take() {
        Value::Array(values) => values,
        one => vec![one],
    };
    let mut new: Vec<&str> = Vec::new();
    for value in added {
        if !values.iter().any(|known| known == value) {
            values.push(Value::from(*value));
            new.push(value);
        }
    }
    *expected = match <[Value; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(values) => Value::Array(values),
    };
    new
}

/// Adds the values of the requests to the first condition of a statement that lets values through.
fn exempt(statement: &mut Value, place: usize, requests: &[&RequestContext]) -> Option<Exemption> {
    let conditions = statement.get_mut("Condition")?.as_object_mut()?;
    for (operator, keys) in conditions {
        let Some(lets_through) = Operator::parse(operator).filter(lets_values_through) else { continue };
        for (key, expected) in keys.as_object_mut().into_iter().flatten() {
            let carried = requests.iter().map(|request| request.context.get(key).and_then(ContextValue::as_single));
            let Some(carried) = carried.collect::<Option<Vec<&str>>>() else { continue };
            if carried.is_empty() || carried.iter().any(|value| is_pattern(value, lets_through.compare)) {
                continue;
            }
            let values = join(expected, &carried).into_iter().map(str::to_owned).collect();
            return Some(Exemption { statement: place, operator: operator.clone(), key: key.clone(), values });
        }
    }
    None
}

/// Returns `true` if a further value of the operator makes it match fewer requests, and these exactly.
fn lets_values_through(operator: &Operator) -> bool {
    let compares_text =
        matches!(operator.compare, Compare::String | Compare::StringIgnoreCase | Compare::StringLike | Compare::Arn);
    operator.negated && operator.set == SetOperator::None && compares_text
}

/// Returns `true` if a policy would not read the value as itself, but as a variable or a wildcard.
fn is_pattern(value: &str, compare: Compare) -> bool {
    value.contains("${") || matches!(compare, Compare::StringLike | Compare::Arn) && value.contains(['*', '?'])
}

/// Returns a statement with a `Sid` that none of the others has, as it was if it has no `Sid`.
fn with_unique_sid(statement: &Value, others: &[Value]) -> Value {
    let mut statement = statement.clone();
    let is_taken = |sid: &str| others.iter().any(|other| other.get("Sid").and_then(Value::as_str) == Some(sid));
    if let Some(Value::String(sid)) = statement.get_mut("Sid")
        && is_taken(sid)
    {
        let free = (2_usize..).map(|number| format!("{sid}{number}")).find(|name| !is_taken(name));
        *sid = free.unwrap_or_default();
    }
    statement
}

fn with_statements(policy: &Value, statements: Vec<Value>) -> Value {
    let statements = Value::Array(statements);
    let mut changed = policy.clone();
    match changed.as_object_mut() {
        Some(fields) => {
            fields.insert("Statement".to_owned(), statements);
            changed
        }
        None => json!({"Version": "2012-10-17", "Statement": statements}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::ContextKeys;

    fn request(key: &str, value: &str) -> RequestContext {
        let context = ContextKeys::new().with(key, value);
        RequestContext { action: "bedrock:InvokeModel".to_owned(), resource: "*".to_owned(), context }
    }

    #[test]
    fn one_statement_and_a_list_of_one_are_edited_alike() {
        let statement = json!({"Sid": "A", "Effect": "Allow", "Action": "a:b", "Resource": "*"});
        let added = json!({"Effect": "Allow", "Action": "a:c", "Resource": "*"});
        for policy in [json!({"Id": "x", "Statement": statement}), json!({"Id": "x", "Statement": [statement]})] {
            assert_eq!(statements(&policy), std::slice::from_ref(&statement));
            let both = with_added(&policy, std::slice::from_ref(&added));
            assert_eq!(both, json!({"Id": "x", "Statement": [statement, added]}));
            assert_eq!(with_added(&both, std::slice::from_ref(&added)), both, "added twice");
            assert_eq!(without(&both, &[1]), Some(json!({"Id": "x", "Statement": [statement]})));
            assert_eq!(without(&policy, &[0]), None);
        }
        assert_eq!(statements(&json!({"Version": "2012-10-17"})), [Value::Null; 0]);
        assert_eq!(with_added(&Value::Null, std::slice::from_ref(&added))["Version"], "2012-10-17");
    }

    #[test]
    fn a_sid_that_is_taken_gets_a_number() {
        let statement = |sid: &str, action: &str| json!({"Sid": sid, "Effect": "Allow", "Action": action});
        let policy = json!({"Statement": [statement("A", "a:b"), statement("A2", "a:c")]});
        let both = with_added(&policy, &[statement("A", "a:d"), statement("B", "a:e")]);
        let sids: Vec<&Value> = statements(&both).iter().map(|statement| &statement["Sid"]).collect();
        assert_eq!(sids, ["A", "A2", "A3", "B"]);
    }

    #[test]
    fn an_exemption_adds_the_values_of_every_request_once() {
        let policy = json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
            "Bool": {"aws:ViaAWSService": "false"},
            "stringnotequalsifexists": {"aws:PrincipalTag/x": "y", "aws:requestedregion": "us-east-1"},
        }}});
        let (west, east) = (request("aws:RequestedRegion", "us-west-2"), request("aws:RequestedRegion", "us-east-2"));
        let (changed, exemptions) = with_exemption(&policy, &[0], &[&west, &east, &west]).unwrap();
        assert_eq!(
            changed["Statement"][0]["Condition"]["stringnotequalsifexists"]["aws:requestedregion"],
            json!(["us-east-1", "us-west-2", "us-east-2"])
        );
        let [exemption] = exemptions.as_slice() else { panic!("{exemptions:?}") };
        assert_eq!((exemption.statement, exemption.key.as_str()), (0, "aws:requestedregion"));
        assert_eq!(exemption.operator, "stringnotequalsifexists");
        assert_eq!(exemption.values, ["us-west-2", "us-east-2"]);
    }

    #[test]
    fn what_a_guard_leaves_alone_grows_by_the_requests_and_nothing_else() {
        let asked = RequestContext {
            resource: "arn:aws:bedrock:us-east-2::foundation-model/x".to_owned(),
            ..request("a", "b")
        };
        let principal = Some("arn:aws:iam::111122223333:role/service-role/x");
        let resources = json!(["arn:aws:bedrock:us-west-2::foundation-model/*", asked.resource]);
        for (statement, element, expected) in [
            (
                json!({"Action": "*", "NotResource": "arn:aws:bedrock:us-west-2::foundation-model/*"}),
                "NotResource",
                resources,
            ),
            (json!({"NotAction": ["iam:*"], "Resource": "*"}), "NotAction", json!(["iam:*", "bedrock:InvokeModel"])),
            (json!({"Action": "*", "Resource": "*"}), "NotAction", json!("bedrock:InvokeModel")),
            (
                json!({"Action": "s3:*", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}}),
                "NotPrincipal",
                json!({"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/service-role/x"]}),
            ),
        ] {
            assert!(is_guard(&statement), "{statement}");
            let (changed, exclusion) =
                with_exclusion(&json!({"Statement": [statement]}), 0, &[&asked], principal).unwrap();
            assert_eq!((exclusion.element, &changed["Statement"][0][element]), (element, &expected));
        }
        // One that denies a whole service has nothing to add to, and is a guard still.
        for (actions, guards) in [
            (json!("bedrock:*"), true),
            (json!(["s3:GetObject", "bedrock:*"]), true),
            (json!(["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]), false),
            (json!("bedrock:Invoke*"), false),
        ] {
            let listed = json!({"Action": actions, "Resource": "*"});
            assert_eq!(is_guard(&listed), guards, "{listed}");
            assert!(with_exclusion(&json!({"Statement": [listed]}), 0, &[&asked], principal).is_none());
        }
        let everywhere = json!({"Statement": [{"Action": "bedrock:*", "NotResource": "x"}]});
        assert_eq!(with_exclusion(&everywhere, 0, &[&request("a", "b")], principal), None, "`*` would open everything");
    }

    #[test]
    fn nothing_is_exempted_where_a_value_would_not_let_exactly_the_request_through() {
        let policy = |operator: &str| json!({"Statement": [{"Effect": "Deny", "Condition": {operator: {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}}}]});
        let plain = request("aws:PrincipalArn", "arn:aws:iam::1:role/b");
        for operator in ["StringEquals", "ArnLike", "ForAnyValue:StringNotEquals", "NotIpAddress", "Null", "Misspelt"] {
            assert_eq!(with_exemption(&policy(operator), &[0], &[&plain]), None, "{operator}");
        }
        for (operator, value) in [("ArnNotLike", "arn:aws:iam::1:role/*"), ("StringNotEquals", "${aws:username}")] {
            assert_eq!(with_exemption(&policy(operator), &[0], &[&request("aws:PrincipalArn", value)]), None);
        }
        let without_key = request("aws:RequestedRegion", "us-east-1");
        assert_eq!(with_exemption(&policy("ArnNotLike"), &[0], &[&plain, &without_key]), None);
        assert_eq!(with_exemption(&policy("ArnNotLike"), &[1], &[&plain]), None);
        assert_eq!(with_exemption(&policy("ArnNotLike"), &[0], &[]), None);
    }

    #[test]
    fn a_condition_narrows_a_statement_and_never_widens_it() {
        let policy = json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}});
        let (operator, key) = ("ArnNotLike", "bedrock:InferenceProfileArn");
        let once = with_condition(&policy, 0, operator, key, &["arn:one"]).unwrap();
        assert_eq!(once["Statement"][0]["Condition"], json!({operator: {key: "arn:one"}}));
        let twice = with_condition(&once, 0, "arnnotlike", "bedrock:inferenceprofilearn", &["arn:two"]).unwrap();
        assert_eq!(twice["Statement"][0]["Condition"], json!({operator: {key: ["arn:one", "arn:two"]}}));
        let other = with_condition(&once, 0, "Bool", "aws:ViaAWSService", &["false"]).unwrap();
        assert_eq!(with_condition(&other, 0, "Bool", "aws:viaawsservice", &["true"]), None);
        assert_eq!(with_condition(&policy, 1, operator, key, &["arn:one"]), None);
        assert_eq!(with_condition(&policy, 0, "ArnUnlike", key, &["arn:one"]), None);
    }
}
