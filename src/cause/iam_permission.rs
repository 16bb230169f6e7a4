//! The catalogue's entries of documented cause 1: a policy refuses the call.
//!
//! Data only. IAM's own grammar (IAM User Guide, "Troubleshoot access denied error messages") is read by
//! `explain`; the templates here show how each refusal is worded.

use super::Cause;
use super::entry::{Entry, Note, Otherwise, Page, Template, TextCertainty};

const ACCESS_DENIED_PAGE: Page = Page {
    title: "IAM User Guide, Troubleshoot access denied error messages",
    url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
};

/// What a refusal for want of an allow may hide.
pub(crate) const HIDDEN_BEHIND_MISSING_ALLOW: &[Otherwise] = &[
    Otherwise {
        cause: Cause::SessionPolicy,
        tell: "if the role's own policies allow the action, look at the policy that was passed when the session was made \
               (AssumeRole, AssumeRoleWithWebIdentity, a Cognito identity pool)",
    },
    Otherwise {
        cause: Cause::ServiceControlPolicy,
        tell: "AWS names one policy type even when several refuse: once an identity-based policy allows the call, a service \
               control policy may still deny it",
    },
];

pub(super) static IDENTITY_POLICY_MISSING_ALLOW: Entry = Entry {
    cause: Cause::IdentityPolicyMissingAllow,
    title: "No identity-based policy allows the action on this resource",
    meaning: "No policy attached to the user, its groups or the role allows the action on the resource that the text names. \
              A policy may exist and still miss: it lists another model, another Region, only the inference profile and not \
              the models behind it, an action name that does not exist (`bedrock:Converse`), or it has a condition that this \
              request does not meet.",
    who: "an administrator of the IAM user or role",
    steps: &[
        "compare the action and the resource in the text with the policies attached to the principal that the text names",
        "add an allow of the action on that resource",
        "for a call through an inference profile, allow it on the profile and on the model in the source Region and in every \
         destination Region",
        "if an allow is there, check its Resource, Region and Condition: an unmet condition reads exactly like a missing allow",
    ],
    commands: &["aws bedrock get-inference-profile --inference-profile-identifier MODEL_ID --region REGION"],
    verify: "repeat the call, or simulate it with `bedrock-access doctor`",
    takes_effect: "usually within seconds; IAM is eventually consistent, so allow a minute",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Identity-based policy examples for Amazon Bedrock",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/security_iam_id-based-policy-examples.html",
    },
    templates: &[
        Template {
            name: "identity-implicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> because no identity-based policy \
                    allows the <action> action",
            phrases: &[],
            certainty: TextCertainty::Likely,
            otherwise: HIDDEN_BEHIND_MISSING_ALLOW,
            note: Note::Plain,
        },
        Template {
            name: "iam-no-clause",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn>",
            phrases: &[],
            certainty: TextCertainty::Likely,
            otherwise: HIDDEN_BEHIND_MISSING_ALLOW,
            note: Note::Plain,
        },
        Template {
            name: "login-permission",
            words: "Unable to create or refresh login credentials due to insufficient permissions. You may be missing permission for the 'signin:CreateOAuth2Token' action.",
            phrases: &["refresh login credentials due to insufficient permissions"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::CredentialsExpired,
                tell: "if the login worked before with the same identity, run `aws login` again",
            }],
            note: Note::Plain,
        },
        Template {
            name: "permission-named-missing",
            words: "<who> was never granted <action> | missing the permission <action> | lacks the <action> permission (words of clients and people, not of AWS)",
            phrases: &[
                "was never granted the",
                "was never granted bedrock",
                "were never granted bedrock",
                "is missing the permission",
                "missing permission for the",
                "missing required permission",
                "lacks the permission",
                "lacks permission",
                "does not have permission to perform",
                "doesn't have permission to perform",
                "do not have permission to perform",
                "not have the permission bedrock",
                "lacks bedrock",
                "missing bedrock",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[],
            note: Note::NamesAction,
        },
    ],
};

pub(super) static IDENTITY_POLICY_EXPLICIT_DENY: Entry = Entry {
    cause: Cause::IdentityPolicyExplicitDeny,
    title: "An identity-based policy denies the action explicitly",
    meaning: "A policy attached to the user, its groups or the role holds a Deny statement that matches the call. No allow \
              outvotes it. Seen often: a Region condition that hits the Region-less model ARN of a `global.` profile, a \
              budget action's policy, and AWSCompromisedKeyQuarantineV2 or V3 after an access key leaked.",
    who: "whoever administers the IAM user or role",
    steps: &[
        "find the Deny statement: the policy's ARN stands at the end of the text if it is a managed policy of this account",
        "narrow the statement or its condition so that it no longer matches the call, or detach the policy",
        "if it is AWSCompromisedKeyQuarantine…: rotate the leaked key first; the policy is the symptom",
    ],
    commands: &[],
    verify: "repeat the call; another policy type may then refuse, because AWS names only one",
    takes_effect: "usually within seconds; IAM is eventually consistent, so allow a minute",
    documentation: ACCESS_DENIED_PAGE,
    templates: &[Template {
        name: "identity-explicit",
        words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in an \
                identity-based policy: <policy arn>",
        phrases: &[],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static PERMISSIONS_BOUNDARY: Entry = Entry {
    cause: Cause::PermissionsBoundary,
    title: "The permissions boundary does not allow the action",
    meaning: "The user or role has a permissions boundary: a policy that caps what its other policies can give. The boundary \
              does not allow the action on the resource, or denies it. Adding an allow to the role changes nothing.",
    who: "the owner of the boundary, usually a platform or security team",
    steps: &[
        "ask for the action and the resource to be added to the boundary policy",
        "keep the allow in the role's own policy too: both must allow",
    ],
    commands: &[],
    verify: "repeat the call, or simulate it with `bedrock-access doctor`",
    takes_effect: "usually within seconds; IAM is eventually consistent, so allow a minute",
    documentation: Page {
        title: "IAM User Guide, Permissions boundaries for IAM entities",
        url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    },
    templates: &[
        Template {
            name: "boundary-implicit",
            words: "User: <arn> is not authorized to perform: <action> because no permissions boundary allows the <action> \
                    action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "boundary-explicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in a \
                    permissions boundary: <policy arn>",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static SESSION_POLICY: Entry = Entry {
    cause: Cause::SessionPolicy,
    title: "The session policy does not allow the action",
    meaning: "The credentials are a session that was made with a policy of its own (AssumeRole with a policy, web identity, a \
              Cognito identity pool, a CI system). That session policy does not allow the action, or denies it, whatever the \
              role allows.",
    who: "the owner of what creates the session: the application, the CI system or the identity pool",
    steps: &[
        "find where the session is made and which policy is passed there (`Policy` or `PolicyArns`)",
        "add the action and the resource to the passed policy, or pass none; changing the role does not help",
        "with the enhanced flow of a Cognito identity pool, use the basic flow or a service that the flow's scope allows",
    ],
    commands: &[],
    verify: "make a new session and repeat the call; a running session keeps its policy",
    takes_effect: "with the next session",
    documentation: Page {
        title: "IAM User Guide, Policies and permissions in IAM (session policies)",
        url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session",
    },
    templates: &[
        Template {
            name: "session-implicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> because no session policy allows \
                    the <action> action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "session-explicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in a session \
                    policy",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static SERVICE_CONTROL_POLICY: Entry = Entry {
    cause: Cause::ServiceControlPolicy,
    title: "A service control policy of the organization refuses the action",
    meaning: "A service control policy (SCP) of AWS Organizations denies the call or does not allow it. Often it is a Region \
              restriction that hits one destination Region of a cross-Region inference profile, or the Region-less model ARN \
              of a `global.` profile, whose aws:RequestedRegion is `unspecified`.",
    who: "the organization's administrator",
    steps: &[
        "send the administrator the action, the resource and the Region in its ARN; that Region may not be the one you call",
        "have the policy exempt Bedrock's invocations, or list every destination Region of the profile (and `unspecified` for \
         a `global.` profile)",
        "or use an inference profile or model that stays within the allowed Regions",
    ],
    commands: &["aws bedrock get-inference-profile --inference-profile-identifier MODEL_ID --region REGION"],
    verify: "repeat the call, or simulate it with `bedrock-access doctor`",
    takes_effect: "within minutes after the policy was changed",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Increase throughput with cross-Region inference",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html",
    },
    templates: &[
        Template {
            name: "scp-explicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in a service \
                    control policy: <policy arn>",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "scp-implicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> because no service control policy \
                    allows the <action> action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "scp-console",
            words: "Action: <action> On resource(s): <arn> Context: a service control policy explicitly denies the action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static RESOURCE_CONTROL_POLICY: Entry = Entry {
    cause: Cause::ResourceControlPolicy,
    title: "A resource control policy of the organization denies the action",
    meaning: "A resource control policy (RCP) of AWS Organizations denies the call. RCPs do not apply to Amazon Bedrock itself; \
              the refused resource belongs to another service (a bucket, a key, a secret) that the work needs.",
    who: "the administrator of the organization that owns the resource",
    steps: &[
        "send the administrator the action and the resource in the text",
        "have the policy exempt the principal, or meet its condition (encryption, organization, network)",
    ],
    commands: &[],
    verify: "repeat the call",
    takes_effect: "within minutes after the policy was changed",
    documentation: Page {
        title: "AWS Organizations User Guide, Resource control policies (RCPs)",
        url: "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html",
    },
    templates: &[Template {
        name: "rcp-explicit",
        words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in a resource \
                control policy",
        phrases: &[],
        certainty: TextCertainty::Certain,
        otherwise: &[],
        note: Note::Plain,
    }],
};

pub(super) static VPC_ENDPOINT_POLICY: Entry = Entry {
    cause: Cause::VpcEndpointPolicy,
    title: "The policy of the VPC endpoint does not allow the action",
    meaning: "The call passes through an interface VPC endpoint whose policy does not allow the action on the resource, or \
              denies it. A VPN or a private DNS zone can send the call there without the caller's knowledge.",
    who: "an administrator of the VPC endpoint",
    steps: &[
        "find the endpoint for bedrock-runtime in the VPC that the call leaves from, and read its policy",
        "add the action and the resource (the inference profile and its models) to the endpoint policy",
        "or, if your network rules permit it, send the call by another route than this endpoint",
    ],
    commands: &[
        "aws ec2 describe-vpc-endpoints --filters Name=service-name,Values=com.amazonaws.REGION.bedrock-runtime --region REGION",
    ],
    verify: "repeat the call from the same network",
    takes_effect: "within minutes after the policy was changed",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Use interface VPC endpoints (AWS PrivateLink)",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-interface-endpoints.html",
    },
    templates: &[
        Template {
            name: "vpce-implicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> because no VPC endpoint policy \
                    allows the <action> action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "vpce-explicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in a VPC \
                    endpoint policy",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "vpce-cloudtrail",
            words: "The request was denied due to a VPC endpoint policy",
            phrases: &["denied due to a VPC endpoint policy", "VpceAccessDenied"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static RESOURCE_POLICY: Entry = Entry {
    cause: Cause::ResourcePolicy,
    title: "The resource's own policy does not allow the action",
    meaning: "The refused resource carries a policy of its own, or belongs to another account, and that policy does not allow \
              the principal. Foundation models and inference profiles have none: it concerns custom models, guardrails, \
              knowledge bases, keys, buckets, or a resource of another account. A role's trust policy is one too: it says who may \
              assume the role, so that a Lambda function's role has to trust Lambda and not Bedrock.",
    who: "the owner of the resource; for a trust policy, an administrator of the role",
    steps: &[
        "check the account in the resource's ARN",
        "for an inference profile, name the one of the account that calls: it belongs to that account",
        "have the owner allow the principal in the resource's policy (for `kms:` actions, in the key policy; for `sts:AssumeRole`, in \
         the role's trust policy)",
    ],
    commands: &[],
    verify: "repeat the call",
    takes_effect: "usually within seconds",
    documentation: Page {
        title: "IAM User Guide, Cross account resource access in IAM",
        url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-cross-account-resource-access.html",
    },
    templates: &[
        Template {
            name: "resource-implicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> because no resource-based policy \
                    allows the <action> action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "resource-explicit",
            words: "User: <arn> is not authorized to perform: <action> on resource: <arn> with an explicit deny in a \
                    resource-based policy",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "trust-implicit",
            words: "User: <arn> is not authorized to perform: sts:AssumeRole on resource: <arn> because no role trust policy \
                    allows the sts:AssumeRole action",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "trust-web-identity",
            words: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            phrases: &[],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
    ],
};

pub(super) static SERVICE_ROLE_PERMISSION: Entry = Entry {
    cause: Cause::ServiceRolePermission,
    title: "The role that an agent, knowledge base or job runs with lacks a permission",
    meaning: "Not the caller but the service role is refused: the role that Bedrock assumes for the agent, the knowledge base, \
              the flow or the batch job. The true refusal stands only in CloudTrail. Often a destination Region of the \
              inference profile is missing in the role's policy, or the role may not read the vector store.",
    who: "an administrator of the service role",
    steps: &[
        "look up the service role of the agent, knowledge base or job",
        "find the refused event of that role in CloudTrail: it names the action and the resource",
        "allow the role the model and the profile in every destination Region; for a knowledge base also its data source and \
         its vector store",
    ],
    commands: &[
        "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventSource,AttributeValue=bedrock.amazonaws.com \
         --region REGION",
    ],
    verify: "repeat the call of the agent, knowledge base or job",
    takes_effect: "usually within a minute; a knowledge base's role can take some minutes",
    documentation: Page {
        title: "Amazon Bedrock User Guide, Create a service role for Amazon Bedrock Agents",
        url: "https://docs.aws.amazon.com/bedrock/latest/userguide/agents-permissions.html",
    },
    templates: &[
        Template {
            name: "agent-denied",
            words: "Access denied when calling Bedrock. Check your request permissions and retry the request.",
            phrases: &["Access denied when calling Bedrock", "Access denied while invoking Bedrock"],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[
                Otherwise {
                    cause: Cause::ModelAccessNotGranted,
                    tell: "call the agent's model directly with your own credentials: if that is refused too, it is the \
                           account's access to the model",
                },
                Otherwise {
                    cause: Cause::ServiceControlPolicy,
                    tell: "the role's event in CloudTrail names the policy type",
                },
            ],
            note: Note::Wrapper,
        },
        Template {
            name: "kb-storage",
            words: "The knowledge base storage configuration provided is invalid... <Bad Authorization | Request failed: \
                    [security_exception] 403 Forbidden>",
            phrases: &[
                "The knowledge base storage configuration provided is invalid",
                "security_exception 403 Forbidden",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::InvalidRequest,
                tell: "without `Bad Authorization`, `403` or `security_exception` behind it, the store's configuration (index, \
                       field names, ARN) is wrong",
            }],
            note: Note::Wrapper,
        },
        Template {
            name: "kb-role",
            words: "Knowledge base role <arn> is not able to call specified bedrock embedding model <arn>: <inner message>",
            phrases: &["is not able to call specified bedrock", "is not able to call the specified model"],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::ModelAccessNotGranted,
                tell: "call the model with your own credentials in the same Region",
            }],
            note: Note::Wrapper,
        },
        Template {
            name: "cloudformation-denied",
            words: "Access denied for operation 'AWS::Bedrock::<Type>'.",
            phrases: &["Access denied for operation AWS::Bedrock", "Access denied for operation AWS::"],
            certainty: TextCertainty::Ambiguous,
            otherwise: &[Otherwise {
                cause: Cause::IdentityPolicyMissingAllow,
                tell: "CloudFormation hides the action; CloudTrail names it, often a `kms:` or `iam:PassRole` permission",
            }],
            note: Note::Wrapper,
        },
        Template {
            name: "role-not-assumed",
            words: "Could not assume provided IAM role. | <service> was unable to assume the given role. Provide the proper permissions and retry the request.",
            phrases: &[
                "Could not assume provided IAM role",
                "unable to assume the given role",
                "unable to assume the provided role",
                "is unable to assume role",
                "cannot assume the provided role",
                "Failed to assume role provided",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[
                Otherwise {
                    cause: Cause::ResourcePolicy,
                    tell: "the role's trust policy does not name the service, or its condition (aws:SourceAccount, aws:SourceArn) does not match",
                },
                Otherwise {
                    cause: Cause::IdentityPolicyMissingAllow,
                    tell: "if the role does not exist or is another account's, name the right one; the caller needs iam:PassRole on it",
                },
            ],
            note: Note::Plain,
        },
        Template {
            name: "agent-profile-role",
            words: "Access denied while trying to create/update an agent using InferenceProfile <id>. Ensure Agent role has valid permissions to use the inference profile.",
            phrases: &[
                "Ensure Agent role has valid permissions",
                "Access denied while trying to create/update an agent",
                "Access denied while trying to create an agent",
                "Access denied while trying to update an agent",
            ],
            certainty: TextCertainty::Likely,
            otherwise: &[Otherwise {
                cause: Cause::IdentityPolicyMissingAllow,
                tell: "if the role allows the profile and its models, the policy may have been attached a moment ago, or the caller lacks bedrock:GetInferenceProfile",
            }],
            note: Note::Plain,
        },
        Template {
            name: "ecr-validation",
            words: "Access denied while validating ECR URI '<uri>'. The execution role requires permissions for ecr:GetAuthorizationToken, ecr:BatchGetImage, and ecr:GetDownloadUrlForLayer operations.",
            phrases: &["Access denied while validating ECR URI", "The execution role requires permissions for ecr"],
            certainty: TextCertainty::Certain,
            otherwise: &[],
            note: Note::Plain,
        },
        Template {
            name: "cross-account-role",
            words: "Cross-account pass role is not allowed.",
            phrases: &["Cross-account pass role is not allowed"],
            certainty: TextCertainty::Certain,
            otherwise: &[Otherwise {
                cause: Cause::InvalidRequest,
                tell: "the role's ARN may name another account by mistake",
            }],
            note: Note::Plain,
        },
        Template {
            name: "service-linked-role",
            words: "Failed creating service linked role",
            phrases: &["Failed creating service linked role", "Failed to create service linked role"],
            certainty: TextCertainty::Likely,
            otherwise: &[
                Otherwise {
                    cause: Cause::IdentityPolicyMissingAllow,
                    tell: "the caller needs iam:CreateServiceLinkedRole",
                },
                Otherwise {
                    cause: Cause::Throttled,
                    tell: "with status 402 or ServiceLimitExceeded IAM only limits the rate: try again",
                },
            ],
            note: Note::Plain,
        },
    ],
};
