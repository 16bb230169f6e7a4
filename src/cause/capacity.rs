//! The catalogue's entries for capacity and network, and for the text that matches nothing.
//!
//! Data only. A refusal of these families says nothing about the caller's permissions, neither for nor against.

use super::Cause;
use super::entry::{Entry, Note, Otherwise, Page, Template, TextCertainty};

const QUOTAS: Page = Page {
    title: "Amazon Bedrock User Guide, Quotas for Amazon Bedrock",
    url: "https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html",
};

pub(super) static THROTTLED: Entry = Entry {
    cause: Cause::Throttled,
    title: "Too many requests or tokens at once",
    meaning: "The account's rate for this model in this Region is used up for the moment. It says nothing about permissions or \
              model access: an account that AWS holds back is sometimes answered the same way.",
    who: "the application's developer; for a higher quota an administrator",
    steps: &[
        "retry with growing pauses, and spread the requests",
        "lower max_tokens: it is counted against the quota when the request starts",
        "use a cross-Region inference profile, or ask for a higher quota in Service Quotas",
    ],
    commands: &["aws service-quotas list-service-quotas --service-code bedrock --region REGION"],
    verify: "repeat the call after a minute",
    takes_effect: "within a minute; a higher quota when AWS has granted it",
    documentation: QUOTAS,
    templates: &[
        Template {
            name: "throttled",
            words: "Too many requests, please wait before trying again. | Too many tokens, please wait before trying again.",
            phrases: &[
                "Too many requests please wait",
                "Too many tokens please wait",
                "Rate exceeded",
                "is getting throttled",
                "Your request rate is too high",
                "Too many connections please wait",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "throttled-code",
            words: "ThrottlingException | TooManyRequestsException | Too many requests",
            phrases: &[
                "ThrottlingException",
                "TooManyRequestsException",
                "Throttling error",
                "ThrottlingError",
                "RequestLimitExceeded",
                "Too many requests",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
    ],
};

pub(super) static QUOTA_EXCEEDED: Entry = Entry {
    cause: Cause::QuotaExceeded,
    title: "A quota is used up, or is zero",
    meaning: "A daily or other fixed quota of the account is used up. In a new account the quota itself may be zero: then even \
              the first small call fails, for Amazon's models too.",
    who: "an administrator, through Service Quotas or AWS Support",
    steps: &[
        "compare the applied quota with AWS's default in Service Quotas: zero, or far below it, means a new account",
        "if it is used up, wait for the next day, or ask for a higher quota",
        "if it is zero, open a support case: such quotas are often not adjustable in the console",
    ],
    commands: &["aws service-quotas list-service-quotas --service-code bedrock --region REGION"],
    verify: "repeat the call after the quota was raised or reset",
    takes_effect: "the next day, or when AWS has granted it",
    documentation: QUOTAS,
    templates: &[
        Template {
            name: "tokens-per-day",
            words: "Too many tokens per day, please wait before trying again.",
            phrases: &["Too many tokens per day", "Too many requests per day"],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[Otherwise {
                cause: Cause::AccountRestricted,
                tell: "if the first call of the day with a handful of tokens fails, the account's daily quota is zero: compare \
                       the applied value in Service Quotas with the default",
            }],
            note: Note::Plain,
        },
        Template {
            name: "service-quota",
            words: "Your request exceeds the service quota for your account.",
            phrases: &[
                "exceeds the service quota",
                "exceeded your service quota",
                "exceeds quota limit",
                "Validation failed for quota",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "quota-code",
            words: "ServiceQuotaExceededException",
            phrases: &["ServiceQuotaExceededException", "LimitExceededException"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
    ],
};

pub(super) static SERVICE_UNAVAILABLE: Entry = Entry {
    cause: Cause::ServiceUnavailable,
    title: "The service or the model cannot answer now",
    meaning: "Bedrock or the model has no capacity or an internal error. Access is not the problem.",
    who: "nobody; the application should retry",
    steps: &[
        "retry with growing pauses",
        "look at the AWS Health Dashboard for the Region",
        "use a cross-Region inference profile, or another model meanwhile",
    ],
    commands: &[],
    verify: "repeat the call",
    takes_effect: "when the service recovers",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Troubleshooting Amazon Bedrock API error codes",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
    },
    templates: &[
        Template {
            name: "service-unavailable",
            words: "Bedrock is unable to process your request. | The system encountered an unexpected error during processing. Try \
                your request again. | Model is not ready for inference.",
            phrases: &[
                "Bedrock is unable to process your request",
                "The system encountered an unexpected error during processing",
                "is not ready for inference",
                "The service is temporarily unavailable",
                "Model has timed out in processing the request",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Wrapper,
        },
        Template {
            name: "http-status",
            words: "503 Service Unavailable | 502 Bad Gateway | 504 Gateway Timeout | 500 Internal Server Error, beside an endpoint \
                    of Bedrock",
            phrases: &[
                "503 Service Unavailable",
                "502 Bad Gateway",
                "504 Gateway Time",
                "500 Internal Server Error",
                "529 site is overloaded",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Status,
        },
        Template {
            name: "unavailable-code",
            words: "ServiceUnavailableException | InternalServerException | ModelTimeoutException | ModelErrorException",
            phrases: &[
                "ServiceUnavailableException",
                "InternalServerException",
                "InternalServerError",
                "ModelNotReadyException",
                "ModelTimeoutException",
                "ModelErrorException",
                "ModelStreamErrorException",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
    ],
};

pub(super) static NETWORK_UNREACHABLE: Entry = Entry {
    cause: Cause::NetworkUnreachable,
    title: "The endpoint cannot be reached",
    meaning: "No answer came from Bedrock: the name does not resolve, the connection is refused or times out, or TLS fails. A \
              Region that does not exist or has no Bedrock endpoint gives the same text.",
    who: "the person or system that makes the call, or the network's administrator",
    steps: &[
        "check the Region in the endpoint's name: it must exist and have Bedrock",
        "check name resolution, proxy, firewall and VPC endpoint from the machine that calls",
        "for a read timeout, raise the client's timeout: long answers take minutes",
    ],
    commands: &["curl -sS -o /dev/null -w '%{http_code}\\n' https://bedrock-runtime.REGION.amazonaws.com/"],
    verify: "any HTTP status from the endpoint shows that it is reached",
    takes_effect: "at once",
    documentation: Page {
        title: "AWS General Reference, Amazon Bedrock endpoints and quotas",
        url: "https://docs.aws.amazon.com/general/latest/gr/bedrock.html",
    },
    templates: &[
        Template {
            name: "network",
            words: "Could not connect to the endpoint URL: \"<url>\" | Read timeout on endpoint URL: \"<url>\" | getaddrinfo ENOTFOUND \
                <host> | dial tcp: lookup <host>: no such host",
            phrases: &[
                "Could not connect to the endpoint",
                "Read timeout on endpoint",
                "Connect timeout on endpoint",
                "getaddrinfo ENOTFOUND",
                "getaddrinfo EAI_AGAIN",
                "Name or service not known",
                "Temporary failure in name resolution",
                "no such host",
                "ECONNREFUSED",
                "ECONNRESET",
                "ETIMEDOUT",
                "connection refused",
                "UnknownHostException",
                "Failed to resolve bedrock",
                "certificate verify failed",
                "unable to get local issuer certificate",
                "self-signed certificate in certificate chain",
                "unable to verify the first certificate",
                "Connection was closed before we received a valid response",
                "Network is unreachable",
                "dispatch failure",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::RegionUnavailable,
                tell: "if the Region in the endpoint's name is not a Region with Bedrock, correct the Region",
            }],
            note: Note::Wrapper,
        },
        Template {
            name: "network-code",
            words: "EndpointConnectionError | ConnectTimeoutError | ReadTimeoutError",
            phrases: &["EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
        Template {
            name: "proxy",
            words: "Cannot connect to proxy. | Tunnel connection failed: 407 Proxy Authentication Required",
            phrases: &[
                "Tunnel connection failed",
                "Cannot connect to proxy",
                "Proxy Authentication Required",
                "Unable to connect to proxy",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Wrapper,
        },
    ],
};

pub(super) static UNRECOGNIZED: Entry = Entry {
    cause: Cause::Unrecognized,
    title: "The text matches nothing that is known",
    meaning: "Nothing in the text is a refusal of Amazon Bedrock, IAM or an AWS client that this program knows. What could be \
              read from it is shown; the cause is not guessed.",
    who: "the person who has the whole text",
    steps: &[
        "send the whole text: the sentence behind the error code, the operation, the Region and the request id",
        "look for the sentence that AWS wrote: wrappers often keep only the code",
    ],
    commands: &[],
    verify: "explain the whole text",
    takes_effect: "-",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Troubleshooting Amazon Bedrock API error codes",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
    },
    templates: &[],
};
