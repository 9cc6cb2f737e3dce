//! What is large and rarely read, made small before it is sealed.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// What is kept this way is some kilobytes; more than this was not written by us.
const MAX_LENGTH: u64 = 8 * 1024 * 1024;

pub(crate) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// # Errors
/// When the bytes were not written by [`compressed`].
pub(crate) fn expanded(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed).take(MAX_LENGTH).read_to_end(&mut bytes)?;
    Ok(bytes)
}
