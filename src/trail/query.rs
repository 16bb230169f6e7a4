//! Queries that select the denials where there are too many events to fetch: what they give is what `denials` reads.

/// Where a query is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryEngine {
    /// Amazon Athena, over the table of a trail.
    Athena,
    /// CloudTrail Lake, over an event data store.
    Lake,
    /// CloudWatch Logs Insights, over the log group of a trail.
    LogsInsights,
}

/// Returns the query for an engine, with what has to be put into it in a comment.
///
/// It selects by code, and by the texts of those gates of model access whose code speaks of no access.
#[must_use]
pub fn query(engine: QueryEngine) -> String {
    match engine {
        QueryEngine::Athena => format!(
            "-- Amazon Athena, over the table that the CloudTrail console makes (here: cloudtrail_logs).\n\
             -- Save the result as CSV and run: bedrock-access denials FILE.csv\n\
             SELECT eventid, requestid, eventtime, eventtype, eventsource, eventname, awsregion, errorcode, errormessage,\n\
             \x20      useragent, recipientaccountid, vpcendpointid, useridentity, requestparameters, additionaleventdata\n\
             FROM cloudtrail_logs\n\
             WHERE eventsource LIKE 'bedrock%'\n\
             \x20 AND eventtime > to_iso8601(current_timestamp - interval '1' day)\n\
             \x20 AND {}\n\
             ORDER BY eventtime;\n",
            selection("errorcode", "errormessage")
        ),
        QueryEngine::Lake => format!(
            "-- CloudTrail Lake; put the id of the event data store behind FROM.\n\
             -- aws cloudtrail get-query-results --query-id ID > rows.json; bedrock-access denials rows.json\n\
             SELECT eventID, requestID, eventTime, eventType, eventSource, eventName, awsRegion, errorCode, errorMessage,\n\
             \x20      userAgent, recipientAccountId, vpcEndpointId, userIdentity, requestParameters, additionalEventData\n\
             FROM EVENT_DATA_STORE_ID\n\
             WHERE eventSource LIKE 'bedrock%'\n\
             \x20 AND eventTime > date_add('day', -1, now())\n\
             \x20 AND {}\n\
             ORDER BY eventTime\n",
            selection("errorCode", "errorMessage")
        ),
        QueryEngine::LogsInsights => {
            let texts: Vec<String> = GATES.iter().map(|text| format!("errorMessage like \"{text}\"")).collect();
            format!(
                "# CloudWatch Logs Insights, over the log group of the trail.\n\
                 # aws logs get-query-results --query-id ID > rows.json; bedrock-access denials rows.json\n\
                 fields @timestamp, @message\n\
                 | filter eventSource like /^bedrock/\n\
                 | filter errorCode in [{}] or {}\n\
                 | sort @timestamp asc\n\
                 | limit 10000\n",
                CODES.map(|code| format!("\"{code}\"")).join(", "),
                texts.join(" or ")
            )
        }
    }
}

/// Codes that speak of access.
const CODES: [&str; 4] = ["AccessDenied", "AccessDeniedException", "VpceAccessDenied", "UnauthorizedOperation"];

/// Parts of the texts that gates of model access answer with under other codes.
const GATES: [&str; 8] = [
    "use case details",
    "end of its life",
    "Legacy",
    "Operation not allowed",
    "unsupported countries",
    "data retention",
    "trust",
    "access to the model",
];

fn selection(code: &str, message: &str) -> String {
    let codes = CODES.map(|code| format!("'{code}'")).join(", ");
    let texts: Vec<String> = GATES.iter().map(|text| format!("{message} LIKE '%{text}%'")).collect();
    format!("({code} IN ({codes})\n       OR {})", texts.join("\n       OR "))
}
