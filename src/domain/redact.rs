//! Takes secrets out of text: every value that was resolved, and the shapes that secrets have.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use memchr::memmem::Finder;
use memchr::{memchr3_iter, memmem};
use regex_lite::Regex;

/// Shorter values are not searched for: replacing every `a` would garble the answer and tell the
/// secret by its gaps.
const SHORTEST: usize = 6;

static SHAPES: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
    let shape = |pattern: &str| {
        #[expect(clippy::expect_used, reason = "a constant pattern, run by a test")]
        Regex::new(pattern).expect("a valid pattern")
    };
    [
        (shape(r"(?i)(/webhooks/[0-9]+/)[A-Za-z0-9_-]{8,}"), "${1}***"),
        (shape(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@"), "${1}***@"),
        (shape(r"(?i)\b((?:bearer|bot|token) +)[A-Za-z0-9._~+/=-]{16,}"), "${1}***"),
        (shape(r"\b(?:gh[pousr]_|github_pat_|ops_|sntrys_|sbp_)[A-Za-z0-9_=-]{16,}"), "***"),
    ]
});

/// Longer texts are looked at line by line, in bytes.
const LONG: usize = 1024;

/// `text` without what has the shape of a secret.
fn shapeless(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (shape, with) in SHAPES.iter() {
        if shape.is_match(&out) {
            out = Cow::Owned(shape.replace_all(&out, *with).into_owned());
        }
    }
    out
}

/// Knows the secrets of this run. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<Mutex<Vec<Known>>>,
    blind: bool,
}

/// A form of a secret.
struct Known {
    form: String,
    finder: Finder<'static>,
}

impl Redactor {
    /// A redactor that lets everything through, for an answer that consists of made-up secrets.
    pub fn blind() -> Self {
        Self { blind: true, ..Self::default() }
    }

    /// Remembers `secret`, as it is and percent-encoded.
    pub fn learn(&self, secret: &str) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        for form in [secret.to_owned(), encoded.replace('+', "%20"), encoded] {
            if form.len() >= SHORTEST && known.iter().all(|known| known.form != form) {
                let finder = Finder::new(form.as_bytes()).into_owned();
                known.push(Known { form, finder });
            }
        }
        if known.len() > before {
            // A secret that contains another one has to go first.
            known.sort_by_key(|known| std::cmp::Reverse(known.form.len()));
        }
    }

    /// `text` without secrets.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        if self.blind {
            return out;
        }
        for known in self.known.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if known.finder.find(out.as_bytes()).is_some() {
                out = Cow::Owned(out.replace(known.form.as_str(), "***"));
            }
        }
        if !may_have_shape(out.as_bytes()) {
            return out;
        }
        if out.len() < LONG {
            return match shapeless(&out) {
                Cow::Owned(clean) => Cow::Owned(clean),
                Cow::Borrowed(_) => out,
            };
        }
        // No shape reaches beyond its line, and of a long text few lines hint at one.
        let mut clean = String::with_capacity(out.len());
        for line in out.split_inclusive('\n') {
            match may_have_shape(line.as_bytes()) {
                true => clean.push_str(&shapeless(line)),
                false => clean.push_str(line),
            }
        }
        Cow::Owned(clean)
    }
}

/// Whether `text` holds what each of the [`SHAPES`] needs, told without a pattern: patterns are slow,
/// and words such as `token` or `bot` stand in many an ordinary line.
fn may_have_shape(text: &[u8]) -> bool {
    memmem::find_iter(text, b"://").any(|at| is_password(text.get(at + 3..).unwrap_or_default()))
        || memchr3_iter(b'/', b' ', b'_', text).any(|at| {
            let (before, after) = text.split_at(at);
            let ends_with = |word: &str| {
                before.len().checked_sub(word.len()).is_some_and(|begin| {
                    before.get(begin..).is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
                })
            };
            match after.first() {
                Some(b'/') => is_webhook(after),
                Some(b' ') => {
                    ["bearer", "bot", "token"].into_iter().any(ends_with)
                        && is_long(after.trim_ascii_start(), b"._~+/=-", 16)
                }
                _ => {
                    PREFIXES.into_iter().any(ends_with)
                        && is_long(after.get(1..).unwrap_or_default(), b"_=-", 16)
                }
            }
        })
}

/// `user:password@`, either without a blank or a slash.
fn is_password(text: &[u8]) -> bool {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, 0x0b | b'/' | b'@');
    let user = text.iter().position(|b| *b == b':' || ends(b));
    let Some((b':', password)) = user.and_then(|at| text.get(at..)?.split_first()) else {
        return false;
    };
    password.iter().position(ends).is_some_and(|at| at > 0 && password.get(at) == Some(&b'@'))
}

/// `/webhooks/NUMBER/TOKEN`.
fn is_webhook(text: &[u8]) -> bool {
    let (word, rest) = text.split_at(text.len().min(10));
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    word.eq_ignore_ascii_case(b"/webhooks/")
        && digits > 0
        && rest.get(digits) == Some(&b'/')
        && is_long(rest.get(digits + 1..).unwrap_or_default(), b"_-", 8)
}

/// Whether `text` begins with so many letters, digits and `others`.
fn is_long(text: &[u8], others: &[u8], least: usize) -> bool {
    let fits = |b: &&u8| b.is_ascii_alphanumeric() || others.contains(b);
    text.iter().take(least).take_while(fits).count() == least
}

/// What stands before the `_` of a token that tells its kind.
const PREFIXES: [&str; 9] =
    ["ghp", "gho", "ghu", "ghs", "ghr", "github_pat", "ops", "sntrys", "sbp"];

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_go_in_every_form() {
        let redactor = Redactor::default();
        redactor.learn("p@ss/word 1");
        assert_eq!(redactor.clean("a p@ss/word 1 b"), "a *** b");
        assert_eq!(redactor.clean("x=p%40ss%2Fword%201"), "x=***");
        assert_eq!(redactor.clean("x=p%40ss%2Fword+1"), "x=***");
    }

    #[test]
    fn a_secret_that_looks_like_another_one_encoded_goes_in_its_own_forms_too() {
        let redactor = Redactor::default();
        for secret in ["hun ter2", "hun%20ter2", "hun%20ter2"] {
            redactor.learn(secret);
        }
        assert_eq!(redactor.clean("hun%2520ter2 hun+ter2 hun ter2"), "*** *** ***");
    }

    #[test]
    fn shapes_of_secrets_go_unasked() {
        let redactor = Redactor::default();
        for (dirty, clean) in [
            (
                "https://discord.com/api/v10/webhooks/140/abcDEF-ghi_123",
                "https://discord.com/api/v10/webhooks/140/***",
            ),
            ("postgres://u:hunter2@db/x", "postgres://u:***@db/x"),
            ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: Bearer ***"),
            ("ghp_0123456789abcdefABCD", "***"),
        ] {
            assert_eq!(redactor.clean(dirty), clean);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_not_searched_has_no_secret_in_it(
            text in "(ghp_|OPS_|ops_|sbp_|github_pat_|/Webhooks/12/|https://u:|p@|Bearer |bot  |token |[a-z0-9]{16}|[a-z0-9@/:_ ]){0,12}[A-Za-z0-9]{0,20}"
        ) {
            if !may_have_shape(text.as_bytes()) {
                for (shape, _) in SHAPES.iter() {
                    proptest::prop_assert!(!shape.is_match(&text), "{}", text);
                }
            }
        }
    }

    #[test]
    fn in_a_long_text_they_go_as_well() {
        let redactor = Redactor::default();
        let lines = "an ordinary line, as most are: 12:00 at /a/b_c\n".repeat(200);
        for secret in [
            "DATABASE=postgres://u:hunter2@db/x",
            "https://discord.com/api/WEBHOOKS/140/abcDEF-ghi_123",
            "BEARER  abcdefghijklmnop1234",
            "Token abcdefghijklmnop1234",
            "bot abcdefghijklmnop1234",
            "ghs_0123456789abcdefABCD",
            "github_pat_0123456789abcdefABCD",
            "ops_0123456789abcdefABCD",
            "sntrys_0123456789abcdefABCD",
            "sbp_0123456789abcdefABCD",
        ] {
            assert!(may_have_shape(secret.as_bytes()), "{secret}");
            let text = format!("{lines}{secret}\n{lines}");
            let expected = format!("{lines}{}\n{lines}", shapeless(secret));
            assert_ne!(shapeless(secret), secret);
            assert_eq!(redactor.clean(&text), expected);
        }
        assert!(matches!(redactor.clean(&lines), Cow::Borrowed(_)));
    }

    #[test]
    fn ordinary_text_stays() {
        let redactor = Redactor::default();
        redactor.learn("a");
        for text in [
            "the Googlebot 2.1 token refreshed for a@parky.co.jp at https://api.parky.co.jp/x:y",
            "https://host:8080/a@b /webhooks/ /webhooks/12/abc ops_1 bearer of news",
        ] {
            assert!(!may_have_shape(text.as_bytes()), "{text}");
        }
        let text = "the bearer token was refused at https://api.parky.co.jp/healthz";
        assert!(matches!(redactor.clean(text), Cow::Borrowed(t) if t == text));
    }
}
