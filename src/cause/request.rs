//! The catalogue's entries for requests that are wrong in themselves.
//!
//! Data only. Sources: Amazon Bedrock API Reference, and the texts that the runtime's validation writes.

use super::Cause;
use super::entry::{Entry, Note, Otherwise, Page, Template, TextCertainty};

const WHO: &str = "the application's developer";

pub(super) static INFERENCE_PROFILE_REQUIRED: Entry = Entry {
    cause: Cause::InferenceProfileRequired,
    title: "The model is offered through inference profiles only",
    meaning: "The bare model id was called, but in this Region the model is served only through an inference profile.",
    who: WHO,
    steps: &[
        "list the inference profiles of the Region and use the id of one that holds the model (such as `us.…`, `eu.…`, \
         `global.…`)",
        "the IAM policy must then allow the profile and the model in every destination Region",
    ],
    commands: &["aws bedrock list-inference-profiles --region REGION"],
    verify: "repeat the call with the profile's id",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Supported Regions and models for inference profiles",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html",
    },
    templates: &[
        Template {
            name: "on-demand",
            words: "Invocation of model ID <model> with on-demand throughput isn't supported. Retry your request with the ID or ARN \
                of an inference profile that contains this model.",
            phrases: &[
                "with on-demand throughput isn't supported",
                "with on-demand throughput is not supported",
                "Retry your request with the ID or ARN of an inference profile",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "on-demand-older",
            words: "The provided model doesn't support on-demand throughput.",
            phrases: &["model doesn't support on-demand throughput", "model does not support on-demand throughput"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static INVALID_MODEL_ID: Entry = Entry {
    cause: Cause::InvalidModelId,
    title: "Bedrock knows no such model id in this Region",
    meaning: "The id is mistyped, lacks its version (`:0`), is a profile of another geography (`us.` called from Mumbai), or \
              names a model that this Region does not have.",
    who: WHO,
    steps: &[
        "compare the id with the list of models and inference profiles of the Region that was called",
        "check the Region: the same id may exist in another one",
        "if the id is an ARN, check that the client does not encode it twice",
    ],
    commands: &[
        "aws bedrock list-foundation-models --region REGION",
        "aws bedrock list-inference-profiles --region REGION",
    ],
    verify: "repeat the call with an id from the list",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Supported foundation models in Amazon Bedrock",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html",
    },
    templates: &[
        Template {
            name: "identifier-invalid",
            words: "The provided model identifier is invalid.",
            phrases: &["The provided model identifier is invalid", "model identifier is invalid"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::RegionUnavailable,
                tell: "if another Region lists the id, the model is not offered in the one that was called",
            }],
            note: Note::Plain,
        },
        Template {
            name: "could-not-resolve",
            words: "Could not resolve the foundation model from the provided model identifier.",
            phrases: &["Could not resolve the foundation model from"],
            certainty: TextCertainty::Likely,
            otherwise: &[
                Otherwise {
                    cause: Cause::RegionUnavailable,
                    tell: "if another Region lists the id, the model is not offered in the one that was called",
                },
                Otherwise {
                    cause: Cause::ModelAccessNotGranted,
                    tell: "if the Region lists the id, the account has no access to it",
                },
            ],
            note: Note::Plain,
        },
        Template {
            name: "model-not-found",
            words: "Model not found | The provided ARN is invalid for the service region",
            phrases: &[
                "model_not_found",
                "ARN is invalid for the service region",
                "The model does not exist",
                "model does not exist",
                "does not exist or you do not have access to it",
                "Inference profile with identifier",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Wrapper,
        },
    ],
};

pub(super) static UNSUPPORTED_FEATURE: Entry = Entry {
    cause: Cause::UnsupportedFeature,
    title: "The request uses a feature that the model or account does not have",
    meaning: "The call itself is allowed; a feature in it is not: prompt caching, a beta header, tool use, images, streaming. \
              Bedrock may answer with AccessDeniedException.",
    who: WHO,
    steps: &[
        "take the named feature out of the request (prompt caching, beta header, tools, streaming) and try again",
        "look up whether the model has the feature in this Region",
    ],
    commands: &[],
    verify: "repeat the call without the feature",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Supported models and model features",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html",
    },
    templates: &[
        Template {
            name: "prompt-caching",
            words: "You do not have access to explicit prompt caching",
            phrases: &[
                "access to explicit prompt caching",
                "access to prompt caching",
                "did not allow prompt caching",
                "prompt caching is not supported",
                "does not support prompt caching",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "model-lacks-feature",
            words: "This model doesn't support tool use[ in streaming mode]. | This model doesn't support the <x> field. | The \
                    model is unsupported for <x>.",
            phrases: &[
                "This model doesn't support",
                "This model does not support",
                "is unsupported for streaming",
                "doesn't support tool use",
                "doesn't support the model that you provided",
                "The requested operation is not recognized by the service",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "feature-not-enabled",
            words: "Guardrails policies are not enabled for this account.",
            phrases: &["are not enabled for this account", "is not enabled for this account"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::RegionUnavailable,
                tell: "the feature may exist in another Region only: try one where it is documented",
            }],
            note: Note::Plain,
        },
        Template {
            name: "mantle-api",
            words: "The model '<model>' does not support the '<path>' API",
            phrases: &[
                "does not support the v1",
                "does not support the openai/v1",
                "does not support the anthropic/v1",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[Otherwise {
                cause: Cause::InvalidRequest,
                tell: "the model may be served under another path of the same endpoint",
            }],
            note: Note::Plain,
        },
        Template {
            name: "outbound-federation",
            words: "Outbound web identity federation is disabled for your account",
            phrases: &["Outbound web identity federation is disabled"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static INVALID_REQUEST: Entry = Entry {
    cause: Cause::InvalidRequest,
    title: "The request itself is malformed",
    meaning: "Bedrock or the model refuses the request's content: a field, a value, its length or its shape. Access is not the \
              problem: whatever validates the body was reached.",
    who: WHO,
    steps: &[
        "read what the text says of the field or limit, and correct the request",
        "compare the body with the model's documented request format; Converse takes the same one for every model",
    ],
    commands: &[],
    verify: "repeat the call",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Inference request parameters and response fields for foundation models",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html",
    },
    templates: &[
        Template {
            name: "malformed-input",
            words: "Malformed input request: <what is wrong with the body>, please reformat your input and try again.",
            phrases: &[
                "Malformed input request",
                "please reformat your input and try again",
                "subject must not be valid against schema",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::BodyRejected,
        },
        Template {
            name: "body-detail",
            words: "extraneous key [<key>] is not permitted | required key [<key>] not found | <path>: Field required | <path>: \
                    Input should be <…> (next to a ValidationException or status 400)",
            phrases: &[
                "extraneous key",
                "required key",
                "Extra inputs are not permitted",
                "Field required",
                "Input should be",
                "does not match pattern",
                "expected type",
                "is less than minimum",
                "is not less or equal to",
                "is not greater or equal to",
                "exceeds the maximum",
                "must not be empty",
                "cannot be parsed",
                "Could not parse request body",
                "unexpected end of JSON",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::BodyDetail,
        },
        Template {
            name: "request-error-type",
            words: "invalid_request_error, the type of an answer in Anthropic's or OpenAI's form",
            phrases: &["invalid_request_error"],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::Fallback,
        },
        Template {
            name: "model-returned-errors",
            words: "The model returned the following errors: <errors of the model's own validation>",
            phrases: &["The model returned the following errors"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::BodyRejected,
        },
        Template {
            name: "body-limits",
            words: "prompt is too long: <n> tokens > <n> maximum | The maximum tokens you requested exceed the model limit of <n>.",
            phrases: &[
                "prompt is too long",
                "Input is too long for requested model",
                "The maximum tokens you requested exceed",
                "exceeds model maximum",
                "exceed context limit",
                "too many input tokens",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::BodyRejected,
        },
        Template {
            name: "resource-identifier",
            words: "The provided <guardrail | knowledge base | agent | prompt> identifier is invalid.",
            phrases: &[
                "guardrail identifier is invalid",
                "knowledge base identifier is invalid",
                "agent identifier is invalid",
                "prompt identifier is invalid",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "body-shape",
            words: "The json schema definition at toolConfig.<path> is invalid. … | A conversation must start with a user \
                    message. … | invalid beta flag | The text field in the ContentBlock object at <path> is blank.",
            phrases: &[
                "The json schema definition at",
                "A conversation must start with a user message",
                "A conversation must alternate",
                "invalid beta flag",
                "thinking.type.enabled is not supported for this model",
                "field in the ContentBlock object at",
                "field in the Message object at",
                "final assistant message must start with a thinking block",
                "roles must alternate",
                "toolResult blocks at",
                "toolUse blocks at",
                "messages at least one message is required",
                "Allowed roles are user or assistant",
            ],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::BodyRejected,
        },
        Template {
            name: "parameter-validation",
            words: "Parameter validation failed: <field> | <n> validation error detected: Value '<v>' at '<field>' failed to \
                    satisfy constraint: …",
            phrases: &[
                "Parameter validation failed",
                "failed to satisfy constraint",
                "The guardrail identifier or version provided",
                "You must specify a region",
                "Region is missing",
                "Missing region in config",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::InvalidModelId,
                tell: "if the field is `modelId`, the model id is written wrongly",
            }],
            note: Note::Plain,
        },
        Template {
            name: "unknown-operation",
            words: "an UnknownOperationException, also in an answer with status 200",
            phrases: &["UnknownOperationException"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "guardrail-input",
            words: "Guardrail was enabled but input is in incorrect format.",
            phrases: &["Guardrail was enabled but input is in incorrect format"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};
