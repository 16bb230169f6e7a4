//! Operations beside calls to models, as a foreign client makes them: authorized one permission at a time, and
//! refused in AWS's words.

use super::{CALLER, HEALTHY, NOVA};
use crate::support::http::{Answer, Client};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};

const SERVICE_ROLE: &str = "arn:aws:iam::111122223333:role/service-role/jobs";
const INVOKE: (&str, &str) =
    ("bedrock:InvokeModel", "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0");

/// What a call is, and what its caller needs, in the order in which it is asked.
struct Case {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    body: Value,
    needs: Vec<(&'static str, &'static str)>,
}

fn cases() -> Vec<Case> {
    let case = |name, method, path, body, needs: &[(&'static str, &'static str)]| Case {
        name,
        method,
        path,
        body,
        needs: needs.to_vec(),
    };
    let own = |resource: &str| -> &'static str {
        Box::leak(format!("arn:aws:bedrock:us-west-2:111122223333:{resource}").into_boxed_str())
    };
    let chat = json!({"model": NOVA, "messages": [{"role": "user", "content": "hello"}]});
    let asking = json!({
        "input": {"text": "hello"},
        "retrieveAndGenerateConfiguration": {
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": {"knowledgeBaseId": "KB12345678", "modelArn": INVOKE.1},
        },
    });
    vec![
        case(
            "StartAsyncInvoke",
            "POST",
            "/async-invoke",
            json!({"modelId": NOVA}),
            &[INVOKE, ("bedrock:InvokeModel", own("async-invoke/*"))],
        ),
        case(
            "ApplyGuardrail",
            "POST",
            "/guardrail/gr1234567890/version/DRAFT/apply",
            json!({"source": "INPUT", "content": []}),
            &[("bedrock:ApplyGuardrail", own("guardrail/gr1234567890"))],
        ),
        case(
            "CreateModelInvocationJob",
            "POST",
            "/model-invocation-job",
            json!({"jobName": "j", "modelId": NOVA, "roleArn": SERVICE_ROLE}),
            &[
                ("bedrock:CreateModelInvocationJob", INVOKE.1),
                ("bedrock:CreateModelInvocationJob", own("model-invocation-job/*")),
                ("iam:PassRole", SERVICE_ROLE),
            ],
        ),
        case(
            "CreateModelCustomizationJob",
            "POST",
            "/model-customization-jobs",
            json!({"jobName": "j", "baseModelIdentifier": NOVA, "roleArn": SERVICE_ROLE}),
            &[
                ("bedrock:CreateModelCustomizationJob", INVOKE.1),
                ("bedrock:CreateModelCustomizationJob", own("custom-model/*")),
                ("iam:PassRole", SERVICE_ROLE),
            ],
        ),
        case(
            "CreateProvisionedModelThroughput",
            "POST",
            "/provisioned-model-throughput",
            json!({"modelId": NOVA, "modelUnits": 1}),
            &[("bedrock:CreateProvisionedModelThroughput", INVOKE.1)],
        ),
        case(
            "CreateAgent",
            "PUT",
            "/agents/",
            json!({"agentName": "support", "agentResourceRoleArn": SERVICE_ROLE}),
            &[("bedrock:CreateAgent", "*"), ("iam:PassRole", SERVICE_ROLE)],
        ),
        case(
            "InvokeAgent",
            "POST",
            "/agents/AGENT12345/agentAliases/ALIAS12345/sessions/s1/text",
            json!({"inputText": "hello"}),
            &[("bedrock:InvokeAgent", own("agent-alias/AGENT12345/ALIAS12345"))],
        ),
        case(
            "Retrieve",
            "POST",
            "/knowledgebases/KB12345678/retrieve",
            json!({"retrievalQuery": {"text": "hello"}}),
            &[("bedrock:Retrieve", own("knowledge-base/KB12345678"))],
        ),
        case(
            "RetrieveAndGenerate",
            "POST",
            "/retrieveAndGenerate",
            asking,
            &[("bedrock:RetrieveAndGenerate", "*"), ("bedrock:Retrieve", own("knowledge-base/KB12345678")), INVOKE],
        ),
        case("ChatCompletions", "POST", "/openai/v1/chat/completions", chat.clone(), &[INVOKE]),
        case(
            "Responses",
            "POST",
            "/openai/v1/responses",
            json!({"model": NOVA, "input": "hello"}),
            &[INVOKE, ("bedrock:InvokeModel", own("project/default"))],
        ),
        case(
            "CreateInference",
            "POST",
            "/v1/chat/completions",
            chat,
            &[("bedrock-mantle:CreateInference", "arn:aws:bedrock-mantle:us-west-2:111122223333:project/default")],
        ),
    ]
}

/// An account in which the caller has these permissions and no others, with an agent and a knowledge base.
fn account(grants: &[(&str, &str)]) -> Value {
    let statements: Vec<Value> = grants
        .iter()
        .map(|(action, resource)| json!({"Effect": "Allow", "Action": action, "Resource": resource}))
        .collect();
    let mut world: Value = serde_json::from_str(HEALTHY).unwrap();
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    world["principals"][0]["policies"] = json!([{"name": "granted", "document": document}]);
    world["principals"].as_array_mut().unwrap().push(json!({
        "arn": SERVICE_ROLE,
        "policies": [{"name": "model", "document": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": INVOKE.0, "Resource": INVOKE.1},
        ]}}],
        "trust": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }]},
    }));
    world["agents"] = json!([{
        "alias": "arn:aws:bedrock:us-west-2:111122223333:agent-alias/AGENT12345/ALIAS12345",
        "role": SERVICE_ROLE, "model": NOVA,
    }]);
    world["knowledge_bases"] = json!([{
        "arn": "arn:aws:bedrock:us-west-2:111122223333:knowledge-base/KB12345678",
        "role": SERVICE_ROLE, "model": NOVA,
    }]);
    world
}

fn ask(world: &Value, case: &Case) -> Answer {
    let client = Client::new(World::parse(&world.to_string()).unwrap());
    client.send(case.method, case.path, &case.body)
}

#[test]
fn every_operation_needs_each_of_its_permissions() {
    for case in cases() {
        let answer = ask(&account(&case.needs), &case);
        assert!((200..300).contains(&answer.status), "{}: {}", case.name, answer.text());
        for (index, (action, resource)) in case.needs.iter().enumerate() {
            let mut left = case.needs.clone();
            left.remove(index);
            // A statement that says nothing about it, since a policy has one at least.
            left.push(("s3:ListAllMyBuckets", "*"));
            let answer = ask(&account(&left), &case);
            let status = if case.name == "CreateInference" { 401 } else { 403 };
            assert_eq!(answer.status, status, "{} without {action}: {}", case.name, answer.text());
            let text = answer.text();
            assert!(text.contains(&format!("is not authorized to perform: {action}")), "{}: {text}", case.name);
            let named = resource.strip_suffix('*').unwrap_or(resource);
            assert!(text.contains(named), "{} on {resource}: {text}", case.name);
            assert!(text.contains("chat-api") && text.contains("because no identity-based policy allows"), "{text}");
        }
    }
    assert!(CALLER.ends_with("chat-api"));
}

#[test]
fn what_carries_a_call_on_is_refused_by_its_own_role() {
    let all = cases();
    let named = |name: &str| all.iter().find(|case| case.name == name).unwrap();
    let of_role = |world: &mut Value, field: &str, with: Value| {
        let roles = world["principals"].as_array_mut().unwrap();
        roles.last_mut().unwrap()[field] = with;
    };
    let (agent, base) = (named("InvokeAgent"), named("Retrieve"));
    let mut cannot_call = account(&agent.needs);
    of_role(&mut cannot_call, "policies", json!([]));
    let answer = ask(&cannot_call, agent);
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDeniedException"));
    assert!(answer.text().contains("Access denied when calling Bedrock."), "{}", answer.text());

    let mut cannot_be_assumed = account(&agent.needs);
    of_role(
        &mut cannot_be_assumed,
        "trust",
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        }]}),
    );
    assert_eq!(ask(&cannot_be_assumed, agent).status, 403);

    let mut cannot_embed = account(&base.needs);
    of_role(&mut cannot_embed, "policies", json!([]));
    let answer = ask(&cannot_embed, base);
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("is not able to call specified bedrock embedding model"), "{}", answer.text());
    // What is not there is not found, by those who may look.
    let mut empty = account(&agent.needs);
    empty["agents"] = json!([]);
    assert_eq!(ask(&empty, agent).status, 404);
}
