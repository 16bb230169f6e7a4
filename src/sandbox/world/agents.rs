//! Agents and knowledge bases of a world: what carries a call on in a role of its own.

use crate::iam::Arn;
use serde::Deserialize;

/// An agent, as one of its aliases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an agent (an object)")]
pub(in crate::sandbox) struct Agent {
    /// The alias's ARN, `…:agent-alias/AGENT/ALIAS`.
    pub(in crate::sandbox) alias: Arn,
    /// The role that Bedrock assumes for the agent.
    pub(in crate::sandbox) role: Arn,
    /// The model that the agent calls, as a caller names it.
    pub(in crate::sandbox) model: String,
}

impl Agent {
    /// Returns the agent's own ARN, for which its role is assumed.
    pub(in crate::sandbox) fn arn(&self) -> Arn {
        let id = self.alias.resource_id().split('/').next().unwrap_or_default();
        Arn { resource: format!("agent/{id}"), ..self.alias.clone() }
    }
}

/// A knowledge base.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a knowledge base (an object)")]
pub(in crate::sandbox) struct KnowledgeBase {
    pub(in crate::sandbox) arn: Arn,
    /// The role that Bedrock assumes for the knowledge base.
    pub(in crate::sandbox) role: Arn,
    /// The model that embeds its questions.
    pub(in crate::sandbox) model: String,
}

/// A runtime of AgentCore.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an agent runtime (an object)")]
pub(in crate::sandbox) struct AgentRuntime {
    /// The ARN, `…:runtime/ID`.
    pub(in crate::sandbox) arn: Arn,
    /// The role that the agent's code runs with.
    pub(in crate::sandbox) role: Arn,
    /// The model that the agent's code calls.
    pub(in crate::sandbox) model: String,
}

/// A gateway of AgentCore.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a gateway (an object)")]
pub(in crate::sandbox) struct Gateway {
    /// The ARN, `…:gateway/ID`.
    pub(in crate::sandbox) arn: Arn,
}
