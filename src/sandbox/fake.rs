//! Names and secrets that look real: ids that stay the same from run to run, passwords that do not.

use std::io;

use secrecy::SecretString;

/// Hexadecimal digits that depend on `seed` alone, at most 32 of them.
pub(super) fn hex(seed: &str, digits: usize) -> String {
    let wide = format!("{:016x}{:016x}", mixed(seed, 1), mixed(seed, 2));
    wide[..digits.min(wide.len())].to_owned()
}

/// A UUID (in the form of version 4) that depends on `seed` alone.
pub(super) fn uuid(seed: &str) -> String {
    let h = hex(seed, 32);
    format!("{}-{}-4{}-a{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..])
}

/// FNV-1a, then a finisher so that seeds that differ in one letter differ everywhere.
fn mixed(seed: &str, turn: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ turn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = seed
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

/// `prefix` and `letters` letters and digits that nobody can guess.
pub(super) fn secret(prefix: &str, letters: usize) -> io::Result<SecretString> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567890a";
    let mut random = vec![0u8; letters];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut random)
        .map_err(|_| io::Error::other("the system has no random numbers"))?;
    let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)]));
    Ok(prefix.chars().chain(letters).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn ids_are_stable_and_differ() {
        assert_eq!(uuid("a"), uuid("a"));
        assert_ne!(uuid("a"), uuid("b"));
        assert_eq!(uuid("a").len(), 36);
        assert_eq!(hex("x", 12).len(), 12);
    }

    #[test]
    fn secrets_differ_each_time() {
        let [one, two] = [secret("t_", 40).unwrap(), secret("t_", 40).unwrap()];
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), 42);
    }
}
