//! The filter of secrets: generated spellings of planted secrets all vanish, harmless look-alikes all stay.

use bedrock_access::secrets::{REDACTED, holds_secret, without_secrets};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Numbers that look like chance and are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn word(&mut self, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.next() as usize % letters.len()]).collect()
    }
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn key_id(numbers: &mut Numbers) -> String {
    format!("AKIA{}", numbers.word(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
}

fn secret_key(numbers: &mut Numbers) -> String {
    numbers.word(40, BASE64)
}

/// A token that does not begin as those of AWS do.
fn session_token(numbers: &mut Numbers) -> String {
    numbers.word(120, BASE64)
}

fn hex(numbers: &mut Numbers, length: usize) -> String {
    numbers.word(length, "0123456789abcdef")
}

/// Notations of a name with a value: `{n}` and `{v}` stand for them.
const NOTATIONS: [&str; 44] = [
    "{n}={v}",
    "{n} = {v}",
    "{n}: {v}",
    "{n}:{v}",
    "{n} => '{v}'",
    ":{n} => \"{v}\",",
    "'{n}': '{v}', 'next': 1",
    "\"{n}\": \"{v}\"",
    "{\"{n}\":\"{v}\",\"Expiration\":\"2026-11-28T00:00:00Z\"}",
    "{\\\"{n}\\\": \\\"{v}\\\"}",
    "{\\\\\\\"{n}\\\\\\\":\\\\\\\"{v}\\\\\\\"}",
    "\\u0022{n}\\u0022:\\u0022{v}\\u0022",
    "<{n}>{v}</{n}>",
    "<Credentials>\n  <{n}>\n    {v}\n  </{n}>\n</Credentials>",
    "<add key=\"{n}\" value=\"{v}\" />",
    "<key>{n}</key>\n<string>{v}</string>",
    "<tr><td>{n}</td><td>{v}</td></tr>",
    "&lt;{n}&gt;{v}&lt;/{n}&gt;",
    "&quot;{n}&quot;: &quot;{v}&quot;",
    "export {n}={v}",
    "export {n}=\"{v}\"; aws sts get-caller-identity",
    "set {n}={v}\r\n",
    "$env:{n} = '{v}'",
    "setx {n} {v}",
    "docker run -e {n}={v} image",
    "ENV {n} {v}",
    "--{n} {v}",
    "--{n}={v}",
    "aws configure set {n} {v}",
    "{\"name\": \"{n}\", \"value\": \"{v}\"}",
    "- name: {n}\n  value: {v}",
    "{n}: |\n  {v}",
    "{n}:\n    {v}",
    "{n}: >-\n      {v}\n",
    "[default]\n{n} = {v}\nregion = us-east-1",
    "Config({n}='{v}', region='us-east-1')",
    "Credentials { {n}: Some(\"{v}\"), expiry: None }",
    "{{n}:{v} Source:EnvConfigCredentials}",
    "{{n},<<\"{v}\">>}",
    "{n}=>{v};",
    "?a=b&{n}={v}&c=d",
    "%22{n}%22%3A%22{v}%22",
    "| {n} | {v} |",
    "{n}: Optional(\"{v}\")",
];

fn spell(notation: &str, name: &str, value: &str) -> String {
    notation.replace("{n}", name).replace("{v}", value)
}

/// Texts with planted secrets, and the parts that may not come out.
fn planted() -> Vec<(String, Vec<String>)> {
    let mut numbers = Numbers(17);
    let mut planted = Vec::new();
    let names = [
        "SecretAccessKey",
        "aws_secret_access_key",
        "AWS_SECRET_ACCESS_KEY",
        "secretKey",
        "secret-access-key",
        "SecretKey",
        "aws_secret",
        "AWSSecretKey",
        "SessionToken",
        "aws_session_token",
        "AWS_SESSION_TOKEN",
        "x-amz-security-token",
        "securityToken",
        "accessToken",
        "refreshToken",
        "clientSecret",
        "AWS_BEARER_TOKEN_BEDROCK",
        "api_key",
        "apiKey",
        "x-api-key",
        "ANTHROPIC_API_KEY",
        "privateKey",
        "token",
        "auth_token",
    ];
    for (number, notation) in NOTATIONS.iter().enumerate() {
        for step in 0..6 {
            let name = names[(number * 5 + step * 7) % names.len()];
            let secret = match step % 3 {
                0 => secret_key(&mut numbers),
                1 => session_token(&mut numbers),
                _ => numbers.word(44, ALNUM),
            };
            planted.push((spell(notation, name, &secret), vec![secret]));
        }
        let password = format!("{}!9z", numbers.word(9, ALNUM));
        let name = ["password", "DB_PASSWORD", "Passwd", "passphrase"][number % 4];
        // On a command line, in prose and in files of the shell a password looks like any word.
        planted.push((spell(notation, name, &password), vec![password]));
    }
    let mut beside = |text: &str| {
        let (id, key, token) = (key_id(&mut numbers), secret_key(&mut numbers), session_token(&mut numbers));
        let text = text.replace("{i}", &id).replace("{k}", &key).replace("{t}", &token);
        let parts = [id, key, token].into_iter().filter(|part| text.contains(part.as_str())).collect();
        planted.push((text, parts));
    };
    for text in [
        "Session('{i}', '{k}')",
        "new BasicAWSCredentials(\"{i}\", \"{k}\")",
        "new SessionAWSCredentials(\"{i}\", \"{k}\", \"{t}\")",
        "{i}:{k}",
        "{i} {k}",
        "{i}\n{k}",
        "{i},{k}",
        "{i} => {k}",
        "{i} / {k}",
        "Access key ID,Secret access key\n{i},{k}\n",
        "User name,Password,Access key ID,Secret access key,Console login link\nana,,{i},{k},https://111122223333.signin.aws.amazon.com/console",
        "the key is {k} and its id is {i}",
        "AccessKey\n{i}\nSecret\n{k}",
        "credentials are ({i}, {k})",
        "  \"{i}\": \"{k}\"",
        "keys: [{i}, {k}, {t}]",
        "AKID={i} SK={k}",
        "curl --user {i}:{k} https://example.com",
        "leaked: {k}",
        "token ends here {t}\nnext line",
        "export AWS_ACCESS_KEY_ID={i} AWS_SECRET_ACCESS_KEY={k} AWS_SESSION_TOKEN={t}",
        "aws_access_key_id\t{i}\naws_secret_access_key\t{k}\n",
        "AccessKeyId;SecretAccessKey;SessionToken\n{i};{k};{t}\n",
        "| Access key | Secret access key |\n|---|---|\n| {i} | {k} |\n",
    ] {
        for _ in 0..2 {
            beside(text);
        }
    }
    let mut own = |text: &str, make: &dyn Fn(&mut Numbers) -> String| {
        for _ in 0..2 {
            let secret = make(&mut numbers);
            planted.push((text.replace("{s}", &secret), vec![secret]));
        }
    };
    for text in [
        "{s}",
        "key '{s}' refused",
        "Invalid: \\n{s}\\n",
        "x=%22{s}%22",
        "Bearer {s}",
        "[{s}]",
        "Incorrect API key provided: {s}.",
    ] {
        own(text, &|n| format!("ABSK{}=", n.word(60, ALNUM)));
        own(text, &|n| format!("bedrock-api-key-{}", n.word(80, ALNUM)));
        own(text, &|n| format!("IQoJ{}", n.word(200, BASE64)));
        own(text, &|n| format!("sk-{}", n.word(40, ALNUM)));
        own(text, &|n| format!("sk-ant-api03-{}", n.word(60, ALNUM)));
        own(text, &|n| format!("ghp_{}", n.word(36, ALNUM)));
        own(text, &|n| format!("xoxb-{}-{}", n.word(11, "0123456789"), n.word(24, ALNUM)));
        own(text, &|n| format!("eyJ{}.eyJ{}.{}", n.word(30, ALNUM), n.word(60, ALNUM), n.word(43, ALNUM)));
        own(text, &|n| format!("AIza{}", n.word(35, ALNUM)));
        own(text, &|n| format!("glpat-{}", n.word(20, ALNUM)));
    }
    for text in [
        "https://bucket.s3.amazonaws.com/key?AWSAccessKeyId=x&Signature={s}&Expires=1790000000",
        "https://bucket.s3.amazonaws.com/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261128T000000Z&X-Amz-Signature={s}",
        "X-Amz-Signature%3D{s}%26X-Amz-Date%3D20261128",
        "Authorization: AWS4-HMAC-SHA256 Credential=x/20261128/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature={s}",
        "\"Authorization\": \"AWS4-HMAC-SHA256 SignedHeaders=host, Signature={s}\"",
        "Signature: {s}",
    ] {
        own(text, &|n| hex(n, 64));
    }
    for text in [
        "Authorization: Bearer {s}",
        "authorization: Basic {s}==",
        "'Authorization': 'Bearer {s}'",
        "{\\\"Authorization\\\":\\\"Bearer {s}\\\"}",
        "-H \"Authorization: Bearer {s}\"",
        "-H 'x-api-key: {s}'",
        "Authorization=Bearer {s} is not a valid key=value pair",
        "Cookie: session={s}; theme=dark",
        "Set-Cookie: aws-userInfo={s}; Path=/",
        "Server=db;User Id=sa;Password={s};Encrypt=true",
        "AccountName=store;AccountKey={s}==;EndpointSuffix=core.windows.net",
        "//registry.npmjs.org/:_authToken={s}",
        "http://user:{s}@proxy.example.com:3128",
        "postgres://app:{s}@db.example.com:5432/main?sslmode=require",
        "https://x-access-token:{s}@github.com/example/repo.git",
        "http:\\/\\/user:{s}@proxy",
        "-----BEGIN RSA PRIVATE KEY-----\n{s}\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\n{s}\\n-----END PRIVATE KEY-----",
        "The Canonical String for this request should have been\n'POST\n/model/x/invoke\n\nhost:h\nx-custom:{s}\n\nhost;x-custom\nabc'",
        "The Canonical String for this request should have been\\n'POST\\n/model/x/invoke\\n\\nhost:h\\nx-amz-security-token:{s}\\n'",
        "externalId: {s}",
        "\"sts:ExternalId\": \"{s}\"",
        "密码：{s}",
        "Contraseña: 9{s}",
    ] {
        own(text, &|n| format!("a1{}", n.word(24, ALNUM)));
    }
    // The same as other encoders write base64.
    for (from, to) in [("/", "\\/"), ("+", "\\u002b"), ("/", "%2F"), ("+", "&#x2B;"), ("/", "\\\\/")] {
        let secret = format!("w{from}J{}{from}{}", numbers.word(17, ALNUM), numbers.word(19, ALNUM)).replace(from, to);
        let parts = secret.split(to).filter(|part| part.len() > 5).map(str::to_owned).collect();
        planted.push((format!("{{\"SecretAccessKey\":\"{secret}\"}}"), parts));
    }
    // Hard wraps inside.
    let token = format!("IQoJ{}", numbers.word(300, BASE64));
    let lines: Vec<&str> = [&token[..70], &token[70..140], &token[140..]].to_vec();
    planted.push((
        format!("AWS_SESSION_TOKEN={}\nnext", lines.join("\n")),
        lines.iter().map(|line| (*line).to_owned()).collect(),
    ));
    planted
}

#[test]
fn three_hundred_spellings_vanish() {
    let planted = planted();
    assert!(planted.len() >= 300, "{}", planted.len());
    let mut missed = String::new();
    for (text, secrets) in &planted {
        let stripped = without_secrets(text);
        let out = secrets.iter().flat_map(|secret| parts(secret)).find(|part| stripped.contains(part));
        if let Some(part) = out {
            let _ = writeln!(missed, "{part}\n    {text:?}\n    {stripped:?}");
        }
        assert!(holds_secret(text) || missed.contains(text.as_str()) || out.is_some(), "{text:?}");
        assert_eq!(without_secrets(&stripped), stripped, "a second time changes more: {text:?}");
    }
    assert!(missed.is_empty(), "{} of {}:\n{missed}", missed.lines().count() / 3, planted.len());
}

/// Stretches of a secret that would help somebody.
fn parts(secret: &str) -> Vec<&str> {
    let bytes: Vec<usize> = secret.char_indices().map(|(at, _)| at).collect();
    let length = secret.len().min(8);
    bytes.iter().filter_map(|at| secret.get(*at..at + length)).collect()
}

/// Harmless texts; each is tried as it stands and inside of wrappers.
const HARMLESS: [&str; 76] = [
    "User: arn:aws:sts::111122223333:assumed-role/chat-api/one is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:sts::111122223333:assumed-role/DataExplorerAgentsStack-UITaskRole8EA03C23-bojo1dWK5u4N/0fec3a0000644cb68c185f9ee31afa29",
    "arn:aws:sts::xxxxxxxxxxxx:assumed-role/AmazonBedrockExecutionRoleForKnowledgeBasedxxxxxxxxxxxxxxxxxxxxxx/DeletingTask-xxxxxxxxxx",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-password-AbCdEf",
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6",
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_AdministratorAccess_0123456789abcdef",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "request id 2f0c1a9e-0000-4000-8000-000000000000",
    "(Service: BedrockRuntime, Status Code: 403, Request ID: 434beb3c-9f57-4c33-99e5-7ba9877500e4) (SDK Attempt Count: 1)",
    "(RequestToken: e87cddba-00aa-96ad-b5e1-906f3b513556, HandlerErrorCode: NotStabilized)",
    "RequestID: 8J2XQ4M0Z5A1B7C9, HostID: x",
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "md5 d41d8cd98f00b204e9800998ecf8427e",
    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "The security token included in the request is invalid.",
    "The security token included in the request is expired",
    "\"message\": \"The security token included in the request is expired\"",
    "Bearer Token has expired",
    "Invalid bearer token",
    "Authentication failed: Please make sure your API Key is valid.",
    "Invalid API Key format: Must start with pre-defined prefix",
    "Authorization header is missing",
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter.",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    "{'error': {'code': 'invalid_api_key', 'message': 'Invalid bearer token'}}",
    "is not authorized to perform: bedrock:CallWithBearerToken on resource: * because no identity-based policy allows it",
    "is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:111122223333:secret:db because",
    "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
    "Set AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, then run it again",
    "AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}",
    "AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY",
    "export AWS_BEARER_TOKEN_BEDROCK=<your-api-key>",
    "api_key: ****************",
    "token=xxxxxxxxxxxxxxxxxxxx",
    "password: [redacted]",
    "password: null",
    "\"token\": null, \"secret\": null",
    "secret_key=credentials.secret_key,",
    "(\"aws_secret_access_key\", credentials.secret_key),",
    "secretAccessKey: config.secretAccessKey,",
    "api_key = os.environ[\"OPENAI_API_KEY\"]",
    "token = get_token(scope)",
    "AttributeError: 'NoneType' object has no attribute 'access_key'",
    "Password must contain at least eight characters",
    "password: must not be empty",
    "password is required",
    "max_tokens: 4096, input_tokens=12345678, total_tokens: 99999999",
    "\"nextToken\": \"page-2-of-12\", \"maxResults\": 100",
    "Too many tokens per day, please wait before trying again.",
    "stop_token: end_of_turn_1",
    "aws_access_key_id and aws_secret_access_key are missing",
    "File \"/usr/lib/python3.12/site-packages/botocore/client.py\", line 1009, in _make_api_call",
    "at de_CommandError (/home/app/node_modules/.pnpm/@aws-sdk+client-bedrock-runtime@3.755.0/node_modules/index.js:1507:19)",
    "https://bedrock-runtime.us-west-2.amazonaws.com/model/amazon.titan-embed-text-v2%3A0/invoke",
    "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/authorization-details/AbCdEf0123456789GhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh",
    "with the following authorization id: AbCdEf0123456789GhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKl",
    "https://example.com/path?mail=ana@example.com",
    "git@github.com:example/repo.git",
    "ssh://git@github.com/example/repo.git",
    "111122223333.dkr.ecr.us-east-1.amazonaws.com/bedrock-agentcore-customersupport:latest",
    "AROAEXAMPLEID0123456789:session-name",
    "Signature expired: 20260724T000000Z is now earlier than 20260724T001500Z (20260724T003000Z - 15 min.)",
    "Credential should be scoped to correct service: 'bedrock'.",
    "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678",
    "ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
    "MonkeyJungleApplicationRoleForTheWholeTeam and LABSKeyManagementServiceRole",
    "risk-assessment-for-2026-and-beyond-in-all-regions1",
    "BedrockWorkshopStudioSageMakerExecution1",
    "Host is bedrock-runtime.*; the SigV4 scope must use the signing name `bedrock`",
    "signature_version: s3v4, auth: basic, token_type: bearer",
    "UnrecognizedClientException: The security token included in the request is invalid.",
    "secretName: my-secret, volumeMounts: /var/secrets",
    "no resource-based policy allows the bedrock-agentcore:GetResourceOauth2Token action",
    "PWD=/home/ana/work",
];

#[test]
fn three_hundred_look_alikes_stay() {
    let wrappers: [&dyn Fn(&str) -> String; 5] = [
        &|text| text.to_owned(),
        &|text| format!("2026-11-28T10:00:00Z ERROR [main] {text}\n"),
        &|text| serde_json::to_string(&serde_json::json!({ "message": text, "level": "error" })).unwrap(),
        &|text| {
            serde_json::to_string(&serde_json::json!({ "log": serde_json::json!({ "msg": text }).to_string() }))
                .unwrap()
        },
        &|text| format!("> {}", text.replace(" on ", "\n> on ")),
    ];
    let mut lost = String::new();
    let mut count = 0;
    for text in HARMLESS {
        for wrap in wrappers {
            let text = wrap(text);
            count += 1;
            let stripped = without_secrets(&text);
            if stripped != text {
                let _ = writeln!(lost, "{text:?}\n    {stripped:?}");
            }
        }
    }
    assert!(count >= 300);
    assert!(lost.is_empty(), "{} of {count}:\n{lost}", lost.lines().count() / 2);
}

#[test]
fn a_key_id_within_what_may_be_its_secret_takes_that_along() {
    let mut numbers = Numbers(11);
    for name in ["Access key", "secret", "token", "credential", "Access key %\"St"] {
        for length in [20, 30, 40, 50] {
            for place in 0..=length {
                let key = key_id(&mut numbers);
                let run = numbers.word(length, ALNUM);
                let (before, after) = run.split_at(place);
                let text = format!("{name} \"{before}{key}{after}");
                let stripped = without_secrets(&text);
                assert!(!stripped.contains(&key), "{text}: {stripped}");
            }
        }
    }
    // A candidate that reaches into the key's id: found by fuzzing.
    let text = "AccewwwwwwwwwwwwwwwwwwwwwAccewwwwwwwwwwwwwwwAccess key %\"StccewwwwwwwwwwwAKIAIOSFODNN7EXAMPLEThww";
    assert!(without_secrets(text).contains(REDACTED), "{}", without_secrets(text));
}

#[test]
fn a_text_without_a_secret_is_borrowed() {
    assert!(matches!(without_secrets("Operation not allowed"), Cow::Borrowed(_)));
    assert_eq!(without_secrets("Bearer ABSKQmVkcm9ja0FQSUtleS1hYjEy= x"), format!("Bearer {REDACTED} x"));
}

#[test]
fn the_time_grows_with_the_length() {
    let bricks = [
        "token=",
        "password=",
        "sk-",
        "eyJ",
        "AKIAIOSFODNN7EXAMPLE,",
        "canonical request: POST ",
        "://a:",
        "aA1+/",
        "secret: \"",
        "-----BEGIN ",
        "arn:",
        "<b>token",
        "authorization id ",
        "\\u0022token\\",
        "Cookie:",
        "a,b,password\n",
        "%2525",
        "&amp;",
    ];
    for brick in bricks {
        let text = |length: usize| brick.repeat(length / brick.len() + 1);
        let (small, large) = (text(10_000), text(80_000));
        let time = |text: &str| {
            let start = Instant::now();
            let _ = without_secrets(text);
            start.elapsed()
        };
        let (short, long) = (time(&small).max(Duration::from_millis(2)), time(&large));
        assert!(long < short * 40, "{brick:?}: {short:?} for 10 kB, {long:?} for 80 kB");
    }
}
