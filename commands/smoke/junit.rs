//! The answer as a JUnit report: a suite for each source, a case for each check.
//!
//! What is red is a failure, what could not be measured an error, as exit codes tell them apart.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use parky_ops::domain::text::one_line;
use parky_ops::domain::{Check, Source};
use parky_ops::smoke::Standing;

use super::view::Smoke;

/// A report that is being made.
pub(super) struct Report {
    file: File,
    path: PathBuf,
}

/// Makes the file, empty.
pub(super) fn begin(path: &Path) -> Result<Report, String> {
    let file = File::create(path).map_err(|error| unwritten(path, &error))?;
    Ok(Report { file, path: path.to_owned() })
}

impl Report {
    /// Fills it.
    pub(super) fn finish(mut self, page: &str) -> Result<(), String> {
        let written = self.file.write_all(page.as_bytes()).and_then(|()| self.file.sync_all());
        written.or_else(is_no_file).map_err(|error| unwritten(&self.path, &error))
    }
}

/// A pipe or a device takes the text, and has nothing to sync.
fn is_no_file(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::InvalidInput { Ok(()) } else { Err(error) }
}

fn unwritten(path: &Path, error: &io::Error) -> String {
    format!("the JUnit report {} was not written: {error}", path.display())
}

/// The report's text.
pub(super) fn page(answer: &Smoke, now: DateTime<Utc>) -> String {
    let mut sources: Vec<Source> = Vec::new();
    for check in &answer.checks {
        if !sources.contains(&check.source) {
            sources.push(check.source);
        }
    }
    // Required and never asked: a suite of its own, so that the report fails as the command does.
    let absent = answer.missing.iter().filter(|source| !sources.contains(source));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let whole = Count::of(answer, answer.checks.iter());
    let _ = writeln!(out, "<testsuites name=\"parky-ops smoke\"{whole}>");
    for source in &sources {
        let of_it = || answer.checks.iter().filter(|check| check.source == *source);
        let at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let count = Count::of(answer, of_it());
        let _ = writeln!(out, "  <testsuite name=\"{source}\"{count} timestamp=\"{at}\">");
        of_it().for_each(|check| case(&mut out, answer, check));
        out.push_str("  </testsuite>\n");
    }
    for source in absent {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{source}\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase \
             classname=\"{source}\" name=\"{source}\" time=\"0\"><error message=\"required, but not \
             asked\" type=\"missing\"/></testcase>\n  </testsuite>"
        );
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, answer: &Smoke, check: &Check) {
    let seconds = check.took_ms as f64 / 1000.0;
    let (name, text) = (escaped(&check.name), escaped(&check.reason.text));
    let (source, code) = (check.source, check.reason.code.word());
    let inside = match answer.standing(check) {
        Standing::Warned if answer.fail_on_yellow => {
            format!("<failure message=\"{text}\" type=\"{code}\"/>")
        }
        Standing::Failed => format!("<failure message=\"{text}\" type=\"{code}\"/>"),
        Standing::Unmeasured => format!("<error message=\"{text}\" type=\"{code}\"/>"),
        Standing::Missing => {
            format!("<error message=\"required, but skipped: {text}\" type=\"{code}\"/>")
        }
        Standing::Skipped => format!("<skipped message=\"{text}\"/>"),
        Standing::Passed | Standing::Warned => format!("<system-out>{text}</system-out>"),
    };
    let _ = writeln!(
        out,
        "    <testcase classname=\"{source}\" name=\"{name}\" time=\"{seconds:.3}\">{inside}</testcase>"
    );
}

/// The figures of a suite, as attributes.
#[derive(Default)]
struct Count {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    slowest_ms: u64,
}

impl Count {
    fn of<'a>(answer: &Smoke, checks: impl Iterator<Item = &'a Check>) -> Self {
        let mut count = Self::default();
        for check in checks {
            count.tests += 1;
            // Checks run at once: the slowest one is what a suite takes.
            count.slowest_ms = count.slowest_ms.max(check.took_ms);
            match answer.standing(check) {
                Standing::Failed => count.failures += 1,
                Standing::Warned if answer.fail_on_yellow => count.failures += 1,
                Standing::Unmeasured | Standing::Missing => count.errors += 1,
                Standing::Skipped => count.skipped += 1,
                Standing::Passed | Standing::Warned => {}
            }
        }
        count
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tests, failures, errors, skipped, slowest_ms } = self;
        let seconds = *slowest_ms as f64 / 1000.0;
        write!(
            f,
            " tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" \
             time=\"{seconds:.3}\""
        )
    }
}

/// Text as it may stand in an element or an attribute. XML has no way to write control characters,
/// which are visible already, nor the two that are no characters at all.
fn escaped(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use parky_ops::domain::check::Times;
    use parky_ops::domain::{Judgement, ReasonCode, State, Verdict};

    use super::*;

    fn answer(fail_on_yellow: bool) -> Smoke {
        let check = |source, state, code, text: &str| {
            let times = Times { took_ms: 1234, measured_at: DateTime::UNIX_EPOCH };
            Judgement::new(state, code, text).check(source, "a<b>&\"'\u{1}\u{fffe}]]>", times)
        };
        let checks = vec![
            check(Source::Hosts, State::Red, ReasonCode::Http5xx, "503 </failure>\u{0}"),
            check(Source::Hosts, State::Yellow, ReasonCode::Slow, "slow"),
            check(Source::Dlq, State::Skipped, ReasonCode::NoCredential, "none"),
            check(Source::Tokens, State::Skipped, ReasonCode::NoCredential, "none"),
            check(Source::Tokens, State::Unknown, ReasonCode::Unauthorized, "refused"),
        ];
        let verdict = Verdict::over(&checks);
        let required = BTreeSet::from([Source::Dlq, Source::Vendors]);
        let missing = vec![Source::Dlq, Source::Vendors];
        Smoke { verdict, required, missing, checks, fail_on_yellow, caveats: Vec::new() }
    }

    #[test]
    fn the_report() {
        insta::assert_snapshot!(page(&answer(false), DateTime::UNIX_EPOCH), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="parky-ops smoke" tests="5" failures="1" errors="2" skipped="1" time="1.234">
          <testsuite name="hosts" tests="2" failures="1" errors="0" skipped="0" time="1.234" timestamp="1970-01-01T00:00:00Z">
            <testcase classname="hosts" name="a&lt;b&gt;&amp;&quot;&apos;\u{1}\u{fffe}]]&gt;" time="1.234"><failure message="503 &lt;/failure&gt;\u{0}" type="http-5xx"/></testcase>
            <testcase classname="hosts" name="a&lt;b&gt;&amp;&quot;&apos;\u{1}\u{fffe}]]&gt;" time="1.234"><system-out>slow</system-out></testcase>
          </testsuite>
          <testsuite name="dlq" tests="1" failures="0" errors="1" skipped="0" time="1.234" timestamp="1970-01-01T00:00:00Z">
            <testcase classname="dlq" name="a&lt;b&gt;&amp;&quot;&apos;\u{1}\u{fffe}]]&gt;" time="1.234"><error message="required, but skipped: none" type="no-credential"/></testcase>
          </testsuite>
          <testsuite name="tokens" tests="2" failures="0" errors="1" skipped="1" time="1.234" timestamp="1970-01-01T00:00:00Z">
            <testcase classname="tokens" name="a&lt;b&gt;&amp;&quot;&apos;\u{1}\u{fffe}]]&gt;" time="1.234"><skipped message="none"/></testcase>
            <testcase classname="tokens" name="a&lt;b&gt;&amp;&quot;&apos;\u{1}\u{fffe}]]&gt;" time="1.234"><error message="refused" type="unauthorized"/></testcase>
          </testsuite>
          <testsuite name="vendors" tests="1" failures="0" errors="1">
            <testcase classname="vendors" name="vendors" time="0"><error message="required, but not asked" type="missing"/></testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn yellow_is_a_failure_where_that_was_asked_for() {
        assert!(page(&answer(true), DateTime::UNIX_EPOCH).contains("failures=\"2\""));
    }
}
