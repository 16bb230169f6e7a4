//! The catalogue's entries of documented cause 2: the account has no access to the model.
//!
//! Data only. Sources: Amazon Bedrock User Guide, "Access Amazon Bedrock foundation models" and
//! "Troubleshooting Amazon Bedrock API error codes", and the texts that these gates write.

use super::Cause;
use super::entry::{Entry, Note, Otherwise, Page, Template, TextCertainty};

const MODEL_ACCESS_PAGE: Page = Page {
    title: "Amazon Bedrock User Guide, Access Amazon Bedrock foundation models",
    url: "https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html",
};
const ERROR_CODES_PAGE: Page = Page {
    title: "Amazon Bedrock User Guide, Troubleshooting Amazon Bedrock API error codes",
    url: "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
};
const AVAILABILITY: &str = "aws bedrock get-foundation-model-availability --model-id MODEL_ID --region REGION";

pub(super) static MODEL_ACCESS_NOT_GRANTED: Entry = Entry {
    cause: Cause::ModelAccessNotGranted,
    title: "The account has no access to the model",
    meaning: "Bedrock says that the account has no access to this model in this Region. In commercial Regions the page where \
              access was requested is gone (October 2025): models are enabled by default, and the text now mostly means \
              another Region, account or identity than you think, a second model that the tool uses in addition to yours, or an \
              agreement that is not there yet. In AWS GovCloud (US) access is still requested.",
    who: "an administrator of the account",
    steps: &[
        "check with which identity, account and Region the call was really made, and which model id was sent (tools call \
         small, embedding or parsing models of their own)",
        "ask Bedrock for the model's availability in that Region",
        "for a third-party model, have an identity with AWS Marketplace permissions invoke it once; Anthropic's models also \
         need the use case form",
    ],
    commands: &[AVAILABILITY],
    verify: "invoke the model once with the smallest request",
    takes_effect: "two to fifteen minutes after access was given",
    documentation: MODEL_ACCESS_PAGE,
    templates: &[
        Template {
            name: "no-access-to-model",
            words: "You don't have access to the model with the specified model ID.",
            phrases: &["You don't have access to the model", "You do not have access to the model"],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[
                Otherwise {
                    cause: Cause::RegionUnavailable,
                    tell: "list the models of the Region that was called: the id may not be offered there",
                },
                Otherwise {
                    cause: Cause::MarketplacePermission,
                    tell: "for a third-party model, agreementAvailability NOT_AVAILABLE shows that nobody in the account has \
                           accepted its agreement yet",
                },
                Otherwise {
                    cause: Cause::UseCaseFormMissing,
                    tell: "for an Anthropic model, `aws bedrock get-use-case-for-model-access` shows whether the form was sent",
                },
            ],
            note: Note::Plain,
        },
        Template {
            name: "govcloud-agreement",
            words: "The GovCloud account <account> cannot perform this operation. You must use your associated standard AWS \
                    account to establish a model access agreement or view the EULA in either us-east-1 or us-west-2 regions",
            phrases: &["to establish a model access agreement or view the EULA"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "account-not-authorized",
            words: "Your[ AWS] account is not authorized to invoke this API operation[ with a prompt resource].",
            phrases: &[
                "Your account is not authorized to invoke this API operation",
                "Your AWS account is not authorized to invoke this API operation",
            ],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[
                Otherwise {
                    cause: Cause::AccountRestricted,
                    tell: "if Amazon's own models are refused as well, AWS restricts the account: open a support case",
                },
                Otherwise {
                    cause: Cause::RegionUnavailable,
                    tell: "try the operation in a Region where it is documented to exist",
                },
            ],
            note: Note::Plain,
        },
        Template {
            name: "account-not-authorized-model",
            words: "Your account is not authorized to access this model",
            phrases: &["Your account is not authorized to access this model"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::AccountRestricted,
                tell: "AWS's table of errors sends BadCScoreException to Support: AWS restricts the account",
            }],
            note: Note::Wrapper,
        },
        Template {
            name: "no-agreement",
            words: "Your account does not have an agreement to this model.",
            phrases: &[
                "account does not have an agreement to this model",
                "account does not have an agreement for this model",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::MarketplacePermission,
                tell: "agreementAvailability NOT_AVAILABLE shows that nobody has accepted the agreement; an identity with aws-marketplace:Subscribe accepts it with the first invocation",
            }],
            note: Note::Plain,
        },
    ],
};

pub(super) static USE_CASE_FORM_MISSING: Entry = Entry {
    cause: Cause::UseCaseFormMissing,
    title: "Anthropic's use case form has not been submitted",
    meaning: "Anthropic asks every account (or its organization's management account) once for a use case form before its \
              models can be used. Bedrock says that it has none of this account. It answers with ResourceNotFoundException, \
              though nothing is missing but the form.",
    who: "an administrator of the account, or of the organization's management account",
    steps: &[
        "submit the use case details in the Amazon Bedrock console (model catalog, any Anthropic model), or with \
         PutUseCaseForModelAccess",
        "wait fifteen minutes, then try again",
        "if the form was submitted: check that the request is signed by an identity of that same account, and that the \
         model's agreement exists",
    ],
    commands: &["aws bedrock get-use-case-for-model-access --region REGION", AVAILABILITY],
    verify: "get-use-case-for-model-access returns the form; then invoke the model once",
    takes_effect: "up to fifteen minutes",
    documentation: MODEL_ACCESS_PAGE,
    templates: &[
        Template {
            name: "use-case-details",
            words: "Model use case details have not been submitted for this account. Fill out the Anthropic use case details \
                    form before using the model. If you have already filled out the form, try again in 15 minutes.",
            phrases: &["use case details have not been submitted", "FTUFormNotFilled"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::MarketplacePermission,
                tell: "if get-use-case-for-model-access shows a form, the model's agreement may be missing \
                       (get-foundation-model-availability), or the request was signed by another account",
            }],
            note: Note::Plain,
        },
        Template {
            name: "request-form",
            words: "You have not filled out the request form. …",
            phrases: &["You have not filled out the request form"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static MARKETPLACE_PERMISSION: Entry = Entry {
    cause: Cause::MarketplacePermission,
    title: "The model's AWS Marketplace agreement cannot be made by this caller",
    meaning: "The model is sold through AWS Marketplace. The account has no agreement for it yet, the first invocation tries to \
              make one, and the caller may not: it lacks aws-marketplace:Subscribe or ViewSubscriptions. Once an agreement \
              exists, callers need no Marketplace permission. The first calls may succeed and then fail.",
    who: "an administrator with AWS Marketplace permissions",
    steps: &[
        "have an identity that holds aws-marketplace:Subscribe, aws-marketplace:ViewSubscriptions and \
         aws-marketplace:Unsubscribe invoke the model once in this account (or call CreateFoundationModelAgreement)",
        "giving the application's own role these permissions works too, but is not needed afterwards",
        "wait some minutes before trying again: the refusal outlives the fix",
    ],
    commands: &[AVAILABILITY],
    verify: "agreementAvailability is AVAILABLE, then invoke the model once",
    takes_effect: "two to fifteen minutes",
    documentation: MODEL_ACCESS_PAGE,
    templates: &[
        Template {
            name: "marketplace-actions",
            words: "Model access is denied due to IAM user or service role is not authorized to perform the required AWS \
                    Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to \
                    this model. … If you recently fixed this issue, try again after <n> minutes.",
            phrases: &["not authorized to perform the required AWS Marketplace actions"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "marketplace-user",
            words: "Model access is denied due to User: <arn> is not authorized to perform: aws-marketplace:<Action> on \
                    resource: * because no identity-based policy allows the aws-marketplace:<Action> action. …",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "marketplace-incomplete",
            words: "Your AWS Marketplace subscription for this model cannot be completed at this time.",
            phrases: &["AWS Marketplace subscription for this model cannot be completed"],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[Otherwise {
                cause: Cause::PaymentInstrument,
                tell: "the sentence before this one names the reason; INVALID_PAYMENT_INSTRUMENT means the account's payment \
                       method",
            }],
            note: Note::Wrapper,
        },
    ],
};

pub(super) static MARKETPLACE_AGREEMENT_PENDING: Entry = Entry {
    cause: Cause::MarketplaceAgreementPending,
    title: "The model's AWS Marketplace agreement is still being made",
    meaning: "The account has subscribed to the model, and AWS Marketplace has not finished. Meanwhile calls may succeed or be \
              refused.",
    who: "nobody; after fifteen minutes an administrator",
    steps: &[
        "wait fifteen minutes and try again",
        "if it lasts, look at the subscription in the AWS Marketplace console and at the account's payment method",
    ],
    commands: &[AVAILABILITY],
    verify: "agreementAvailability is AVAILABLE",
    takes_effect: "up to fifteen minutes",
    documentation: ERROR_CODES_PAGE,
    templates: &[Template {
        name: "agreement-being-created",
        words: "Your account is not authorized to access this model. Your AWS Marketplace subscription for this model is still \
                being processed. Try again after 15 minutes",
        phrases: &["AWS Marketplace subscription for this model is still being processed", "MPAgreementBeingCreated"],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static PAYMENT_INSTRUMENT: Entry = Entry {
    cause: Cause::PaymentInstrument,
    title: "AWS Marketplace does not accept the account's payment method",
    meaning: "The model is sold through AWS Marketplace, which found no valid payment method in the account: none, an expired \
              card, a Bacs mandate that is not confirmed, or in India one that Marketplace does not take (UPI AutoPay). \
              Amazon's own models keep working. No IAM change helps.",
    who: "the account that pays the bills: its owner, or the organization's management account",
    steps: &[
        "set a valid default payment method that AWS Marketplace accepts, in the Billing console of the paying account",
        "wait some minutes, then invoke the model again",
        "in an account of AWS India or of a reseller, ask AWS Support or the reseller which methods Marketplace takes",
    ],
    commands: &[AVAILABILITY],
    verify: "invoke the model once",
    takes_effect: "two to fifteen minutes",
    documentation: ERROR_CODES_PAGE,
    templates: &[Template {
        name: "payment-instrument",
        words: "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided.. Your AWS \
                Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, \
                try again after <n> minutes.",
        phrases: &["INVALID_PAYMENT_INSTRUMENT", "A valid payment instrument must be provided"],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static SALES_ACCESS_REQUIRED: Entry = Entry {
    cause: Cause::SalesAccessRequired,
    title: "AWS Sales grants this model account by account",
    meaning: "The model is not open to this account, although its availability may read as granted everywhere. AWS opens it \
              account by account; the grant is not shared in an organization.",
    who: "AWS Sales, asked by the account's owner",
    steps: &[
        "ask AWS Sales or the account team for access to the model, naming the account id and the Region",
        "use another model meanwhile",
    ],
    commands: &["aws bedrock list-foundation-models --region REGION"],
    verify: "invoke the model once",
    takes_effect: "when AWS has granted it",
    documentation: MODEL_ACCESS_PAGE,
    templates: &[Template {
        name: "not-available-for-account",
        words: "<model> is not available for this account. You can explore other available models on Amazon Bedrock. For \
                additional access options, contact AWS Sales at https://aws.amazon.com/contact-us/sales-support/",
        phrases: &["is not available for this account", "For additional access options contact AWS Sales"],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static ACCOUNT_RESTRICTED: Entry = Entry {
    cause: Cause::AccountRestricted,
    title: "AWS restricts the account",
    meaning: "AWS holds the account back from Bedrock: a new or young account, a security hold, an unpaid bill. It answers with \
              ValidationException though the request is right, for Amazon's models too. No IAM change helps.",
    who: "AWS Support, asked by the account's owner",
    steps: &[
        "open a support case (account and billing) that quotes the text, the request id and the Region",
        "check the account's mail for notices of AWS Trust and Safety, and its bills",
        "try an Amazon model: if that works, look at the model's agreement and form instead",
    ],
    commands: &[AVAILABILITY],
    verify: "invoke an Amazon model once",
    takes_effect: "when AWS has lifted the restriction",
    documentation: Page {
        title: "AWS re:Post Knowledge Center, InvokeModel API errors of Amazon Bedrock",
        url: "https://repost.aws/knowledge-center/bedrock-invokemodel-api-error",
    },
    templates: &[
        Template {
            name: "operation-not-allowed",
            words: "Operation not allowed",
            phrases: &["Operation not allowed"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::ModelAccessNotGranted,
                tell: "if Amazon's models work, the model's agreement may not have been accepted",
            }],
            note: Note::Plain,
        },
        Template {
            name: "error-002",
            words: "Error 002: Access to Bedrock models is not allowed for this account",
            phrases: &["Access to Bedrock models is not allowed for this account"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::UseCaseFormMissing,
                tell: "if only Anthropic's models are refused, the use case form may be missing",
            }],
            note: Note::Plain,
        },
        Template {
            name: "bad-c-score",
            words: "BadCScoreException: Your account is not authorized to access this model",
            phrases: &["BadCScoreException"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "account-support-case",
            words: "Your account is not authorized to perform this action. Please create a support case",
            phrases: &["account is not authorized to perform this action"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::ModelAccessNotGranted,
                tell: "if another operation on the same model works, this operation is not open to the account yet",
            }],
            note: Note::Plain,
        },
    ],
};

pub(super) static ACCOUNT_BEING_VERIFIED: Entry = Entry {
    cause: Cause::AccountBeingVerified,
    title: "AWS still verifies the new account",
    meaning: "The account is new, and AWS has not finished to verify its payment method and telephone number.",
    who: "nobody; after some hours the account's owner",
    steps: &[
        "wait; the verification takes about two hours, at most a day",
        "if it lasts, check the payment method and the telephone verification, then ask AWS Support",
    ],
    commands: &[],
    verify: "invoke an Amazon model once",
    takes_effect: "about two hours",
    documentation: ERROR_CODES_PAGE,
    templates: &[Template {
        name: "being-verified",
        words: "Your account is currently being verified",
        phrases: &["Your account is currently being verified"],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static UNSUPPORTED_GEOGRAPHY: Entry = Entry {
    cause: Cause::UnsupportedGeography,
    title: "The provider does not serve the caller's country or territory",
    meaning: "The provider (Anthropic, OpenAI) does not offer its models where the caller or the account is. It is the place of \
              the caller or of the account's address, not the AWS Region of the call. No permission helps.",
    who: "nobody, unless the place is wrong",
    steps: &[
        "check from where the request leaves (a VPN or proxy counts) and which country the account's address names",
        "compare with the provider's list of supported countries",
        "use a model of a provider that serves the place",
    ],
    commands: &[],
    verify: "invoke the model once from a supported place",
    takes_effect: "at once",
    documentation: Page {
        title: "Anthropic, Supported countries and regions",
        url: "https://www.anthropic.com/supported-countries",
    },
    templates: &[Template {
        name: "unsupported-countries",
        words: "Access to <Anthropic|OpenAI> models is not allowed from unsupported countries, regions, or territories.",
        phrases: &[
            "models is not allowed from unsupported countries",
            "models are not allowed from unsupported countries",
            "unsupported countries, regions, or territories",
        ],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static CHANNEL_PROGRAM_ACCOUNT: Entry = Entry {
    cause: Cause::ChannelProgramAccount,
    title: "The account belongs to a channel program",
    meaning: "The account was made through an AWS Solution Provider or Distributor, and the model is not open to such accounts \
              until the partner arranges it.",
    who: "the AWS Solution Provider or Distributor that owns the account's billing",
    steps: &["ask the partner to arrange the access to the model", "use another model meanwhile"],
    commands: &[],
    verify: "invoke the model once",
    takes_effect: "when the partner has arranged it",
    documentation: MODEL_ACCESS_PAGE,
    templates: &[Template {
        name: "channel-program",
        words: "Access to this model is not available for channel program accounts. Reach out to your AWS Solution Provider or \
                AWS Distributor for more information.",
        phrases: &["not available for channel program accounts"],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static DATA_RETENTION_MODE: Entry = Entry {
    cause: Cause::DataRetentionMode,
    title: "The account's data-retention mode is not one that the model is offered under",
    meaning: "The model is offered only under another data-retention mode than the account (or the project) has in this Region. \
              The bedrock-mantle endpoint has a setting of its own.",
    who: "an administrator who may decide about data retention",
    steps: &[
        "read the account's mode in the Region that was called",
        "decide whether the mode that the model asks for is acceptable; then set it with PutAccountDataRetention",
        "on the bedrock-mantle endpoint set it there too (bedrock-mantle:PutAccountDataRetention)",
    ],
    commands: &["aws bedrock get-account-data-retention --region REGION"],
    verify: "invoke the model once",
    takes_effect: "within minutes",
    documentation: Page {
        title: "Amazon Bedrock API Reference, PutAccountDataRetention",
        url: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_PutAccountDataRetention.html",
    },
    templates: &[Template {
        name: "data-retention-mode",
        words: "data retention mode '<mode>' is not available for this model | This model is not available under data retention \
                mode '<mode>'.",
        phrases: &["data retention mode"],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static LEGACY_MODEL: Entry = Entry {
    cause: Cause::LegacyModel,
    title: "The model is legacy or has reached the end of its life",
    meaning: "The provider has withdrawn the model version. A legacy model stays open only to accounts that used it in the last \
              days, a model at the end of its life to nobody. The text may begin with \"Access denied\"; no permission is missing.",
    who: "the application's developer",
    steps: &[
        "change the model id (or inference profile) to an active version",
        "look in the code and in tools for older ids that are used in addition to the main model",
    ],
    commands: &[
        "aws bedrock list-foundation-models --region REGION --query 'modelSummaries[?modelLifecycle.status==`ACTIVE`].modelId'",
    ],
    verify: "invoke the new model once",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Model lifecycle",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html",
    },
    templates: &[
        Template {
            name: "legacy",
            words: "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in \
                    the last <n> days. Please upgrade to an active model on Amazon Bedrock",
            phrases: &["Model is marked by provider as Legacy"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "end-of-life",
            words: "This model version has reached the end of its life.",
            phrases: &["model version has reached the end of its life"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static REGION_UNAVAILABLE: Entry = Entry {
    cause: Cause::RegionUnavailable,
    title: "The model is not offered in this Region",
    meaning: "The model exists, but not in the Region that was called, or not in this way.",
    who: "the application's developer",
    steps: &[
        "list the models and inference profiles of the Region",
        "call a Region that offers the model, or an inference profile of the Region's geography",
    ],
    commands: &[
        "aws bedrock list-foundation-models --region REGION",
        "aws bedrock list-inference-profiles --region REGION",
    ],
    verify: "invoke the model once",
    takes_effect: "at once",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Supported foundation models in Amazon Bedrock",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html",
    },
    templates: &[Template {
        name: "not-in-region",
        words: "The model <model> is not supported in this Region. | Model is not available in this region",
        phrases: &[
            "is not supported in this region",
            "model is not available in this region",
            "model isn't supported in this region",
            "not available in the current region",
        ],
        certainty: TextCertainty::Likely,
        otherwise: &[Otherwise {
            cause: Cause::InvalidModelId,
            tell: "list-foundation-models shows whether the id is written as AWS writes it",
        }],
        note: Note::Plain,
    }],
};
