//! Redaction: nothing distinctive of planted names, addresses and accounts survives, and AWS's own words do.

use bedrock_access::redact::Redactor;
use std::time::{Duration, Instant};

fn redacted(text: &str) -> String {
    Redactor::default().message(text)
}

/// Texts with what tells whose they are, and the parts of it that may not survive.
const SURVIVORS: [(&str, &[&str]); 38] = [
    ("connect to http://10.20.30.40:3128 failed", &["10.20.30.40"]),
    ("POST https://203.0.113.77:443/model/invoke", &["203.0.113.77"]),
    ("10.20.30.40:8443/model", &["10.20.30.40"]),
    ("allowed is 10.20.30.40-10.20.30.99 only", &["10.20.30.40", "10.20.30.99"]),
    ("x-real-ip:10.20.30.40", &["10.20.30.40"]),
    ("host:10.20.30.40:443", &["10.20.30.40"]),
    ("read tcp 10.20.30.40:51234->52.94.1.2:443: connection reset", &["10.20.30.40", "52.94.1.2"]),
    ("resolved ip-10-20-30-40", &["10-20-30-40"]),
    ("ip-10-20-30-40.us-west-2.compute.internal", &["10-20-30-40"]),
    ("ec2-203-0-113-25.us-west-2.compute.amazonaws.com", &["203-0-113-25"]),
    ("dial tcp [2001:db8:1:2::7]:443: i/o timeout", &["2001:db8:1:2"]),
    ("from=2001:db8:1:2::7;", &["2001:db8:1:2"]),
    ("x-forwarded-for:2001:db8:1:2::7, 10.20.30.40", &["2001:db8:1:2", "10.20.30.40"]),
    ("10.20.30.0/24", &["10.20.30.0"]),
    ("the account 1111-2222-3333", &["1111", "2222", "3333"]),
    ("account 1111 2222 3333.", &["1111", "2222", "3333"]),
    ("account 111,122,223,333", &["111,122"]),
    ("account_111122223333_prod", &["111122223333"]),
    ("anthropic.acmecorp.com", &["acmecorp"]),
    ("openai.acmecorp.com", &["acmecorp"]),
    ("writer.acmecorp.com refused", &["acmecorp"]),
    ("eu.amazon.acmecorp.net", &["acmecorp"]),
    ("luma.ana-mueller", &["ana-mueller"]),
    ("gateway.company.com:8443", &["gateway.company"]),
    ("https://gateway.company.com/model", &["gateway.company"]),
    ("https://customer-health-data.s3.us-west-2.amazonaws.com/reports", &["customer-health"]),
    ("customer-health-data.s3.amazonaws.com", &["customer-health"]),
    ("customer.health.data.s3-us-west-2.amazonaws.com", &["customer.health"]),
    ("https://s3.us-west-2.amazonaws.com/customer-health-data/report", &["customer-health"]),
    ("s3://customer-health-data/report", &["customer-health"]),
    ("https://customer-health.awsapps.com/start", &["customer-health"]),
    ("https://customer-health.signin.aws.amazon.com/console", &["customer-health"]),
    ("arn:aws:kms:us-west-2:111122223333:alias/customer-health", &["customer-health", "111122223333"]),
    ("arn:aws:secretsmanager:us-west-2:111122223333:secret:customer-health", &["customer-health"]),
    ("arn:aws:lambda:us-west-2:111122223333:function:customer-health", &["customer-health"]),
    ("arn:aws:dynamodb:us-west-2:111122223333:table/customer-health/index/report", &["customer-health"]),
    ("the card 00:11:22:33:44:55", &["00:11:22"]),
    ("mac 00-11-22-AA-BB-CC", &["00-11-22"]),
];

#[test]
fn nothing_survives_whatever_surrounds_it() {
    let surroundings: [&dyn Fn(&str) -> String; 6] = [
        &|text| text.to_owned(),
        &|text| format!("AccessDeniedException: {text}"),
        &|text| format!("{{\"message\":\"{text}\"}}"),
        &|text| format!("Error('{text}',)"),
        &|text| format!("<{text}>"),
        &|text| format!("a\n\t{text}\r\nb"),
    ];
    let mut survived = Vec::new();
    for (text, parts) in SURVIVORS {
        for surround in surroundings {
            let (text, shown) = (surround(text), redacted(&surround(text)));
            survived.extend(
                parts.iter().filter(|part| shown.contains(**part)).map(|part| format!("{part} of {text:?}: {shown:?}")),
            );
        }
    }
    assert!(survived.is_empty(), "{} survive:\n{}", survived.len(), survived.join("\n"));
}

/// Names that people and companies have, none of them made of plain words alone.
const NAMES: [&str; 14] = [
    "acmecorp",
    "AcmeCorp",
    "acme-payments-prod",
    "acme_payments",
    "mueller",
    "ana.mueller",
    "AnaMueller",
    "zwilling9",
    "qzxvkw",
    "projectfalcon7",
    "Größenwahn",
    "株式会社花子",
    "ООО-Ромашка",
    "nightingale-hlth",
];

/// Where names stand in the texts of AWS, of clients and of networks: `{}` stands for the name.
const CARRIERS: [&str; 40] = [
    "User: arn:aws:iam::111122223333:user/{} is not authorized to perform: bedrock:InvokeModel",
    "User: arn:aws:sts::111122223333:assumed-role/{}/session is not authorized",
    "User: arn:aws:sts::111122223333:assumed-role/role/{} is not authorized",
    "with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/{}",
    "arn:aws:iam::111122223333:role/{}/deployer",
    "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/{}",
    "arn:aws:bedrock:us-west-2:111122223333:guardrail/{}:1",
    "arn:aws:bedrock-agentcore:us-west-2:111122223333:runtime/{}/runtime-endpoint/DEFAULT",
    "arn:aws:s3:::{}/reports/2026",
    "arn:aws:s3:::reports/{}/*",
    "arn:aws:kms:us-west-2:111122223333:alias/{}",
    "arn:aws:lambda:us-west-2:111122223333:function:{}:PROD",
    "arn:aws:logs:us-west-2:111122223333:log-group:/aws/lambda/{}:*",
    "arn:aws:es:us-west-2:111122223333:domain/{}",
    "arn:aws-us-gov:iam::111122223333:role/{}",
    "The role with name {} cannot be found.",
    "The config profile ({}) could not be found",
    "profile `{}` was not defined",
    "Bucket: {}, Key: a",
    "https://{}.s3.us-west-2.amazonaws.com/x",
    "https://s3.us-west-2.amazonaws.com/{}/x",
    "s3://{}/x",
    "https://{}.example.com:8443/v1",
    "http://proxy.{}.internal:3128",
    "ana@{}.com",
    "{}@example.org",
    "Could not connect to the endpoint URL: \"https://bedrock-runtime.{}.vpce.amazonaws.com/\"",
    "dial tcp: lookup {}.corp: no such host",
    "getaddrinfo ENOTFOUND {}",
    "File \"/home/{}/app.py\", line 3",
    "C:\\Users\\{}\\app.py",
    "{\"tenant\":\"{}\"}",
    "tenant={}&x=1",
    "x-tenant: {}",
    "'{}'",
    "({})",
    "<{}>",
    "{}: denied",
    "111122223333.dkr.ecr.us-west-2.amazonaws.com/{}:latest",
    "[{}] failed",
];

#[test]
fn no_planted_name_survives_in_any_place() {
    let mut survived = Vec::new();
    for name in NAMES {
        for carrier in CARRIERS {
            let text = carrier.replace("{}", name);
            let shown = redacted(&text);
            // Anything of it that is longer than a syllable and no plain word.
            let distinctive =
                name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 3 || !part.is_ascii());
            let plain = ["payments", "prod", "acme", "hlth"];
            for part in distinctive.filter(|part| !plain.contains(part)) {
                if shown.to_lowercase().contains(&part.to_lowercase()) {
                    survived.push(format!("{part} of {text:?}: {shown:?}"));
                }
            }
            assert!(!shown.contains("111122223333"), "{text:?}: {shown:?}");
        }
    }
    assert!(survived.is_empty(), "{} survive:\n{}", survived.len(), survived.join("\n"));
}

#[test]
fn what_everybody_may_know_stays() {
    for text in [
        "AccessDeniedException: is not authorized to perform: bedrock:InvokeModel",
        "anthropic.claude-sonnet-4-5-20250929-v1:0 and us.anthropic.claude-opus-4-8",
        "meta.llama4-maverick-17b-instruct-v1:0, amazon.titan-embed-text-v2:0",
        "https://bedrock-runtime.us-west-2.amazonaws.com/",
        "at 2026-11-28T10:00:00Z in eu-central-1 with status 403",
        "because no identity-based policy allows the bedrock:InvokeModelWithResponseStream action",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn the_same_account_is_the_same_alias_in_every_spelling() {
    let shown = redacted("111122223333 1111-2222-3333 arn:aws:iam::111122223333:root (111,122,223,333)");
    assert_eq!(shown.matches("account-1").count(), 4, "{shown}");
}

#[test]
fn a_pattern_stays_one_however_often_it_is_met() {
    for text in [
        "arn:aws:kms:us-east-1:111122223333:alias/ledger?main",
        "arn:aws:iam::111122223333:role/ledger-*",
        "arn:aws:iam::111122223333:role/ledger-* arn:aws:iam::111122223333:role/ledger-api",
    ] {
        let mut redactor = Redactor::default();
        let once = redactor.message(text);
        assert_eq!(once, redactor.message(text), "{text}");
        assert!(once.contains('*') != text.contains("ledger-api"), "{once}");
    }
}

#[test]
fn patterns_with_many_stars_cost_no_more_than_their_length() {
    let role = "a".repeat(64);
    let stars = "*a".repeat(500);
    let text = format!(
        "arn:aws:iam::111122223333:role/{role} arn:aws:iam::111122223333:role/{stars}b arn:aws:iam::1111*:role/{stars}"
    );
    let start = Instant::now();
    let shown = redacted(&text);
    assert!(start.elapsed() < Duration::from_secs(5) && !shown.contains(&role), "{:?}", start.elapsed());
}
