//! Secrets and buyers' data at rest: authenticated encryption per field, bound to the row and the column.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::Rng;
use sha2::Sha256;

/// Bytes that only a vault with the right key can read.
pub type Sealed = Vec<u8>;

const KEY_VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// The key that everything else follows from: 32 bytes from the environment or a file with tight permissions.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key of its own for each purpose, so that no two purposes share one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// What was sealed could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored data cannot be decrypted ({0}): was it written with another encryption key?")]
pub struct VaultError(&'static str);

/// Seals and opens fields; also makes the digests by which sealed personal data is found.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    search_key: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&key.derive("field encryption").into()),
            search_key: key.derive("search digests"),
        }
    }

    /// Encrypts a field; `place` names the column and the row, and the bytes open nowhere else.
    #[must_use]
    pub fn seal(&self, place: &str, plain: &[u8]) -> Sealed {
        let mut nonce = [0; NONCE_LENGTH];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let encrypted =
            self.cipher.encrypt(&XNonce::from(nonce), payload).expect("memory holds the ciphertext");
        [&[KEY_VERSION][..], &nonce, &encrypted].concat()
    }

    /// Decrypts a field that was sealed for the same place.
    ///
    /// # Errors
    /// When the bytes were made with another key, for another place, or were changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = sealed.split_first().ok_or(VaultError("empty"))?;
        if *version != KEY_VERSION {
            return Err(VaultError("unknown key version"));
        }
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError("cut off"))?;
        let payload = Payload { msg: encrypted, aad: place.as_bytes() };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| VaultError("wrong key or changed bytes"))
    }

    /// Decrypts a field of text.
    ///
    /// # Errors
    /// As [`Vault::open`], and when the bytes are not UTF-8.
    pub fn open_text(&self, place: &str, sealed: &[u8]) -> Result<String, VaultError> {
        String::from_utf8(self.open(place, sealed)?).map_err(|_| VaultError("not text"))
    }

    /// The digest by which personal data is found without being readable; case and spaces do not matter.
    #[must_use]
    pub fn search_digest(&self, kind: &str, text: &str) -> Option<String> {
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return None;
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.search_key).expect("HMAC takes keys of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(words.join(" ").as_bytes());
        Some(hex::encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_opens_only_in_its_place_with_its_key() {
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let sealed = vault.seal("connections.app_secret:1", b"secret");

        assert_eq!(vault.open("connections.app_secret:1", &sealed).unwrap(), b"secret");
        assert!(vault.open("connections.app_secret:2", &sealed).is_err());
        assert!(Vault::new(&MasterKey::new([8; 32])).open("connections.app_secret:1", &sealed).is_err());
        assert!(vault.open("connections.app_secret:1", &sealed[..9]).is_err());
        assert_ne!(
            sealed,
            vault.seal("connections.app_secret:1", b"secret"),
            "each sealing has its own nonce"
        );
    }

    #[test]
    fn search_digests_ignore_case_and_spaces() {
        let vault = Vault::new(&MasterKey::new([7; 32]));

        assert_eq!(
            vault.search_digest("name", " Camille  DURAND "),
            vault.search_digest("name", "camille durand")
        );
        assert_ne!(vault.search_digest("name", "camille"), vault.search_digest("phone", "camille"));
        assert_eq!(vault.search_digest("name", "  "), None);
    }
}
