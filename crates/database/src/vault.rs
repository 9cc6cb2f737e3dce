//! Secrets and buyers' data at rest: authenticated encryption per field, bound to the row and the column.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::Rng;
use sha2::Sha256;

/// Bytes that only a vault with the right key can read.
pub type Sealed = Vec<u8>;

/// The form of bytes that do not say which key sealed them.
const WITHOUT_KEY_ID: u8 = 1;
/// The form of bytes that begin with the id of the key that sealed them.
const WITH_KEY_ID: u8 = 2;
const KEY_ID_LENGTH: usize = 4;
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
    current: Key,
    /// Keys that were current before; they open what they sealed, and seal nothing.
    previous: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID_LENGTH],
    cipher: XChaCha20Poly1305,
    search_key: [u8; 32],
}

impl Key {
    fn of(master: &MasterKey) -> Self {
        let named = master.derive("key id");
        Self {
            id: [named[0], named[1], named[2], named[3]],
            cipher: XChaCha20Poly1305::new(&master.derive("field encryption").into()),
            search_key: master.derive("search digests"),
        }
    }

    fn open(&self, place: &str, rest: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError("cut off"))?;
        let payload = Payload { msg: encrypted, aad: place.as_bytes() };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| VaultError("wrong key or changed bytes"))
    }

    fn search_digest(&self, kind: &str, words: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.search_key).expect("HMAC takes keys of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(words.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// How many bytes say what form the bytes have and which key sealed them.
    pub const PREFIX_LENGTH: usize = 1 + KEY_ID_LENGTH;

    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self::with_previous(key, &[])
    }

    /// A vault that also opens what earlier keys have sealed.
    #[must_use]
    pub fn with_previous(key: &MasterKey, previous: &[MasterKey]) -> Self {
        Self { current: Key::of(key), previous: previous.iter().map(Key::of).collect() }
    }

    /// How bytes begin that the current key has sealed.
    #[must_use]
    pub fn prefix(&self) -> [u8; Self::PREFIX_LENGTH] {
        let [a, b, c, d] = self.current.id;
        [WITH_KEY_ID, a, b, c, d]
    }

    /// Encrypts a field; `place` names the column and the row, and the bytes open nowhere else.
    #[must_use]
    pub fn seal(&self, place: &str, plain: &[u8]) -> Sealed {
        let mut nonce = [0; NONCE_LENGTH];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let encrypted =
            self.current.cipher.encrypt(&XNonce::from(nonce), payload).expect("memory holds the ciphertext");
        [&self.prefix()[..], &nonce, &encrypted].concat()
    }

    /// Decrypts a field that was sealed for the same place.
    ///
    /// # Errors
    /// When the bytes were made with an unknown key, for another place, or were changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (form, rest) = sealed.split_first().ok_or(VaultError("empty"))?;
        match *form {
            WITH_KEY_ID => {
                let (id, rest) = rest.split_first_chunk::<KEY_ID_LENGTH>().ok_or(VaultError("cut off"))?;
                let key = self.keys().find(|key| key.id == *id).ok_or(VaultError("unknown key"))?;
                key.open(place, rest)
            }
            WITHOUT_KEY_ID => {
                let mut tried = self.keys().map(|key| key.open(place, rest));
                let first = tried.next().ok_or(VaultError("no key"))?;
                tried.fold(first, |opened, other| opened.or(other))
            }
            _ => Err(VaultError("unknown form")),
        }
    }

    /// The current key, then the earlier ones.
    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
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
        normal(text).map(|words| self.current.search_digest(kind, &words))
    }

    /// The digests under which personal data may have been stored: that of the current key, and those of earlier ones.
    #[must_use]
    pub fn search_digests(&self, kind: &str, text: &str) -> Vec<String> {
        let words = normal(text);
        words.iter().flat_map(|words| self.keys().map(|key| key.search_digest(kind, words))).collect()
    }
}

/// The words that count; `None` when there are none.
fn normal(text: &str) -> Option<String> {
    let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
    (!words.is_empty()).then(|| words.join(" "))
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
    fn an_earlier_key_opens_what_it_sealed_and_seals_nothing() {
        let (old, new) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
        let sealed = Vault::new(&old).seal("place", b"secret");
        let both = Vault::with_previous(&new, std::slice::from_ref(&old));

        assert_eq!(both.open("place", &sealed).unwrap(), b"secret");
        assert!(both.open("elsewhere", &sealed).is_err());
        let anew = both.seal("place", b"secret");
        assert!(Vault::new(&old).open("place", &anew).is_err());
        assert_eq!(Vault::new(&new).open("place", &anew).unwrap(), b"secret");
        assert_eq!(both.search_digests("name", "Camille").len(), 2);
        assert!(
            both.search_digests("name", "camille")
                .contains(&Vault::new(&old).search_digest("name", "camille").unwrap())
        );
    }

    /// As fields were written before keys had ids.
    #[test]
    fn bytes_without_a_key_id_are_read_with_whichever_key_fits() {
        let (old, new) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
        let sealed = Vault::new(&old).seal("place", b"secret");
        let earlier = [&[WITHOUT_KEY_ID][..], &sealed[Vault::PREFIX_LENGTH..]].concat();

        assert_eq!(Vault::new(&old).open("place", &earlier).unwrap(), b"secret");
        assert_eq!(Vault::with_previous(&new, &[old]).open("place", &earlier).unwrap(), b"secret");
        assert!(Vault::new(&new).open("place", &earlier).is_err());
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
