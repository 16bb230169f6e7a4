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
/// It selects more than denials: every call to Bedrock, or by Bedrock in somebody's name, that has an error which may be
/// one, and those that a gateway refused, whose records have no error code. `denials` tells them apart.
#[must_use]
pub fn query(engine: QueryEngine) -> String {
    match engine {
        QueryEngine::Athena => format!(
            "-- Amazon Athena, over the table that the CloudTrail console makes (here: cloudtrail_logs).\n\
             -- Save the result as CSV and run: bedrock-access denials FILE.csv\n\
             -- What was granted shortly before, and the policies of sessions, are in the trail's own files alone.\n\
             SELECT eventid, requestid, eventtime, eventtype, eventsource, eventname, awsregion, errorcode, errormessage,\n\
             \x20      useragent, recipientaccountid, vpcendpointid, useridentity, requestparameters, responseelements,\n\
             \x20      additionaleventdata\n\
             FROM cloudtrail_logs\n\
             WHERE (eventsource LIKE 'bedrock%' OR useridentity.invokedby LIKE '%bedrock%')\n\
             \x20 AND eventtime > to_iso8601(current_timestamp - interval '1' day)\n\
             \x20 AND ({}\n\
             \x20      OR regexp_like(responseelements, '\"statusCode\" *: *\"?40[13]'))\n\
             ORDER BY eventtime;\n",
            selection("errorcode", "errormessage")
        ),
        QueryEngine::Lake => format!(
            "-- CloudTrail Lake; put the id of the event data store behind FROM.\n\
             -- aws cloudtrail get-query-results --query-id ID > rows.json; bedrock-access denials rows.json\n\
             -- What was granted shortly before, and the policies of sessions, are in the trail's own files alone.\n\
             SELECT eventID, requestID, eventTime, eventType, eventSource, eventName, awsRegion, errorCode, errorMessage,\n\
             \x20      userAgent, recipientAccountId, vpcEndpointId, userIdentity, requestParameters, responseElements,\n\
             \x20      additionalEventData\n\
             FROM EVENT_DATA_STORE_ID\n\
             WHERE (eventSource LIKE 'bedrock%' OR userIdentity.invokedBy LIKE '%bedrock%')\n\
             \x20 AND eventTime > date_add('day', -1, now())\n\
             \x20 AND ({}\n\
             \x20      OR element_at(responseElements, 'statusCode') IN ('401', '403'))\n\
             ORDER BY eventTime\n",
            selection("errorCode", "errorMessage")
        ),
        QueryEngine::LogsInsights => format!(
            "# CloudWatch Logs Insights, over the log group of the trail.\n\
             # aws logs get-query-results --query-id ID > rows.json; bedrock-access denials rows.json\n\
             # It gives 10,000 rows at most: ask for a shorter time where it gives as many.\n\
             fields @timestamp, @message\n\
             | filter eventSource like /^bedrock/ or userIdentity.invokedBy like /bedrock/\n\
             | filter ((ispresent(errorCode) or ispresent(errorMessage)) and coalesce(errorCode, \"\") not in [{}])\n\
             \x20   or responseElements.statusCode in [401, 403, \"401\", \"403\"]\n\
             | sort @timestamp asc\n\
             | limit 10000\n",
            NO_DENIALS.map(|code| format!("\"{code}\"")).join(", "),
        ),
    }
}

/// Codes of errors that are counted apart, whatever their text is: they are many where something is under load.
pub(super) const NO_DENIALS: [&str; 8] = [
    "ThrottlingException",
    "TooManyRequestsException",
    "ServiceQuotaExceededException",
    "InternalServerException",
    "ServiceUnavailableException",
    "ModelTimeoutException",
    "ModelErrorException",
    "ModelNotReadyException",
];

fn selection(code: &str, message: &str) -> String {
    let codes = NO_DENIALS.map(|code| format!("'{code}'")).join(", ");
    format!(
        "(({code} IS NOT NULL OR {message} IS NOT NULL)\n        AND coalesce({code}, '') NOT IN\n            ({codes}))"
    )
}
