//! What SAM's transform makes: of a serverless function a Lambda function and its role.
//!
//! By the AWS Serverless Application Model Developer Guide, "AWS::Serverless::Function" and "Globals section": the role is
//! named after the function, holds the basic execution policy and what `Policies` lists. SAM's policy templates are
//! about other services, and are left out.

use super::node::{Node, Place, Value};
use super::resource::Resource;
use super::template::Template;

/// Replaces serverless functions by what the transform makes of them.
pub(crate) fn transformed(resources: Vec<Resource>, template: &Template<'_>) -> Vec<Resource> {
    let globals = template.section("Globals");
    let globals = globals.as_ref().and_then(|globals| globals.get("Function")).cloned();
    let mut made = Vec::with_capacity(resources.len());
    for resource in resources {
        match resource.kind.as_str() {
            "AWS::Serverless::Function" => made.extend(function(resource, globals.as_ref(), template)),
            "AWS::Serverless::StateMachine" => {
                made.push(Resource { kind: "AWS::StepFunctions::StateMachine".to_owned(), ..resource });
            }
            _ => made.push(resource),
        }
    }
    made
}

fn function(function: Resource, globals: Option<&Node>, template: &Template<'_>) -> Vec<Resource> {
    let place = function.place;
    let own = function.properties.clone();
    let property = |name: &str| own.get(name).or_else(|| globals.and_then(|globals| globals.get(name)));
    let mut properties: Vec<(String, Node)> = Vec::new();
    let variables = merged_variables(globals, &own, place);
    properties.push(("Environment".to_owned(), map(place, vec![("Variables".to_owned(), variables)])));
    if let Some(vpc) = property("VpcConfig") {
        properties.push(("VpcConfig".to_owned(), vpc.clone()));
    }
    let mut made = Vec::new();
    let role = match property("Role").filter(|role| role.value != Value::Null) {
        Some(role) => role.clone(),
        None => {
            let name = format!("{}Role", function.address);
            made.push(role(&name, &own, property("PermissionsBoundary"), place));
            Node::new(place, Value::Text(template.role_arn(&name)))
        }
    };
    properties.push(("Role".to_owned(), role));
    made.push(Resource {
        address: function.address,
        kind: "AWS::Lambda::Function".to_owned(),
        place,
        properties: map(place, properties),
    });
    made
}

fn merged_variables(globals: Option<&Node>, own: &Node, place: Place) -> Node {
    let variables = |node: &Node| {
        node.get("Environment").and_then(|node| node.get("Variables")).map(|node| node.members().to_vec())
    };
    let mut all = variables(own).unwrap_or_default();
    for (name, value) in globals.and_then(variables).unwrap_or_default() {
        if all.iter().all(|(known, _)| *known != name) {
            all.push((name, value));
        }
    }
    map(place, all)
}

fn role(name: &str, function: &Node, boundary: Option<&Node>, place: Place) -> Resource {
    let text = |value: &str| Node::new(place, Value::Text(value.to_owned()));
    let list = |items: Vec<Node>| Node::new(place, Value::List(items));
    let trust = map(
        place,
        vec![
            ("Version".to_owned(), text("2012-10-17")),
            (
                "Statement".to_owned(),
                list(vec![map(
                    place,
                    vec![
                        ("Effect".to_owned(), text("Allow")),
                        (
                            "Principal".to_owned(),
                            map(place, vec![("Service".to_owned(), text("lambda.amazonaws.com"))]),
                        ),
                        ("Action".to_owned(), text("sts:AssumeRole")),
                    ],
                )]),
            ),
        ],
    );
    let mut managed = vec![text("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")];
    let mut inline = Vec::new();
    for (index, policy) in function.get("Policies").map(Node::items).unwrap_or_default().iter().enumerate() {
        match &policy.value {
            Value::Text(name) if name.starts_with("arn:") => managed.push(policy.clone()),
            Value::Text(name) => {
                managed.push(Node::new(policy.place, Value::Text(format!("arn:aws:iam::aws:policy/{name}"))))
            }
            Value::Map(_) if policy.get("Statement").is_some() => inline.push(map(
                policy.place,
                vec![
                    ("PolicyName".to_owned(), text(&format!("{name}Policy{index}"))),
                    ("PolicyDocument".to_owned(), policy.clone()),
                ],
            )),
            Value::Unknown(_) => managed.push(policy.clone()),
            _ => {}
        }
    }
    let mut properties = vec![
        ("AssumeRolePolicyDocument".to_owned(), trust),
        ("ManagedPolicyArns".to_owned(), list(managed)),
        ("Policies".to_owned(), list(inline)),
    ];
    if let Some(boundary) = boundary {
        properties.push(("PermissionsBoundary".to_owned(), boundary.clone()));
    }
    Resource { address: name.to_owned(), kind: "AWS::IAM::Role".to_owned(), place, properties: map(place, properties) }
}

fn map(place: Place, members: Vec<(String, Node)>) -> Node {
    Node::new(place, Value::Map(members))
}
