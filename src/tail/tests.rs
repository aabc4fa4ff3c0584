//! Events of every kind, as documented and as they should not be.

use super::*;

fn trace(json: &str) -> Trace<'_> {
    Trace::parse(json).unwrap()
}

fn kind(event: &str) -> String {
    let json = format!(r#"{{"entrypoint":"Room","event":{event}}}"#);
    let said = format!("{:?}", trace(&json).event());
    said.split([' ', '{']).next().unwrap().to_owned()
}

#[test]
fn each_kind_is_told_by_its_keys() {
    for (event, wanted) in [
        (r#"{"cron":"*/5 * * * *","scheduledTime":1763719200000}"#, "Scheduled"),
        (r#"{"request":{"url":"https://x/y","method":"GET"}}"#, "Fetch"),
        (r#"{"request":{}}"#, "Fetch"),
        (r#"{"mailFrom":"a@x","rcptTo":"b@x","rawSize":12}"#, "Email"),
        (r#"{"scheduledTime":"2026-11-21T18:00:00.000Z"}"#, "Alarm"),
        (r#"{"consumedEvents":[{"scriptName":"a"},{"scriptName":"a"},{}]}"#, "Tail"),
        (r#"{"message":"m","type":"overload"}"#, "Info"),
        (r#"{"queue":"q","batchSize":3}"#, "Queue"),
        (r#"{"rpcMethod":"add"}"#, "Rpc"),
        (r#"{"getWebSocketEvent":{"webSocketEventType":"close","code":1006}}"#, "WebSocket"),
        ("{}", "Other"),
        ("null", "Other"),
        ("[1]", "Other"),
        (r#"{"request":null}"#, "Other"),
        (r#"{"new":{}}"#, "Other"),
    ] {
        assert_eq!(kind(event), wanted, "{event}");
    }
}

#[test]
fn fields_of_other_shapes_are_missing_and_nothing_breaks() {
    let json = r#"{"outcome":7,"event":{"request":{"url":1,"method":[],"headers":7,"cf":null},
        "response":{"status":"x"}},"logs":{"a":1},"exceptions":"x","wallTime":"9","eventTimestamp":1e300,
        "scriptVersion":null,"truncated":"yes"}"#;
    let trace = trace(json);
    assert_eq!((trace.outcome().as_ref(), trace.at(), trace.wall_ms()), ("unknown", None, None));
    assert_eq!((trace.logs().len(), trace.exceptions().len(), trace.version()), (0, 0, None));
    let event = trace.event();
    assert_eq!((event.status(), event.url(), event.path()), (None, None, None));
    assert!(!trace.is_truncated());
    let bare = Trace::parse("{}").unwrap();
    assert_eq!((bare.outcome().as_ref(), bare.diagnostics(), bare.script()), ("unknown", 0, None));
}

#[test]
fn an_error_is_what_ended_badly_threw_or_answered_5xx() {
    let answered = |status: u16| {
        format!(r#"{{"outcome":"ok","event":{{"request":{{}},"response":{{"status":{status}}}}}}}"#)
    };
    for (json, wanted) in [
        (r#"{"outcome":"ok"}"#.to_owned(), false),
        (r#"{"outcome":"canceled","exceptions":[]}"#.to_owned(), false),
        (r#"{"outcome":"exception"}"#.to_owned(), true),
        (r#"{"outcome":"scriptNotFound"}"#.to_owned(), true),
        (r#"{"outcome":"brandNew"}"#.to_owned(), true),
        (r#"{"outcome":"ok","exceptions":[{"name":"E","message":"m"}]}"#.to_owned(), true),
        (answered(503), true),
        (answered(499), false),
        (r#"{"event":{"message":"m","type":"overload"}}"#.to_owned(), false),
    ] {
        assert_eq!(trace(&json).is_error(), wanted, "{json}");
    }
}

#[test]
fn sampling_begins_and_ends_and_a_log_that_speaks_of_it_is_no_word_of_it() {
    let info =
        |kind: &str| format!(r#"{{"event":{{"message":"Tail is sampling","type":"{kind}"}}}}"#);
    assert_eq!(trace(&info("overload")).sampling(), Some(true));
    assert_eq!(trace(&info("overload-stop")).sampling(), Some(false));
    assert_eq!(trace(&info("news")).sampling(), None);
    let log = r#"{"event":{"request":{}},"logs":[{"message":["overload"]}]}"#;
    assert_eq!(trace(log).sampling(), None);
}

#[test]
fn structured_lines_are_unfolded_and_others_are_joined() {
    let log = |message: &str| format!(r#"{{"logs":[{{"level":"log","message":{message}}}]}}"#);
    let inner = r#"{\"level\":\"error\",\"scope\":\"pay\",\"resource\":\"r-1\",\"message\":\"no\",\"n\":1}"#;
    let json = log(&format!(r#"["{inner}"]"#));
    let unfolded = trace(&json).logs()[0].line();
    assert_eq!((unfolded.level, unfolded.word.as_ref()), (Level::Error, "error"));
    assert_eq!(
        (unfolded.scope.as_deref(), unfolded.resource.as_deref()),
        (Some("pay"), Some("r-1"))
    );
    assert_eq!((unfolded.text.as_ref(), unfolded.rest), ("no", vec![("n".into(), "1".into())]));
    let json = log(r#"[{"msg":"as an object","severity":"WARNING"}]"#);
    assert_eq!(trace(&json).logs()[0].line().level, Level::Warn);
    for (message, text) in [
        (r#"["a",1,{"b":[2]},null]"#, r#"a 1 {"b":[2]} null"#),
        (r#"["{not json"]"#, "{not json"),
        (r#"[{"other":1}]"#, r#"{"other":1}"#),
        (r#""bare""#, "bare"),
        ("12345678901234567890", "12345678901234567890"),
        ("[]", "[]"),
    ] {
        assert_eq!(trace(&log(message)).logs()[0].line().text, text, "{message}");
    }
}

#[test]
fn what_was_thrown_may_be_anything() {
    let json = r#"{"exceptions":[{"name":"TypeError","message":"x","stack":"at a\nat b"},{"message":{"code":7}},"thrown",null]}"#;
    let said: Vec<_> = trace(json)
        .exceptions()
        .into_iter()
        .map(|e| format!("{}: {} {}", e.name, e.message, e.stack.is_some()))
        .collect();
    assert_eq!(
        said,
        [
            "TypeError: x true",
            r#"Error: {"code":7} false"#,
            "Error: thrown false",
            "Error: null false"
        ]
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_can_break_the_reader(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = frame::read(&bytes, |trace| {
            let _ = (trace.event(), trace.logs(), trace.exceptions(), trace.is_error());
        });
    }

    #[test]
    fn no_shape_can_break_the_reader(json in "[{}\\[\\]\":,a-e0-9 ]{0,60}") {
        let wrapped = format!(r#"{{"event":{json},"logs":{json},"exceptions":[{json}]}}"#);
        let _ = frame::read(wrapped.as_bytes(), |trace| {
            let _ = (trace.event(), trace.logs(), trace.exceptions(), trace.is_error());
        });
    }
}
