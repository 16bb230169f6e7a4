//! The catalogue's entries for credentials: the call was refused before any policy was looked at.
//!
//! Data only. Sources: IAM User Guide, "Troubleshoot IAM", API Reference, "Common errors", and the texts of the
//! SDKs' credential chains.

use super::Cause;
use super::entry::{Entry, Note, Otherwise, Page, Template, TextCertainty};

const COMMON_ERRORS: Page = Page {
    title: "Amazon Bedrock API Reference, Common Error Types",
    url: "https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html",
};
const WHO: &str = "the person or system that makes the call";

pub(super) static CREDENTIALS_MISSING: Entry = Entry {
    cause: Cause::CredentialsMissing,
    title: "No credentials were found",
    meaning: "The SDK or tool found no AWS credentials where it looked: environment, configuration files, SSO, container or \
              instance role. Nothing was sent to Bedrock.",
    who: WHO,
    steps: &[
        "see which identity the same environment has (`aws sts get-caller-identity`)",
        "set a profile, log in (`aws sso login`, `aws login`), or attach a role to the instance, container or function",
        "in a container, check that its credentials reach the process that calls",
    ],
    commands: &["aws sts get-caller-identity", "aws configure list"],
    verify: "`aws sts get-caller-identity` answers in the same environment",
    takes_effect: "at once",
    documentation: Page {
        title: "AWS SDKs and Tools Reference Guide, Standardized credential providers",
        url: "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html",
    },
    templates: &[
        Template {
            name: "no-credentials",
            words: "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
            phrases: &[
                "Unable to locate credentials",
                "Could not load credentials from any providers",
                "Unable to load credentials from any of the providers",
                "Unable to load AWS credentials from any provider",
                "no credentials provider found",
                "Missing credentials in config",
                "NoCredentialProviders",
                "no EC2 IMDS role found",
                "failed to refresh cached credentials no EC2",
                "the credential provider was not enabled",
                "no providers in chain provided credentials",
                "Missing Authentication Token",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "missing-code",
            words: "NoCredentialsError | MissingAuthenticationTokenException",
            phrases: &[
                "NoCredentialsError",
                "MissingAuthenticationTokenException",
                "CredentialsProviderError",
                "CredentialRetrievalError",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
        Template {
            name: "no-api-key",
            words: "No API key found for[ provider] \"amazon-bedrock[-mantle]\"",
            phrases: &["No API key found for amazon-bedrock", "No API key found for provider amazon-bedrock"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "langchain-credentials",
            words: "Could not load credentials to authenticate with AWS client. Please check that credentials in the specified \
                    profile name are valid.",
            phrases: &["Could not load credentials to authenticate with AWS client"],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[Otherwise {
                cause: Cause::InvalidRequest,
                tell: "LangChain writes the same when no Region is configured: set AWS_REGION and try again",
            }],
            note: Note::Plain,
        },
        Template {
            name: "none-access-key",
            words: "'NoneType' object has no attribute 'access_key'",
            phrases: &["NoneType object has no attribute access_key"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "profile-not-found",
            words: "The config profile (<name>) could not be found",
            phrases: &["The config profile"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Wrapper,
        },
        Template {
            name: "imds-source",
            words: "Valid credentials could not be sourced by the IMDS provider",
            phrases: &[
                "Valid credentials could not be sourced",
                "AWS_AUTH_CREDENTIALS_PROVIDER",
                "Failed to load credentials from IMDS",
                "Unable to load credentials",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static CREDENTIALS_INVALID: Entry = Entry {
    cause: Cause::CredentialsInvalid,
    title: "AWS does not know the credentials",
    meaning: "AWS does not accept the access key or session token: deleted or disabled, mistyped, a temporary key without its \
              session token, keys of another partition (China, GovCloud), or a Region that the account has not enabled.",
    who: WHO,
    steps: &[
        "see which identity the same environment has (`aws sts get-caller-identity`)",
        "look for stale AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment: they win over \
         profiles",
        "a key that starts with ASIA needs its session token; an opt-in Region must be enabled in the account",
    ],
    commands: &["aws sts get-caller-identity", "aws configure list"],
    verify: "`aws sts get-caller-identity` answers in the same environment",
    takes_effect: "at once",
    documentation: COMMON_ERRORS,
    templates: &[
        Template {
            name: "token-invalid",
            words: "The security token included in the request is invalid.",
            phrases: &["The security token included in the request is invalid"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "access-key-unknown",
            words: "The AWS Access Key Id you provided does not exist in our records.",
            phrases: &[
                "The AWS Access Key Id you provided does not exist",
                "AWS access key ID provided does not exist in our records",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Wrapper,
        },
        Template {
            name: "invalid-code",
            words: "UnrecognizedClientException | InvalidClientTokenId",
            phrases: &["UnrecognizedClientException", "InvalidClientTokenId"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
    ],
};

pub(super) static CREDENTIALS_EXPIRED: Entry = Entry {
    cause: Cause::CredentialsExpired,
    title: "The credentials have expired",
    meaning: "The session behind the credentials is over: an SSO login, an assumed role, or temporary keys in the environment.",
    who: WHO,
    steps: &[
        "log in again (`aws sso login`, `aws login`) or assume the role again",
        "remove stale temporary keys from the environment: they win over profiles",
        "in a long-running program, let the SDK's provider refresh the credentials instead of copying keys",
    ],
    commands: &["aws sts get-caller-identity"],
    verify: "`aws sts get-caller-identity` answers in the same environment",
    takes_effect: "at once",
    documentation: COMMON_ERRORS,
    templates: &[
        Template {
            name: "token-expired",
            words: "The security token included in the request is expired",
            phrases: &["The security token included in the request is expired", "The provided token has expired"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "expired-code",
            words: "ExpiredTokenException | ExpiredToken",
            phrases: &["ExpiredToken", "RequestExpired"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
        Template {
            name: "sso-expired",
            words: "The SSO session associated with this profile has expired or is otherwise invalid. | Token has expired and \
                    refresh failed | Error loading SSO Token",
            phrases: &[
                "The SSO session associated with this profile has expired",
                "Token has expired and refresh failed",
                "Error loading SSO Token",
                "The SSO session token associated with profile",
                "UnauthorizedSSOTokenError",
                "SSOTokenLoadError",
                "Your session has expired Please reauthenticate",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "login-session",
            words: "Error loading login session token: <reason>. Please reauthenticate with 'aws login'. | Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
            phrases: &[
                "Error loading login session token",
                "Unable to load a existing login session",
                "Unable to load an existing login session",
                "Please reauthenticate with aws login",
                "To refresh this SSO session run",
                "login session has expired",
                "authorization grant is invalid expired revoked",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "own-signature-expired",
            words: "its AWS signature has expired (Codex)",
            phrases: &["AWS signature has expired"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::SignatureMismatch,
                tell: "a clock that is wrong by more than five minutes has the same effect",
            }],
            note: Note::Plain,
        },
    ],
};

pub(super) static SIGNATURE_MISMATCH: Entry = Entry {
    cause: Cause::SignatureMismatch,
    title: "The request's signature does not match",
    meaning: "AWS computed another signature than the client. It is seldom a wrong secret: mostly a `:` or an ARN in the model \
              id that is percent-encoded once instead of twice, a proxy that changes signed headers, a clock that is wrong, or \
              a client that signs for another service.",
    who: "the developer of the client, or the operator of the proxy",
    steps: &[
        "try the same credentials with the AWS CLI (`aws sts get-caller-identity`): if that works, the client is at fault",
        "check how the client encodes a model id with `:` or an ARN in the path, and which headers it signs",
        "check the clock, and the secret access key",
    ],
    commands: &["aws sts get-caller-identity", "date -u"],
    verify: "repeat the call",
    takes_effect: "at once",
    documentation: Page {
        title: "IAM User Guide, Troubleshoot Signature Version 4 signing for AWS API requests",
        url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
    },
    templates: &[
        Template {
            name: "signature-mismatch",
            words: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
                    Key and signing method. Consult the service documentation for details.",
            phrases: &[
                "The request signature we calculated does not match",
                "Signature expired",
                "Signature not yet current",
                "Credential should be scoped to",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "signature-code",
            words: "InvalidSignatureException | SignatureDoesNotMatch | IncompleteSignature",
            phrases: &["InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
        Template {
            name: "authorization-header",
            words: "Authorization header requires 'Credential' parameter.",
            phrases: &[
                "Authorization header requires",
                "not a valid key=value pair (missing equal-sign) in Authorization header",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static API_KEY_REJECTED: Entry = Entry {
    cause: Cause::ApiKeyRejected,
    title: "The Bedrock API key was rejected",
    meaning: "The call carried a Bedrock API key (bearer token) that Bedrock does not accept: expired, deleted, made for another \
              Region, cut off, or not a Bedrock key at all. A key in AWS_BEARER_TOKEN_BEDROCK wins over all other credentials.",
    who: WHO,
    steps: &[
        "look for a stale key in AWS_BEARER_TOKEN_BEDROCK and in the tool's settings; unset it to use other credentials",
        "make a new key; a short-term key works for at most twelve hours and only in its Region",
        "check that the key is whole and starts with `ABSK` or `bedrock-api-key-`",
    ],
    commands: &[],
    verify: "repeat the call",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, API keys",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
    },
    templates: &[
        Template {
            name: "api-key",
            words: "Authentication failed: Please make sure your API Key is valid. | Bearer Token has expired | Invalid API Key \
                format: <reason> | Authorization header is missing",
            phrases: &[
                "Please make sure your API Key is valid",
                "Bearer Token has expired",
                "Invalid API Key format",
                "Authorization header is missing",
                "invalid_api_key",
                "The bearer token included in the request is invalid",
                "Invalid bearer token",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "api-key-unsupported",
            words: "This operation does not support API Keys",
            phrases: &["operation does not support API Keys"],
            certainty: TextCertainty::Certain,
            otherwise: &[Otherwise {
                cause: Cause::UnsupportedFeature,
                tell: "the key is good: sign this operation with IAM credentials instead",
            }],
            note: Note::Plain,
        },
    ],
};
