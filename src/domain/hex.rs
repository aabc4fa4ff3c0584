//! Bytes as hexadecimal digits, and back. Pure.

/// Lower-case digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 that these 64 digits stand for.
pub fn sha_of_hex(digits: &str) -> Option<[u8; 32]> {
    let mut sha = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (byte, at) in sha.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(sha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back() {
        let bytes: [u8; 32] = std::array::from_fn(|n| n as u8 * 8);
        assert_eq!(sha_of_hex(&hex(&bytes)), Some(bytes));
        assert_eq!(sha_of_hex("00"), None);
        assert_eq!(sha_of_hex(&"zz".repeat(32)), None);
        assert_eq!(sha_of_hex(&"é".repeat(32)), None);
    }
}
