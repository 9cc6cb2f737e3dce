//! Access tokens: short-lived, signed, and good for this API only.

use chrono::{DateTime, TimeDelta, Utc};
use database::MasterKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::UserId;

/// How long an access token is good for.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Clocks of several machines may differ by this much.
const LEEWAY_S: i64 = 30;
const ISSUER: &str = "orderbridge";
const AUDIENCE: &str = "orderbridge-api";
/// RFC 9068: what tells an access token from other tokens.
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: String,
    /// The session that it belongs to.
    pub sid: String,
    iat: i64,
    nbf: i64,
    /// Unix seconds.
    pub exp: i64,
}

impl Claims {
    /// Whose token it is.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.sub.parse().ok()
    }
}

/// Makes and reads access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    key_id: String,
}

impl AccessTokens {
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let key = master.derive("access tokens");
        let key_id = hex::encode(&Sha256::digest(key)[..8]);
        Self { encoding: EncodingKey::from_secret(&key), decoding: DecodingKey::from_secret(&key), key_id }
    }

    /// A token for a session, and when it ends.
    #[must_use]
    pub fn issue(&self, user_id: UserId, session: &str, now: DateTime<Utc>) -> (String, DateTime<Utc>) {
        let expires_at = now + LIFETIME;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id.to_string(),
            sid: session.to_owned(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key_id.clone());
        let token = jsonwebtoken::encode(&header, &claims, &self.encoding);
        (token.expect("HS256 signs with a key of any length"), expires_at)
    }

    /// What a token says, if it is ours and good now.
    #[must_use]
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.kid.as_deref() != Some(self.key_id.as_str()) {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // The library asks the machine's clock; ours is handed in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        let now = now.timestamp();
        (claims.nbf - LEEWAY_S <= now && now < claims.exp).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(3);

    fn tokens(key: u8) -> AccessTokens {
        AccessTokens::new(&MasterKey::new([key; 32]))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_422_307 + seconds, 0).unwrap()
    }

    fn signed(tokens: &AccessTokens, header: &Header, claims: &Claims) -> String {
        jsonwebtoken::encode(header, claims, &tokens.encoding).unwrap()
    }

    #[test]
    fn a_token_is_good_for_ten_minutes() {
        let (token, expires_at) = tokens(1).issue(USER, "family", at(0));

        let claims = tokens(1).read(&token, at(599)).unwrap();
        assert_eq!((claims.user_id(), claims.sid.as_str()), (Some(USER), "family"));
        assert_eq!(expires_at, at(600));
        assert_eq!(tokens(1).read(&token, at(600)), None);
        assert_eq!(tokens(1).read(&token, at(-31)), None);
        assert_eq!(tokens(2).read(&token, at(1)), None, "another key");
    }

    #[test]
    fn tokens_of_another_kind_are_refused() {
        let tokens = tokens(1);
        let good = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: "3".to_owned(),
            sid: "family".to_owned(),
            iat: at(0).timestamp(),
            nbf: at(0).timestamp(),
            exp: at(600).timestamp(),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(tokens.key_id.clone());
        assert!(tokens.read(&signed(&tokens, &header, &good), at(1)).is_some());

        let other_audience = Claims { aud: "elsewhere".to_owned(), ..good.clone() };
        let other_issuer = Claims { iss: "elsewhere".to_owned(), ..good.clone() };
        for claims in [other_audience, other_issuer] {
            assert_eq!(tokens.read(&signed(&tokens, &header, &claims), at(1)), None);
        }
        let headers = [
            Header { typ: Some("JWT".to_owned()), ..header.clone() },
            Header { kid: None, ..header.clone() },
            Header { alg: Algorithm::HS512, ..header.clone() },
        ];
        for header in headers {
            assert_eq!(tokens.read(&signed(&tokens, &header, &good), at(1)), None);
        }
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiIzIn0.";
        assert_eq!(tokens.read(unsigned, at(1)), None);
        assert_eq!(tokens.read("nonsense", at(1)), None);
    }
}
