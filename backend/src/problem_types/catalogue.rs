/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemType {
    pub code: &'static str,
    /// More than one where it means something else in another place.
    pub statuses: &'static [u16],
    pub meaning: &'static str,
    pub remedy: &'static str,
}

/// The kind with this code.
#[must_use]
pub fn find(code: &str) -> Option<&'static ProblemType> {
    CATALOGUE.iter().find(|problem| problem.code == code)
}

macro_rules! catalogue {
    ($([$($status:literal),+] $code:literal $meaning:literal $remedy:literal)+) => {
        /// Every code that `ApiError` may have, by status.
        const CATALOGUE: &[ProblemType] =
            &[$(ProblemType { code: $code, statuses: &[$($status),+], meaning: $meaning, remedy: $remedy },)+];
    };
}

catalogue! {
    [400] "bad_body"
        "The body is not the JSON that the address expects: `errors` points at what is missing, unknown or of another kind."
        "Correct it by the API document and send it again."
    [400] "bad_cursor"
        "The cursor was changed, is too old, or belongs to another filter or sort."
        "Begin the list anew, without a cursor."
    [400] "bad_event_id"
        "`Last-Event-ID` is not the number of an event."
        "Send the id of the last event that you received, or leave it out."
    [400] "bad_filter"
        "A filter has a value that means nothing: `errors` says which."
        "Correct the filter, or leave it out."
    [400] "bad_request"
        "The request is not understood."
        "Correct it by what `detail` says."
    [400] "body_too_slow"
        "The body did not come in time."
        "Send it again, over a better connection or in smaller parts."
    [400] "idempotency_key_invalid"
        "The `Idempotency-Key` is empty, too long, sent twice, or has characters that are not visible ASCII."
        "Send one key of 1 to 255 visible ASCII characters, such as a UUID."
    [400] "idempotency_key_missing"
        "The request has an effect, and nothing says whether it is a repeat."
        "Send a key of your own as `Idempotency-Key`, new for each request that is to have an effect."
    [400] "if_match_invalid"
        "`If-Match` holds no entity tags."
        "Send the `ETag` as you received it, with its quotes, or an asterisk."
    [400] "key_in_address"
        "An API key stands in the address, where logs keep it; it must be taken for known to others."
        "Revoke the key and send its successor in the header `Authorization`."
    [400] "too_many_parameters"
        "The query has more parameters than anything here takes."
        "Ask for less at once."
    [400] "unknown_filter"
        "The address knows no parameter of this name. None is ever ignored."
        "Correct its spelling by the API document, or leave it out."
    [400] "unknown_part"
        "`fields` or `include` names something that the answer does not have."
        "Name parts that the API document lists."
    [401] "second_factor_wrong"
        "The code is wrong, or was used before."
        "Wait for the next code of the authenticator app."
    [401] "unauthorized"
        "There is no access token or API key, or it has expired, was revoked, or is not one of ours."
        "Sign in, refresh the session, or use another key."
    [401, 409] "second_factor_needed"
        "The password is right, and the account asks for a second factor too; or the role must keep the one that was to be removed."
        "To sign in, send the same request with `code`, from the authenticator app or one of the recovery codes."
    [403] "forbidden"
        "The role or the key does not carry the scope that `detail` names."
        "Ask somebody who has it, or use a key that carries it."
    [403] "foreign_origin"
        "The request needs the session's cookie and does not come from a page of this server."
        "Send `X-Orderbridge: 1`, from a page of this server or from no page at all."
    [403] "invitation_invalid"
        "The invitation was accepted or withdrawn, or has ended."
        "Ask for a new one."
    [403] "second_factor_missing"
        "The role needs a second factor, and the account has none."
        "Set up an authenticator app in the profile."
    [403] "setup_link_invalid"
        "The link for the first account was used, or another one has taken its place."
        "Take the link that the server printed at its last start."
    [404] "not_found"
        "Nothing is at this address, or nothing that you may see."
        "Check the address and the id."
    [405] "method_not_allowed"
        "The address answers to other methods."
        "Use one of those that the header `Allow` lists."
    [409] "action_has_left"
        "The action has left for the other side, or was ended before."
        "Look at what became of it; some actions can be answered by another one."
    [409] "action_not_allowed"
        "The order does not allow this action now; `detail` says why."
        "Do what it says, or choose another action: each order lists those that are possible."
    [409] "already_connected"
        "A connection for this shop exists."
        "Change the connection that exists."
    [409] "already_created"
        "An earlier request with this `Idempotency-Key` has made it, and its answer showed a secret that nothing keeps."
        "Use what was made, or replace its secret as `detail` says."
    [409] "already_there"
        "Somebody with this address can sign in already."
        "Change that person's role instead."
    [409] "bulk_run_running"
        "The run goes on."
        "Wait for its end, or stop it."
    [409] "connection_not_active"
        "The connection is paused, or TikTok Shop does not let us in any more."
        "Resume or authorize the connection first."
    [409] "export_canceled"
        "Somebody has canceled the export."
        "Ask for a new one."
    [409] "export_failed"
        "The file could not be made; the export says why."
        "Ask for a new one."
    [409] "export_not_ready"
        "The file is being made."
        "Wait until the export is done."
    [409] "idempotency_key_in_use"
        "The request with this `Idempotency-Key` is being answered."
        "Repeat it in a moment."
    [409] "last_admin"
        "Nobody else could manage the installation."
        "Make somebody else an admin first."
    [409] "not_possible_now"
        "The present state of things does not allow it."
        "Do what `detail` says first."
    [409] "nothing_to_retry"
        "Nothing in the run failed or was refused."
        "There is nothing to do."
    [409] "order_not_over"
        "The parcel still needs the buyer's address."
        "Erase it once the order is delivered or canceled."
    [409] "second_factor_not_begun"
        "Nobody has begun to set up an authenticator app for this account."
        "Begin with `POST /api/v1/profile/second-factor`."
    [409] "second_factor_not_set"
        "The account has no second factor."
        "There is nothing to do, or set one up first."
    [409] "second_factor_set"
        "The account has a second factor."
        "Remove it first to set up another one."
    [409] "too_many_webhooks"
        "There are as many webhooks as there can be."
        "Delete one first."
    [409] "webhook_disabled"
        "The webhook is switched off."
        "Switch it on first."
    [410] "export_expired"
        "The file was kept for a day and is gone."
        "Ask for a new export."
    [412] "stale_version"
        "Somebody else has changed it since the version that `If-Match` names."
        "Load it again and repeat your change."
    [413] "too_large"
        "The body is longer than what is read."
        "Send less at once; `detail` says how much is read."
    [415] "not_json"
        "The body is no JSON, or does not say so."
        "Send JSON with the content type `application/json`."
    [422] "idempotency_key_reused"
        "The `Idempotency-Key` was sent with another address or body."
        "Send a new key with each request that is to have an effect."
    [422] "invalid_values"
        "The request is well formed, but some values are not acceptable: `errors` points at each."
        "Correct them."
    [428] "version_missing"
        "Nothing says which version is to be changed."
        "Send the `ETag` of what you have seen as `If-Match`."
    [429] "quota_exceeded"
        "A budget of requests is used up."
        "Go on after the seconds that `Retry-After` names."
    [429] "too_many_attempts"
        "Too many passwords or codes were tried."
        "Go on after the seconds that `Retry-After` names."
    [500] "internal"
        "Something went wrong on our side; it is in the log under the request id."
        "Try again, and name the request id when asking for help."
    [503] "overloaded"
        "The server has too much to do now."
        "Try again after the seconds that `Retry-After` names."
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The codes that the sources of the backend give to an `ApiError`.
    fn codes_in(folder: &Path, codes: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes_in(&path, codes);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("catalogue.rs") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for before in ["code: \"", "bad_request(\"", "bad_request(\n", "conflict(\""] {
                for (at, _) in source.match_indices(before) {
                    let rest = source[at + before.len()..].trim_start().trim_start_matches('"');
                    let code: String =
                        rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                    if rest[code.len()..].starts_with('"') {
                        codes.insert(code);
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_is_described_once_and_there_is_no_other() {
        let mut used = BTreeSet::new();
        codes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
        assert!(used.len() > 25, "{used:?}");
        let missing: Vec<_> = used.iter().filter(|code| find(code).is_none()).collect();
        assert!(missing.is_empty(), "not described: {missing:?}");
        let described: BTreeSet<_> = CATALOGUE.iter().map(|problem| problem.code).collect();
        assert_eq!(described.len(), CATALOGUE.len());
        assert!(CATALOGUE.is_sorted_by_key(|problem| (problem.statuses, problem.code)));
    }
}
