//! The names under which secrets stand, and what may follow each.
//!
//! Takes a name's letters and digits in lower case, so that `AWS_SECRET_ACCESS_KEY`, `secretAccessKey` and
//! `Secret access key` are one name. Data and look-ups only.

/// How much a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// Nothing but a secret has this name.
    Strong,
    /// A password: any word may be one.
    Password,
    /// Other things have this name too; the value must look like a secret.
    Weak,
    /// A header whose value reaches to the end of the line.
    Line,
    /// `Bearer` and `Basic`, which stand between the header's name and the secret.
    Scheme,
}

use Strength::{Line, Password, Scheme, Strong, Weak};

/// Names by their ends, longer ones first where one ends in another.
const NAMES: [(&str, Strength); 64] = [
    ("secretaccesskey", Strong),
    ("secretkey", Strong),
    ("awssecret", Strong),
    ("sessiontoken", Strong),
    ("securitytoken", Strong),
    ("clientsecret", Strong),
    ("consumersecret", Strong),
    ("appsecret", Strong),
    ("apisecret", Strong),
    ("webhooksecret", Strong),
    ("sharedsecret", Strong),
    ("jwtsecret", Strong),
    ("secrettoken", Strong),
    ("accesstoken", Strong),
    ("refreshtoken", Strong),
    ("idtoken", Strong),
    ("authtoken", Strong),
    ("oauthtoken", Strong),
    ("authorizationtoken", Strong),
    ("bearertoken", Strong),
    ("bearertokenbedrock", Strong),
    ("apitoken", Strong),
    ("githubtoken", Strong),
    ("gitlabtoken", Strong),
    ("slacktoken", Strong),
    ("npmtoken", Strong),
    ("hftoken", Strong),
    ("webidentitytoken", Strong),
    ("samlassertion", Strong),
    ("apikey", Strong),
    ("subscriptionkey", Strong),
    ("privatekey", Strong),
    ("signingkey", Strong),
    ("encryptionkey", Strong),
    ("accountkey", Strong),
    ("sharedaccesskey", Strong),
    ("sharedkey", Strong),
    ("masterkey", Strong),
    ("authkey", Strong),
    ("licensekey", Strong),
    ("password", Password),
    ("passwd", Password),
    ("passphrase", Password),
    ("pwd", Password),
    ("passwort", Password),
    ("kennwort", Password),
    ("contraseña", Password),
    ("motdepasse", Password),
    ("cookie", Line),
    ("bearer", Scheme),
    ("basic", Scheme),
    ("token", Weak),
    ("secret", Weak),
    ("signature", Weak),
    ("sig", Weak),
    ("authorization", Weak),
    ("credential", Weak),
    ("externalid", Weak),
    ("accesskey", Weak),
    ("密码", Password),
    ("密碼", Password),
    ("パスワード", Password),
    ("비밀번호", Password),
    ("пароль", Password),
];

/// Names that end like a secret's and are none.
const HARMLESS: [&str; 19] = [
    "requesttoken",
    "clientrequesttoken",
    "clienttoken",
    "idempotencytoken",
    "nexttoken",
    "paginationtoken",
    "continuationtoken",
    "pagetoken",
    "stoptoken",
    "endtoken",
    "eostoken",
    "bostoken",
    "padtoken",
    "unktoken",
    "septoken",
    "maxtoken",
    "pertoken",
    "publickey",
    "oldpwd",
];

/// Values that say that there is no secret, or say something about one.
const WORDS: [&str; 44] = [
    "null",
    "none",
    "nil",
    "undefined",
    "true",
    "false",
    "empty",
    "missing",
    "required",
    "optional",
    "invalid",
    "valid",
    "expired",
    "incorrect",
    "wrong",
    "unset",
    "hidden",
    "masked",
    "redacted",
    "unknown",
    "string",
    "str",
    "bytes",
    "yes",
    "no",
    "not",
    "must",
    "should",
    "the",
    "your",
    "this",
    "is",
    "was",
    "has",
    "cannot",
    "can",
    "please",
    "for",
    "of",
    "and",
    "or",
    "in",
    "default",
    "changed",
];

/// The longest name, in letters and digits.
pub(super) const LONGEST: usize = 48;

/// Returns the strength of a name; `None` if no secret is called so.
pub(super) fn strength(name: &[u8]) -> Option<Strength> {
    // The last byte tells most names apart, and is compared first.
    let last = name.last();
    let ends_with = |known: &str| known.as_bytes().last() == last && name.ends_with(known.as_bytes());
    // `sig` and `pwd` end other words too.
    let is_named = |known: &str| match known {
        "sig" | "pwd" => name == known.as_bytes(),
        known => ends_with(known),
    };
    let named = NAMES.iter().filter(|(known, _)| is_named(known)).max_by_key(|(known, _)| known.len())?;
    let harmless = HARMLESS.iter().any(|harmless| ends_with(harmless));
    (!harmless).then_some(named.1)
}

/// Returns `true` if what follows a name is known not to be a secret, though it may look like one.
pub(super) fn is_authorization_record(name: &[u8]) -> bool {
    ["authorizationid", "authorizationdetails"].into_iter().any(|known| name.ends_with(known.as_bytes()))
}

/// Returns `true` if a word in a secret's place only says something about it.
pub(super) fn is_plain_word(value: &[u8]) -> bool {
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}
