//! From a frame to its events. One event each is what Cloudflare sends; an array of them, or several in
//! a row, are taken too. What is no event is told, and costs nothing but itself.

use serde_json::value::RawValue;

use super::trace::Trace;
use crate::domain::text::{one_line, shorten};

/// Calls `each` with every event of `frame`; returns what is left that is none, shortened to one
/// harmless line.
pub fn read<'a>(frame: &'a [u8], mut each: impl FnMut(Trace<'a>)) -> Option<String> {
    let Ok(text) = std::str::from_utf8(frame) else {
        return Some(format!("{} bytes that are no text", frame.len()));
    };
    match Trace::parse(text.trim_ascii()) {
        Some(trace) => {
            each(trace);
            None
        }
        None => several(text, each),
    }
}

fn several<'a>(text: &'a str, mut each: impl FnMut(Trace<'a>)) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&'a RawValue>();
    let mut any = false;
    loop {
        let begin = values.byte_offset();
        match values.next() {
            Some(Ok(value)) => {
                any = true;
                if !take(value.get(), &mut each) {
                    return Some(sample(value.get()));
                }
            }
            None if any => return None,
            _ => return Some(sample(text.get(begin..).unwrap_or_default())),
        }
    }
}

/// One object, or an array of nothing but objects.
fn take<'a>(value: &'a str, each: &mut impl FnMut(Trace<'a>)) -> bool {
    if let Some(trace) = Trace::parse(value) {
        each(trace);
        return true;
    }
    let Ok(list) = serde_json::from_str::<Vec<&'a RawValue>>(value) else { return false };
    let traces: Option<Vec<_>> = list.iter().map(|value| Trace::parse(value.get())).collect();
    let Some(traces) = traces else { return false };
    let any = !traces.is_empty();
    traces.into_iter().for_each(each);
    any
}

/// The beginning of what could not be read.
fn sample(text: &str) -> String {
    let begin: String = text.trim().chars().take(200).collect();
    if begin.is_empty() {
        return "nothing".to_owned();
    }
    shorten(&one_line(&begin), 160)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(frame: &[u8]) -> (Vec<String>, Option<String>) {
        let mut events = Vec::new();
        let bad = read(frame, |trace| events.push(trace.raw().to_owned()));
        (events, bad)
    }

    #[test]
    fn one_event_an_array_of_them_and_several_in_a_row() {
        for (frame, count) in [
            (r#"{"outcome":"ok"}"#, 1),
            ("\n {\"outcome\":\"ok\"}\r\n", 1),
            (r#"[{"outcome":"ok"},{"outcome":"ok"}]"#, 2),
            ("{\"a\":1}\n{\"a\":2}{\"a\":3}", 3),
        ] {
            let (events, bad) = read_all(frame.as_bytes());
            assert_eq!((events.len(), bad), (count, None), "{frame}");
        }
    }

    #[test]
    fn what_is_no_event_is_told_harmlessly() {
        for (frame, sample) in [
            (&b"not json \x1b[2J"[..], "not json \\u{1b}[2J"),
            (b"", "nothing"),
            (b"null", "null"),
            (b"[]", "[]"),
            (b"[1,{}]", "[1,{}]"),
            (b"\"text\"", "\"text\""),
            (b"{\"outcome\":", "{\"outcome\":"),
            (b"\xff\xfe", "2 bytes that are no text"),
        ] {
            assert_eq!(read_all(frame), (vec![], Some(sample.to_owned())));
        }
        let (events, bad) = read_all(b"{\"a\":1} garbage");
        assert_eq!((events.len(), bad.as_deref()), (1, Some("garbage")));
    }
}
