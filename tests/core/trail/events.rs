//! Events made for tests: calls to models that were refused in every way, that were served, and what stands around them.

use bedrock_access::trail::{Collector, Denials, Wanted, read};
use serde_json::{Value, json};

/// The account that everything happens in.
pub const ACCOUNT: &str = "111122223333";

/// A prompt, an address and a tag: none of them may ever come out.
pub const CANARIES: [&str; 4] = ["canary-prompt-7f3a", "203.0.113.77", "canary-tag-19c2", "AKIAIOSFODNN7CANARY"];

/// A way of being refused.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    pub cause: &'static str,
    pub code: &'static str,
    /// With `PRINCIPAL`, `ACTION` and `RESOURCE` to be filled in.
    pub message: &'static str,
}

/// Twelve causes with texts that AWS has answered with.
pub const REFUSALS: [Refusal; 12] = [
    Refusal {
        cause: "identity-policy-missing-allow",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE because no identity-based policy allows the ACTION action",
    },
    Refusal {
        cause: "identity-policy-explicit-deny",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE with an explicit deny in an identity-based policy",
    },
    Refusal {
        cause: "permissions-boundary",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE because no permissions boundary allows the ACTION action",
    },
    Refusal {
        cause: "session-policy",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE because no session policy allows the ACTION action",
    },
    Refusal {
        cause: "service-control-policy",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE with an explicit deny in a service control policy",
    },
    Refusal {
        cause: "resource-control-policy",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE with an explicit deny in a resource control policy",
    },
    Refusal {
        cause: "vpc-endpoint-policy",
        code: "AccessDenied",
        message: "User: PRINCIPAL is not authorized to perform: ACTION on resource: RESOURCE because no VPC endpoint policy allows the ACTION action",
    },
    Refusal {
        cause: "model-access-not-granted",
        code: "AccessDenied",
        message: "You don't have access to the model with the specified model ID.",
    },
    Refusal {
        cause: "use-case-form-missing",
        code: "ResourceNotFoundException",
        message: "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model. If you have already filled out the form, try again in 15 minutes.",
    },
    Refusal {
        cause: "legacy-model",
        code: "ResourceNotFoundException",
        message: "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    },
    Refusal { cause: "account-restricted", code: "ValidationException", message: "Operation not allowed" },
    Refusal {
        cause: "marketplace-permission",
        code: "AccessDeniedException",
        message: "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model. Refer to the Amazon Bedrock documentation for further details. Your AWS Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, try again after 15 minutes.",
    },
];

/// The models that are called.
pub const MODELS: [&str; 5] = [
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-lite-v1:0",
    "us.amazon.nova-lite-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
];

/// The second `seconds` after the beginning of the trail.
pub fn moment(seconds: u64) -> String {
    let day = 8 + seconds / 86_400;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("2026-07-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The role's ARN, and that of a session of it.
pub fn role(number: usize) -> (String, String) {
    (
        format!("arn:aws:iam::{ACCOUNT}:role/apps/chat-{number}"),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/chat-{number}/task-{number}"),
    )
}

/// A call to a model that was served.
pub fn served(number: u64, who: usize, model: &str) -> Value {
    let (role, session) = role(who);
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:task-{who}"), "arn": session, "accountId": ACCOUNT,
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": role, "accountId": ACCOUNT, "userName": format!("chat-{who}")},
                "attributes": {"creationDate": moment(0), "mfaAuthenticated": "false"}
            }
        },
        "eventTime": moment(number),
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "InvokeModel",
        "awsRegion": "us-west-2",
        "sourceIPAddress": CANARIES[1],
        "userAgent": "Boto3/1.40.1 md/Botocore#1.40.1 lang/python#3.13.1",
        "requestParameters": {"modelId": model, "system": CANARIES[0], "requestMetadata": {"team": CANARIES[2]}},
        "responseElements": null,
        "additionalEventData": {"inputTokens": 12, "outputTokens": 3, "inferenceRegion": "us-west-2"},
        "requestID": format!("00000000-0000-4000-8000-{number:012}"),
        "eventID": format!("00000000-0000-4000-9000-{number:012}"),
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "bedrock-runtime.us-west-2.amazonaws.com"}
    })
}

/// A call to a model that was refused.
pub fn refused(number: u64, who: usize, model: &str, refusal: &Refusal) -> Value {
    let mut event = served(number, who, model);
    let (_, session) = role(who);
    let base = model.strip_prefix("us.").unwrap_or(model);
    let message = refusal
        .message
        .replace("PRINCIPAL", &session)
        .replace("ACTION", "bedrock:InvokeModel")
        .replace("RESOURCE", &format!("arn:aws:bedrock:us-west-2::foundation-model/{base}"));
    event["errorCode"] = refusal.code.into();
    event["errorMessage"] = message.into();
    event.as_object_mut().unwrap().remove("additionalEventData");
    event
}

/// A call that failed for another reason.
pub fn failed(number: u64, code: &str, message: &str) -> Value {
    let mut event = served(number, 0, MODELS[0]);
    event["errorCode"] = code.into();
    event["errorMessage"] = message.into();
    event
}

/// Reads one source.
pub fn denials_of(bytes: &[u8]) -> Denials {
    denials_of_all(&[("test", bytes)])
}

/// Reads several sources.
pub fn denials_of_all(sources: &[(&str, &[u8])]) -> Denials {
    let mut collector = Collector::default();
    for (name, bytes) in sources {
        let source = read(name, *bytes, &Wanted::Denials, &mut |entry| {
            collector.add(name, entry);
            true
        });
        collector.end_source(source);
    }
    collector.finish()
}

/// The groups without what tells where and in what form they were found.
pub fn groups_of(denials: &Denials) -> Value {
    let mut groups = serde_json::to_value(&denials.groups).unwrap();
    for group in groups.as_array_mut().unwrap() {
        group["example"]["source"] = Value::Null;
        group["example"]["line"] = Value::Null;
    }
    groups
}
