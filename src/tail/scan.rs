//! A cursor over JSON that checks the grammar (RFC 8259) as it goes and takes nothing apart: what nobody
//! asks for is passed by, what somebody does is handed out as it came. Depth costs no stack.

use std::borrow::Cow;

/// See the module. Each step gives `None` where there is no JSON; there is no use in going on then.
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Nothing but whitespace is left.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// The first byte of what comes next.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.at = space(self.bytes(), self.at);
        self.bytes().get(self.at).copied()
    }

    /// The value that comes next, as it came.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let begin = space(self.bytes(), self.at);
        self.at = value(self.bytes(), begin)?;
        self.text.get(begin..self.at)
    }

    /// Calls `each` at the value of every member of the object that comes next, with its key; `each` has
    /// to pass by the value.
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            return self.expect(b'}');
        }
        loop {
            let key = self.key()?;
            each(self, &key)?;
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    /// The same for the elements of an array.
    pub(super) fn array(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(b'[')?;
        if self.peek()? == b']' {
            return self.expect(b']');
        }
        loop {
            each(self)?;
            if !self.goes_on(b']')? {
                return Some(());
            }
        }
    }

    fn key(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let begin = self.at;
        let (end, escaped) = string(self.bytes(), begin)?;
        self.at = end;
        self.expect(b':')?;
        match escaped {
            true => text(self.text.get(begin - 1..end)?),
            false => self.text.get(begin..end - 1).map(Cow::Borrowed),
        }
    }

    /// Whether another member or element comes; else the closing `end` does.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let sign = self.peek()?;
        self.at += 1;
        (sign == b',' || sign == end).then_some(sign == b',')
    }

    fn expect(&mut self, sign: u8) -> Option<()> {
        let comes = self.peek()? == sign;
        self.at += 1;
        comes.then_some(())
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }
}

// What follows works on places in the bytes, from one to the next, and not on a cursor: so they stay in
// registers, which is half of the time.

/// The end of the value that begins at `at`.
fn value(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut around = Path::default();
    loop {
        at = space(bytes, at);
        match *bytes.get(at)? {
            b'"' => (at, _) = string(bytes, at + 1)?,
            b'{' => {
                at = space(bytes, at + 1);
                if *bytes.get(at)? != b'}' {
                    around.push(Around::Object);
                    at = key(bytes, at)?;
                    continue;
                }
                at += 1;
            }
            b'[' => {
                at = space(bytes, at + 1);
                if *bytes.get(at)? != b']' {
                    around.push(Around::Array);
                    continue;
                }
                at += 1;
            }
            b't' => at = word(bytes, at, b"true")?,
            b'f' => at = word(bytes, at, b"false")?,
            b'n' => at = word(bytes, at, b"null")?,
            _ => at = number(bytes, at)?,
        }
        loop {
            let Some(inner) = around.last() else { return Some(at) };
            at = space(bytes, at);
            let sign = *bytes.get(at)?;
            at += 1;
            match (sign, inner) {
                (b',', Around::Array) => break,
                (b',', Around::Object) => {
                    at = key(bytes, at)?;
                    break;
                }
                (b']', Around::Array) | (b'}', Around::Object) => around.pop(),
                _ => return None,
            }
        }
    }
}

#[inline]
fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Behind the colon of a key.
#[inline]
fn key(bytes: &[u8], at: usize) -> Option<usize> {
    let at = space(bytes, at);
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let (at, _) = string(bytes, at + 1)?;
    let at = space(bytes, at);
    (*bytes.get(at)? == b':').then_some(at + 1)
}

/// Behind the quote that ends a string, and whether something in it is escaped. Eight bytes at a time are
/// passed by as long as none of them means something in a string.
#[inline]
fn string(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let some = meaning(u64::from_le_bytes(*eight));
            if some != 0 {
                at += some.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match *bytes.get(at)? {
            b'"' => return Some((at + 1, escaped)),
            b'\\' => (at, escaped) = (escape(bytes, at + 1)?, true),
            0..0x20 => return None,
            _ => at += 1,
        }
    }
}

/// The high bit of the lowest byte that is a quote, a backslash or a control character; of the bytes above
/// it nothing is told.
#[inline]
fn meaning(eight: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    let below = |bytes: u64, than: u8| bytes.wrapping_sub(EACH * u64::from(than)) & !bytes & HIGH;
    let is = |byte: u8| below(eight ^ (EACH * u64::from(byte)), 1);
    is(b'"') | is(b'\\') | below(eight, 0x20)
}

/// Behind what follows a backslash. Half of a surrogate pair is JSON too.
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => {
            let digits = bytes.get(at + 1..at + 5)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 5)
        }
        _ => None,
    }
}

fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
    let comes = |at: usize, sign: u8| bytes.get(at) == Some(&sign);
    at += usize::from(comes(at, b'-'));
    at = if comes(at, b'0') { at + 1 } else { digits(bytes, at)? };
    if comes(at, b'.') {
        at = digits(bytes, at + 1)?;
    }
    if comes(at, b'e') || comes(at, b'E') {
        at += 1;
        at = digits(bytes, at + usize::from(comes(at, b'+') || comes(at, b'-')))?;
    }
    Some(at)
}

/// Behind the digits; one at least.
fn digits(bytes: &[u8], at: usize) -> Option<usize> {
    let count = bytes.get(at..)?.iter().take_while(|sign| sign.is_ascii_digit()).count();
    (count > 0).then_some(at + count)
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// The text of a value that is a string. Half of a surrogate pair is JSON and no text: what can be read of
/// it is better than nothing.
pub(super) fn text(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    Some(Cow::Owned(serde_json::from_str(value).unwrap_or_else(|_| inner.to_owned())))
}

/// What stands around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Array,
    Object,
}

/// What stands around the place where we are, from the outside in: a bit each, most of them never in the
/// heap.
#[derive(Default)]
struct Path {
    depth: usize,
    bits: u64,
    outer: Vec<u64>,
}

impl Path {
    fn push(&mut self, around: Around) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(around == Around::Object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    fn last(&self) -> Option<Around> {
        let inner = if self.bits & 1 == 1 { Around::Object } else { Around::Array };
        (self.depth > 0).then_some(inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn whole(json: &str) -> Option<&str> {
        let mut scan = Scan::new(json);
        let value = scan.value()?;
        scan.end()?;
        Some(value)
    }

    /// What serde_json takes for JSON.
    fn model(json: &str) -> Option<&str> {
        serde_json::from_str::<&RawValue>(json).ok().map(RawValue::get)
    }

    /// Divided by `|`; the ends of lines are no part of them.
    const CASES: &str = r#"
 |null| null |nul|nulll|true|false|"|"a|"a"|"\|"\x"|"\u12"|"\u12g4"|"\ud800"|
"\"\\\/\b\f\n\r\t"|"12345678"|"1234567\""|0|-|-0|00|01|-01|1.|1.0|.5|1e|1e+|1e-7|1E5|
1e999|+1|1 2|[|[]|[ ]|[1|[1,|[1,]|[,1]|[1 2]|[1}|{|{}|{ }|{"a"|{"a":|{"a":}|{"a":1|
{"a":1,}|{"a" : 1 , "b":[{}]}|{"a":1]|{1:1}|{"a":1}{}|[[],{}]|{"a":{"b":[1,{"c":[]}]}}|
"#;

    #[test]
    fn what_is_json_is_decided_as_everywhere() {
        let cases =
            CASES.lines().flat_map(|line| line.strip_suffix('|').unwrap_or(line).split('|'));
        for json in
            cases.chain(["", "\"a\u{1f}\"", "\"a\u{7f}é漢𝄞\"", "\"1234567\u{1}\"", "\u{feff}1"])
        {
            assert_eq!(whole(json), model(json), "{json:?}");
        }
    }

    #[test]
    fn depth_costs_no_stack_and_is_kept_right() {
        for depth in [63, 64, 65, 128, 129, 100_000] {
            let (open, close) = ("[{\"a\":".repeat(depth), "}]".repeat(depth));
            for json in [format!("{open}1{close}"), format!("{open}[]{close}]"), format!("{open}1")]
            {
                let right = json.ends_with("1}]") || json.contains("1}]");
                assert_eq!(whole(&json).is_some(), right, "{depth}");
            }
            let crossed = format!("{open}1{}", "]}".repeat(depth));
            assert_eq!(whole(&crossed), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn near_json_is_judged_as_by_serde_json(
            parts in proptest::collection::vec(
                "\\{|\\}|\\[|\\]|,|:|\"|\\\\|\"a\"|\"k\":|1|-|0|\\.|e|[ \n]|true|null|\\\\u00|x|é|\u{1}|\"abcdefghij", 0..24)
        ) {
            let json = parts.concat();
            proptest::prop_assert_eq!(whole(&json), model(&json), "{:?}", json);
        }

        #[test]
        fn json_with_one_byte_changed_is_judged_as_by_serde_json(
            value in "\\{\"[a-z\\\\\"]{0,3}\":(\\[(1|\"é[a-z]{0,20}\"|-0\\.5e7|null),\\{\\}\\]|true)\\}",
            at in 0_usize..40, sign in " -~",
        ) {
            let mut signs: Vec<char> = value.chars().collect();
            proptest::prop_assert_eq!(whole(&value), model(&value), "{:?}", value);
            if let Some(place) = signs.get_mut(at) {
                *place = sign.chars().next().unwrap();
            }
            let json = String::from_iter(signs);
            proptest::prop_assert_eq!(whole(&json), model(&json), "{:?}", json);
        }
    }
}
