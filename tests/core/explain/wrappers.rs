//! The same refusal in many clothes: what clients, tools, consoles and terminals make of one message.
//!
//! `wrap` lists them by name; each says which facts it adds. Hard wraps are made at every width.

/// A refusal as AWS words it, and what must be read from it whatever it wears.
pub struct Refusal {
    pub cause: &'static str,
    pub message: &'static str,
    pub principal: Option<&'static str>,
    pub action: Option<&'static str>,
    pub resource: Option<&'static str>,
    pub policy_arn: Option<&'static str>,
    pub model: Option<&'static str>,
    pub code: &'static str,
    pub status: u16,
}

pub const REQUEST_ID: &str = "3ae238a8-7ed6-43ae-b3d0-536339977e65";
pub const OPERATION: &str = "ConverseStream";

const fn sentence(cause: &'static str, code: &'static str, status: u16, message: &'static str) -> Refusal {
    Refusal {
        cause,
        message,
        principal: None,
        action: None,
        resource: None,
        policy_arn: None,
        model: None,
        code,
        status,
    }
}

pub const REFUSALS: &[Refusal] = &[
    Refusal {
        cause: "identity-policy-missing-allow",
        message: "User: arn:aws:sts::111122223333:assumed-role/app-role/i-0abcdef0123456789 is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0 because no identity-based policy allows the bedrock:InvokeModelWithResponseStream action",
        principal: Some("arn:aws:sts::111122223333:assumed-role/app-role/i-0abcdef0123456789"),
        action: Some("bedrock:InvokeModelWithResponseStream"),
        resource: Some(
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        policy_arn: None,
        model: Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "service-control-policy",
        message: "User: arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ana.b@example.com is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:::foundation-model/anthropic.claude-opus-4-6-v1 with an explicit deny in a service control policy: arn:aws:organizations::444455556666:policy/o-a1b2c3d4e5/service_control_policy/p-x9y8z7w6",
        principal: Some("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ana.b@example.com"),
        action: Some("bedrock:InvokeModel"),
        resource: Some("arn:aws:bedrock:::foundation-model/anthropic.claude-opus-4-6-v1"),
        policy_arn: Some("arn:aws:organizations::444455556666:policy/o-a1b2c3d4e5/service_control_policy/p-x9y8z7w6"),
        model: Some("anthropic.claude-opus-4-6-v1"),
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "vpc-endpoint-policy",
        message: "User: arn:aws:iam::111122223333:user/team/build-7 is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0 because no VPC endpoint policy allows the bedrock:InvokeModel action",
        principal: Some("arn:aws:iam::111122223333:user/team/build-7"),
        action: Some("bedrock:InvokeModel"),
        resource: Some("arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"),
        policy_arn: None,
        model: Some("amazon.nova-lite-v1:0"),
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "permissions-boundary",
        message: "User: arn:aws:sts::111122223333:assumed-role/chat/chat-function is not authorized to perform: bedrock:ApplyGuardrail on resource: arn:aws:bedrock:us-west-2:111122223333:guardrail/a1b2c3d4e5f6 with an explicit deny in a permissions boundary: arn:aws:iam::111122223333:policy/platform/boundary-v2",
        principal: Some("arn:aws:sts::111122223333:assumed-role/chat/chat-function"),
        action: Some("bedrock:ApplyGuardrail"),
        resource: Some("arn:aws:bedrock:us-west-2:111122223333:guardrail/a1b2c3d4e5f6"),
        policy_arn: Some("arn:aws:iam::111122223333:policy/platform/boundary-v2"),
        model: None,
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "session-policy",
        message: "User: arn:aws-us-gov:sts::111122223333:assumed-role/web/CognitoIdentityCredentials is not authorized to perform: bedrock:InvokeModel on resource: arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/meta.llama3-3-70b-instruct-v1:0 because no session policy allows the bedrock:InvokeModel action",
        principal: Some("arn:aws-us-gov:sts::111122223333:assumed-role/web/CognitoIdentityCredentials"),
        action: Some("bedrock:InvokeModel"),
        resource: Some("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/meta.llama3-3-70b-instruct-v1:0"),
        policy_arn: None,
        model: Some("meta.llama3-3-70b-instruct-v1:0"),
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "identity-policy-explicit-deny",
        message: "User: arn:aws:iam::111122223333:user/leaked is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6 with an explicit deny in an identity-based policy: arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3",
        principal: Some("arn:aws:iam::111122223333:user/leaked"),
        action: Some("bedrock:InvokeModel"),
        resource: Some("arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6"),
        policy_arn: Some("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"),
        model: Some("arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6"),
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "identity-policy-missing-allow",
        message: "User: arn:aws:iam::111122223333:user/BedrockAPIKey-ab12 is not authorized to perform: bedrock:CallWithBearerToken on resource: * because no identity-based policy allows the bedrock:CallWithBearerToken action",
        principal: Some("arn:aws:iam::111122223333:user/BedrockAPIKey-ab12"),
        action: Some("bedrock:CallWithBearerToken"),
        resource: Some("*"),
        policy_arn: None,
        model: None,
        code: "AccessDeniedException",
        status: 403,
    },
    Refusal {
        cause: "marketplace-permission",
        message: "Model access is denied due to User: arn:aws:sts::111122223333:assumed-role/fn/run is not authorized to perform: aws-marketplace:Subscribe on resource: * because no identity-based policy allows the aws-marketplace:Subscribe action. Your AWS Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, try again after 15 minutes.",
        principal: Some("arn:aws:sts::111122223333:assumed-role/fn/run"),
        action: Some("aws-marketplace:Subscribe"),
        resource: Some("*"),
        policy_arn: None,
        model: None,
        code: "AccessDeniedException",
        status: 403,
    },
    sentence(
        "marketplace-permission",
        "AccessDeniedException",
        403,
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model. Refer to the Amazon Bedrock documentation for further details. Your AWS Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, try again after 5 minutes.",
    ),
    sentence(
        "payment-instrument",
        "AccessDeniedException",
        403,
        "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided.. Your AWS Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, try again after 2 minutes.",
    ),
    sentence(
        "use-case-form-missing",
        "ResourceNotFoundException",
        404,
        "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model. If you have already filled out the form, try again in 15 minutes.",
    ),
    sentence(
        "model-access-not-granted",
        "AccessDeniedException",
        403,
        "You don't have access to the model with the specified model ID.",
    ),
    sentence(
        "sales-access-required",
        "AccessDeniedException",
        403,
        "This model is not available for this account. You can explore other available models on Amazon Bedrock. For additional access options, contact AWS Sales at https://aws.amazon.com/contact-us/sales-support/",
    ),
    sentence("account-restricted", "ValidationException", 400, "Operation not allowed"),
    sentence("account-being-verified", "AccessDeniedException", 403, "Your account is currently being verified"),
    sentence(
        "unsupported-geography",
        "ValidationException",
        400,
        "Access to Anthropic models is not allowed from unsupported countries, regions, or territories. Please refer to https://www.anthropic.com/supported-countries for more information on the countries and regions Anthropic currently supports.",
    ),
    sentence(
        "legacy-model",
        "ResourceNotFoundException",
        404,
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 15 days. Please upgrade to an active model on Amazon Bedrock",
    ),
    sentence(
        "data-retention-mode",
        "ValidationException",
        400,
        "This model is not available under data retention mode 'default'.",
    ),
    sentence(
        "channel-program-account",
        "ValidationException",
        400,
        "Access to this model is not available for channel program accounts. Reach out to your AWS Solution Provider or AWS Distributor for more information.",
    ),
    sentence(
        "inference-profile-required",
        "ValidationException",
        400,
        "Invocation of model ID with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
    ),
    sentence("invalid-model-id", "ValidationException", 400, "The provided model identifier is invalid."),
    sentence(
        "invalid-request",
        "ValidationException",
        400,
        "Malformed input request: extraneous key [max_tokens_to_sample] is not permitted, please reformat your input and try again.",
    ),
    sentence("throttled", "ThrottlingException", 429, "Too many requests, please wait before trying again."),
    sentence("quota-exceeded", "ThrottlingException", 429, "Too many tokens per day, please wait before trying again."),
    sentence(
        "credentials-expired",
        "ExpiredTokenException",
        403,
        "The security token included in the request is expired",
    ),
    sentence(
        "credentials-invalid",
        "UnrecognizedClientException",
        403,
        "The security token included in the request is invalid.",
    ),
    sentence(
        "signature-mismatch",
        "InvalidSignatureException",
        403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    sentence(
        "api-key-rejected",
        "AccessDeniedException",
        403,
        "Authentication failed: Please make sure your API Key is valid.",
    ),
];

/// What a piece of clothing adds to the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Adds {
    pub code: bool,
    pub operation: bool,
    pub request_id: bool,
}

const NOTHING: Adds = Adds { code: false, operation: false, request_id: false };
const CODE: Adds = Adds { code: true, ..NOTHING };
const CODE_ID: Adds = Adds { request_id: true, ..CODE };
const CODE_OPERATION: Adds = Adds { operation: true, ..CODE };
const ALL: Adds = Adds { code: true, operation: true, request_id: true };

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The refusal in every clothing: a name, the text, and what it adds.
pub fn wrap(refusal: &Refusal) -> Vec<(&'static str, String, Adds)> {
    let (m, code, status) = (refusal.message, refusal.code, refusal.status);
    let (op, id) = (OPERATION, REQUEST_ID);
    let once = json(m);
    let body = format!("{{\"message\":\"{once}\"}}");
    let twice = json(&body);
    let thrice = json(&format!("{{\"error\":\"{twice}\"}}"));
    let reason = if status == 429 { "Too Many Requests" } else { "Forbidden" };
    vec![
        ("bare", m.to_owned(), NOTHING),
        (
            "boto3",
            format!(
                "Traceback (most recent call last):\n  File \"/app/main.py\", line 77, in <module>\n    response = client.converse_stream(**request)\n  File \"/usr/lib/python3/dist-packages/botocore/client.py\", line 1009, in _make_api_call\n    raise error_class(parsed_response, operation_name)\nbotocore.errorfactory.{code}: An error occurred ({code}) when calling the {op} operation: {m}"
            ),
            CODE_OPERATION,
        ),
        (
            "boto3 after retries",
            format!(
                "botocore.errorfactory.{code}: An error occurred ({code}) when calling the {op} operation (reached max retries: 4): {m}"
            ),
            CODE_OPERATION,
        ),
        (
            "aws cli",
            format!("\naws: [ERROR]: An error occurred ({code}) when calling the {op} operation: {m}\n"),
            CODE_OPERATION,
        ),
        (
            "javascript",
            format!(
                "{code}: {m}\n    at de_{code}Res (/app/node_modules/@aws-sdk/client-bedrock-runtime/dist-cjs/index.js:1154:21)\n    at de_CommandError (/app/node_modules/@aws-sdk/client-bedrock-runtime/dist-cjs/index.js:1014:19)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {{\n  '$fault': 'client',\n  '$metadata': {{\n    httpStatusCode: {status},\n    requestId: '{id}',\n    extendedRequestId: undefined,\n    attempts: 1,\n    totalRetryDelay: 0\n  }}\n}}"
            ),
            CODE_ID,
        ),
        (
            "java",
            format!(
                "Exception in thread \"main\" software.amazon.awssdk.services.bedrockruntime.model.{code}: {m} (Service: BedrockRuntime, Status Code: {status}, Request ID: {id}) (SDK Attempt Count: 1)\n\tat software.amazon.awssdk.core.internal.http.CombinedResponseHandler.handleErrorResponse(CombinedResponseHandler.java:125)"
            ),
            CODE_ID,
        ),
        (
            "java, older",
            format!(
                "software.amazon.awssdk.services.bedrockruntime.model.{code}: {m} (Service: BedrockRuntime; Status Code: {status}; Request ID: {id}) [SDK Attempt Count: 4]"
            ),
            CODE_ID,
        ),
        (
            "go",
            format!(
                "operation error Bedrock Runtime: {op}, https response error StatusCode: {status}, RequestID: {id}, {code}: {m}"
            ),
            ALL,
        ),
        (
            "rust",
            format!(
                "Error: ServiceError(ServiceError {{ source: {code}({code} {{ message: Some(\"{m}\"), meta: ErrorMetadata {{ code: Some(\"{code}\"), message: Some(\"{m}\"), extras: Some({{\"aws_request_id\": \"{id}\"}}) }} }}), raw: Response {{ status: StatusCode({status}), headers: Headers {{ headers: {{\"x-amzn-requestid\": HeaderValue {{ _private: H0(\"{id}\") }}, \"x-amzn-errortype\": HeaderValue {{ _private: H0(\"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/\") }} }} }} }} }})"
            ),
            CODE_ID,
        ),
        (
            "csharp",
            format!(
                "Amazon.BedrockRuntime.Model.{code}: {m}\n ---> Amazon.Runtime.Internal.HttpErrorResponseException: Exception of type 'Amazon.Runtime.Internal.HttpErrorResponseException' was thrown.\n   at Amazon.Runtime.HttpWebRequestMessage.ProcessHttpResponseMessage(HttpResponseMessage responseMessage)"
            ),
            CODE,
        ),
        (
            "ruby",
            format!(
                "/gems/seahorse/client/plugins/raise_response_errors.rb:17:in `call': {m} (Aws::BedrockRuntime::Errors::{code})"
            ),
            CODE,
        ),
        (
            "php",
            format!(
                "Error executing \"{op}\" on \"https://bedrock-runtime.us-east-1.amazonaws.com/\"; AWS HTTP error: Client error: resulted in a `{status} {reason}` response:\n{body}\n {code} (client): {m} - {body}"
            ),
            CODE,
        ),
        (
            "swift",
            format!("{code}(httpResponse: nil, message: Optional(\"{m}\"), requestID: Optional(\"{id}\"))"),
            CODE_ID,
        ),
        ("raw body", body.clone(), NOTHING),
        ("raw body of IAM", format!("{{\"Message\":\"{once}\"}}"), NOTHING),
        ("both spellings", format!("{{\"Message\":\"{once}\",\"message\":\"{once}\"}}"), NOTHING),
        (
            "curl -i",
            format!(
                "HTTP/1.1 {status} {reason}\r\nDate: Mon, 20 Jan 2025 00:01:58 GMT\r\nContent-Type: application/json\r\nx-amzn-RequestId: {id}\r\nx-amzn-ErrorType: {code}:http://internal.amazon.com/coral/com.amazon.bedrock/\r\n\r\n{body}\r\n"
            ),
            CODE_ID,
        ),
        ("escaped body", format!("\"{twice}\""), NOTHING),
        ("escaped twice", format!("{{\"log\":\"{}\"}}", json(&format!("{{\"error\":\"{twice}\"}}"))), NOTHING),
        ("escaped three times", format!("{{\"log\":\"{}\"}}", json(&thrice)), NOTHING),
        (
            "litellm",
            format!(
                "litellm.exceptions.BadRequestError: litellm.BadRequestError: BedrockException - {body}. Received Model Group=claude\nAvailable Model Group Fallbacks=None"
            ),
            NOTHING,
        ),
        (
            "litellm proxy",
            format!(
                "{{\"error\":{{\"message\":\"litellm.PermissionDeniedError: BedrockException - {twice}. Received Model Group=claude\\nAvailable Model Group Fallbacks=None\",\"type\":null,\"param\":null,\"code\":\"{status}\"}}}}"
            ),
            NOTHING,
        ),
        (
            "langchain",
            format!(
                "ValueError: Error raised by bedrock service: An error occurred ({code}) when calling the {op} operation: {m}"
            ),
            CODE_OPERATION,
        ),
        (
            "strands",
            format!(
                "botocore.errorfactory.{code}: An error occurred ({code}) when calling the {op} operation: {m}\n└ Bedrock region: us-west-2\n└ For more information see https://strandsagents.com/latest/"
            ),
            CODE_OPERATION,
        ),
        ("claude code", format!("  ⎿  API Error: {status} {body}"), NOTHING),
        ("claude code, login", format!("Please run /login · API Error: {status} {m}"), NOTHING),
        (
            "anthropic sdk",
            format!("anthropic.PermissionDeniedError: Error code: {status} - {{'message': \"{m}\"}}"),
            NOTHING,
        ),
        (
            "event stream",
            format!("EventStreamError('An error occurred ({code}) when calling the {op} operation: {m}')"),
            CODE_OPERATION,
        ),
        (
            "erlang",
            format!(
                "{{error,#{{<<\"message\">> =>\n             <<\"{m}\">>}},\n {{{status},[{{<<\"x-amzn-RequestId\">>,<<\"{id}\">>}},\n {{<<\"x-amzn-ErrorType\">>,<<\"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/\">>}}],#Ref<0.1>}}}}"
            ),
            CODE_ID,
        ),
        (
            "cloudtrail",
            format!(
                "{{\n    \"eventVersion\": \"1.11\",\n    \"userIdentity\": {{\n        \"type\": \"AssumedRole\",\n        \"accountId\": \"111122223333\"\n    }},\n    \"eventTime\": \"2026-11-22T05:00:00Z\",\n    \"eventSource\": \"bedrock.amazonaws.com\",\n    \"eventName\": \"{op}\",\n    \"sourceIPAddress\": \"192.0.2.1\",\n    \"errorCode\": \"{code}\",\n    \"errorMessage\": \"{once}\",\n    \"requestParameters\": null,\n    \"responseElements\": null,\n    \"requestID\": \"{id}\",\n    \"eventType\": \"AwsApiCall\"\n}}"
            ),
            ALL,
        ),
        (
            "cloudtrail records",
            format!(
                "{{\"Records\":[{{\"eventVersion\":\"1.11\",\"eventName\":\"{op}\",\"errorCode\":\"{code}\",\"errorMessage\":\"{once}\",\"requestID\":\"{id}\"}}]}}"
            ),
            ALL,
        ),
        (
            "athena csv",
            format!(
                "\"eventname\",\"errorcode\",\"errormessage\",\"requestid\"\n\"{op}\",\"{code}\",\"{}\",\"{id}\"",
                m.replace('"', "\"\"")
            ),
            CODE,
        ),
        (
            "cloudformation",
            format!(
                "Resource handler returned message: \"{m} (Service: BedrockAgent, Status Code: {status}, Request ID: {id})\" (RequestToken: 0f1e2d3c-0000-1111-2222-333344445555, HandlerErrorCode: GeneralServiceException)"
            ),
            Adds { request_id: true, ..NOTHING },
        ),
        (
            "terraform",
            format!(
                "╷\n│ Error: invoking: operation error Bedrock Runtime: {op}, https response error StatusCode: {status}, RequestID: {id}, {code}: {m}\n│ \n│   with aws_bedrockagent_agent.this,\n│   on main.tf line 12, in resource \"aws_bedrockagent_agent\" \"this\":\n│   12: resource \"aws_bedrockagent_agent\" \"this\" {{\n│ \n╵"
            ),
            ALL,
        ),
        ("markdown", format!("**Error**\n\n> `{code}`: `{m}`\n"), CODE),
        ("markdown escapes", format!("Error: {code}: {}", m.replace('_', "\\_").replace('*', "\\*")), CODE),
        ("markdown list", format!("- `{code}`: \"{m}\"\n- see above"), CODE),
        ("html", format!("<p><b>{code}</b>: <code>{}</code></p>", m.replace('\'', "&#39;")), CODE),
        (
            "html entities",
            format!("{code}: &quot;{}&quot;&nbsp;", m.replace('\'', "&rsquo;").replace('/', "&#x2F;")),
            CODE,
        ),
        ("curly quotes", format!("“{code}: {}”", m.replace('\'', "’")), CODE),
        (
            "unicode escapes",
            format!("{{\"message\": \"{}\"}}", m.replace('\'', "\\u0027").replace('/', "\\/")),
            NOTHING,
        ),
        ("python comment", format!("# {code}: {}", m.replace(" on ", "\n# on ")), CODE),
        ("string concatenation", format!("\"{code}: \" +\n    \"{}\"", m.replace(" to ", " to \" +\n    \"")), CODE),
        ("japanese prose", format!("次のエラーが出ました。{code}: {m} という表示です。"), CODE),
        ("korean prose", format!("오류가 발생했습니다: {m}. 해결 방법을 알려주세요."), NOTHING),
        ("terminal colours", format!("\u{1b}[31m{code}\u{1b}[0m: \u{1b}[1m{m}\u{1b}[0m"), CODE),
        ("byte order mark", format!("\u{feff}{code}: {m}\r\n"), CODE),
        (
            "json log",
            format!(
                "{{\"level\":\"error\",\"ts\":\"2026-11-22T05:00:00Z\",\"msg\":\"call failed\",\"error\":\"{code}: {once}\"}}"
            ),
            CODE,
        ),
        ("spring", format!("2026-11-22 05:00:00.000 ERROR 1 --- [nio-8080-exec-1] c.e.Chat : {code}: {m}"), CODE),
        ("upper-case key", format!("AWS Bedrock \"Message\":\"{once}\""), NOTHING),
        ("go struct", format!("\t\tCode:    \"{code}\",\n\t\tMessage: \"{once}\","), CODE),
    ]
}

/// Breaks a text hard at a width, between two marks a line.
pub fn break_hard(text: &str, width: usize, left: &str, right: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(width).map(|line| format!("{left}{:width$}{right}\n", line.iter().collect::<String>())).collect()
}

/// Breaks a text between words where it can, and hard where it must.
pub fn break_softly(text: &str, width: usize, left: &str, right: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let room = width.saturating_sub(lines.last().unwrap().chars().count() + 1);
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() > room && !lines.last().unwrap().is_empty() {
            lines.push(String::new());
        } else if !lines.last().unwrap().is_empty() {
            lines.last_mut().unwrap().push(' ');
        }
        while letters.len() > width {
            let rest = letters.split_off(width);
            lines.last_mut().unwrap().extend(letters);
            lines.push(String::new());
            letters = rest;
        }
        lines.last_mut().unwrap().extend(letters);
    }
    lines.into_iter().map(|line| format!("{left}{line:width$}{right}\n")).collect()
}
