//! What the team's channel is told of a rollback: that the request leaves, and how it ended. Pure.
//!
//! Prod is told in `#p1-ops`, every other environment in `#p2-deploys`, without a sound. Words from
//! outside (messages of commits, authors, what Cloudflare said) are cut and quoted; nobody is pinged.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::card::{Card, Side};
use super::report::{Act, LiveState, Report};
use super::verify::VerifyState;
use crate::config::Lang;
use crate::discord::{Mentions, Message, Violation, quoted};
use crate::domain::text::shorten;
use crate::domain::{EnvName, Jst, Redactor};

/// The longest message; Discord takes 2000 characters.
const LONGEST: usize = 1900;
/// The longest commit message, author, and reason that are told, in characters.
const MESSAGE: usize = 120;
const AUTHOR: usize = 60;
const REASON: usize = 300;
/// A longer command is not told: a command that is cut does something else.
const COMMAND: usize = 500;

/// The channel that is told.
pub fn channel(env: &EnvName) -> &'static str {
    if env.is_prod() { "p1-ops" } else { "p2-deploys" }
}

/// Who tells it, and how.
#[derive(Debug, Clone, Copy)]
pub struct Teller<'a> {
    /// The language.
    pub lang: Lang,
    /// Who agreed to the rollback.
    pub operator: &'a str,
    /// Why, as the operator said.
    pub reason: Option<&'a str>,
    /// The name of the script that does it, where that is not the API.
    pub script: Option<&'a str>,
    /// Takes secrets out of the text.
    pub redactor: &'a Redactor,
}

impl Teller<'_> {
    /// The message before the request.
    ///
    /// # Errors
    /// Discord would refuse it: a defect.
    pub fn started(&self, card: &Card, now: DateTime<Utc>) -> Result<Message, Vec<Violation>> {
        let mut lines = vec![match self.lang {
            Lang::Ja => format!("【ロールバック開始】{}", what(card)),
            Lang::En => format!("[rollback begins] {}", what(card)),
        }];
        lines.push(self.way(card));
        let (live, to) = (self.side(&card.live), self.side(&card.to));
        lines.extend(live.map(|live| format!("{}{live}", self.word("現在: ", "live: "))));
        lines.extend(to.map(|to| format!("{}{to}", self.word("戻し先: ", "to: "))));
        lines.extend(card.split.as_ref().map(|split| {
            format!("{}{}", self.word("現在の配分: ", "split now: "), self.quoted(split, MESSAGE))
        }));
        let reason =
            self.reason.map(|reason| self.quoted(reason, REASON)).filter(|r| !r.is_empty());
        let unsaid = || self.word("記載なし", "not said").to_owned();
        lines.push(format!("{}{}", self.word("理由: ", "why: "), reason.unwrap_or_else(unsaid)));
        lines.extend(self.script.map(|script| {
            format!(
                "{}{}",
                self.word("方法: スクリプト ", "by: script "),
                self.quoted(script, AUTHOR)
            )
        }));
        lines.push(self.signed(now));
        self.message(card, &lines)
    }

    /// The message at the end.
    ///
    /// # Errors
    /// Discord would refuse it: a defect.
    pub fn result(
        &self,
        card: &Card,
        report: &Report,
        now: DateTime<Utc>,
    ) -> Result<Message, Vec<Violation>> {
        let (ja, en) = head(report);
        let mut lines = vec![format!("{} {}", self.word(ja, en), what(card)), self.way(card)];
        if let Some(refused) = &report.refused {
            let (code, text) = (refused.code, self.quoted(&refused.text, REASON));
            lines.push(format!("{}{code} {text}", self.word("拒否: ", "refused: ")));
        }
        if report.state != LiveState::NotLive {
            lines.push(self.verification(report));
        }
        let undo = report.undo.as_ref().filter(|undo| undo.chars().count() <= COMMAND);
        lines.extend(undo.map(|undo| {
            format!("{}{}", self.word("取り消し: ", "to undo: "), self.quoted(undo, COMMAND))
        }));
        lines.push(self.signed(now));
        self.message(card, &lines)
    }

    /// Without secrets first: half of one would not be known again.
    fn quoted(&self, text: &str, most: usize) -> String {
        quoted(&self.redactor.clean(text), most)
    }

    fn word<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }

    /// From where to where.
    fn way(&self, card: &Card) -> String {
        format!(
            "{} → {}",
            self.quoted(&card.live.name(), AUTHOR),
            self.quoted(&card.to.name(), AUTHOR)
        )
    }

    /// When a side was made, by whom, and what it is.
    fn side(&self, side: &Side) -> Option<String> {
        let mut parts = Vec::new();
        parts.extend(side.at.map(|at| Jst(at).to_string()));
        parts.extend(side.author.as_ref().map(|author| self.quoted(author, AUTHOR)));
        parts.extend(side.tag.as_ref().map(|tag| self.quoted(tag, AUTHOR)));
        parts.extend(side.message.as_ref().map(|message| self.quoted(message, MESSAGE)));
        parts.retain(|part| !part.is_empty());
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    fn verification(&self, report: &Report) -> String {
        let (ja, en) = match report.verify.state {
            VerifyState::Green => ("正常", "green"),
            VerifyState::Red => ("異常", "red"),
            VerifyState::Unknown => ("不明", "unknown"),
            VerifyState::Skipped => ("未実施", "not done"),
        };
        let text = self.quoted(&report.verify.text, REASON);
        format!("{}{} {text}", self.word("検証: ", "verified: "), self.word(ja, en))
    }

    fn signed(&self, now: DateTime<Utc>) -> String {
        let who = self.quoted(self.operator, AUTHOR);
        format!("{}{who} {}", self.word("実行: ", "by: "), Jst(now).to_the_second())
    }

    fn message(&self, card: &Card, lines: &[String]) -> Result<Message, Vec<Violation>> {
        let text = lines.join("\n");
        let content = shorten(&self.redactor.clean(&text), LONGEST);
        let message = Message::check(json!({ "content": content }), Mentions::Nobody)?;
        Ok(message.quiet(!card.env.is_prod()))
    }
}

fn what(card: &Card) -> String {
    let kind = match card.kind {
        Act::Worker => "worker",
        Act::Pages => "Pages",
    };
    format!("{} / {kind} {}", card.env, quoted(&card.target, AUTHOR))
}

/// The first words of the result.
fn head(report: &Report) -> (&'static str, &'static str) {
    match (report.state, report.verify.state) {
        (LiveState::Live, VerifyState::Red) => (
            "【ロールバック完了・異常継続】反映済み、ただし異常が続いています:",
            "[rollback live, still red]",
        ),
        (LiveState::Live, VerifyState::Green) => {
            ("【ロールバック完了】反映済み、正常です:", "[rollback live and green]")
        }
        (LiveState::Live, VerifyState::Unknown | VerifyState::Skipped) => {
            ("【ロールバック完了】反映済み（正常かは未確認）:", "[rollback live, not verified]")
        }
        (LiveState::NotLive, _) => {
            ("【ロールバック失敗】反映されていません:", "[rollback failed: not live]")
        }
        (LiveState::Unknown, _) => (
            "【ロールバック結果不明】反映されたか確認できません:",
            "[rollback: unknown whether it is live]",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{End, Posted, Refused};
    use super::super::told::{Journalled, Notice};
    use super::super::verify::Verification;
    use super::*;

    fn side(number: u64, message: &str) -> Side {
        Side {
            id: format!("{number:08}-aaaa"),
            number: Some(number),
            deployment_id: None,
            at: Some("2026-11-21T18:00:00Z".parse().unwrap()),
            since: None,
            author: Some("deploy@parky.co.jp".to_owned()),
            message: Some(message.to_owned()),
            tag: None,
        }
    }

    fn card(message: &str) -> Card {
        Card {
            kind: Act::Worker,
            env: EnvName::prod(),
            target: "public".to_owned(),
            script: "parky-public-prod".to_owned(),
            account: "a".to_owned(),
            live: side(142, message),
            to: side(141, "feat: 検索"),
            split: None,
            cohorts: Vec::new(),
            differences: None,
            warnings: Vec::new(),
            migrations: None,
            not_undone: &[],
        }
    }

    fn report(state: LiveState, verify: VerifyState) -> Report {
        Report {
            target: "public".to_owned(),
            kind: Act::Worker,
            script: None,
            account: String::new(),
            from: End::default(),
            to: End::default(),
            differences: Vec::new(),
            posted: Posted::Sent,
            state,
            refused: None,
            notes: Vec::new(),
            verify: Verification::none(verify, "1 host in order"),
            undo: Some("parky-ops rollback worker public --to x".to_owned()),
            notice: Notice::none("p1-ops"),
            journal: Journalled::default(),
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-21T18:12:41Z".parse().unwrap()
    }

    fn content(message: Result<Message, Vec<Violation>>) -> String {
        let message = message.unwrap();
        assert_eq!(message.body()["allowed_mentions"], json!({"parse": []}));
        message.body()["content"].as_str().unwrap().to_owned()
    }

    fn teller(lang: Lang, redactor: &Redactor) -> Teller<'_> {
        Teller { lang, operator: "aiko", reason: Some("503s"), script: None, redactor }
    }

    #[test]
    fn both_messages_in_both_languages() {
        let redactor = Redactor::default();
        let (ja, en) = (teller(Lang::Ja, &redactor), teller(Lang::En, &redactor));
        let card = card("feat: 予約v2");
        insta::assert_snapshot!(content(ja.started(&card, now())), @r"
        【ロールバック開始】prod / worker `public`
        `@142 (00000142)` → `@141 (00000141)`
        現在: 2026-11-22 03:00 JST `deploy@parky.co.jp` `feat: 予約v2`
        戻し先: 2026-11-22 03:00 JST `deploy@parky.co.jp` `feat: 検索`
        理由: `503s`
        実行: `aiko` 2026-11-22 03:12:41 JST
        ");
        insta::assert_snapshot!(content(en.started(&card, now())), @r"
        [rollback begins] prod / worker `public`
        `@142 (00000142)` → `@141 (00000141)`
        live: 2026-11-22 03:00 JST `deploy@parky.co.jp` `feat: 予約v2`
        to: 2026-11-22 03:00 JST `deploy@parky.co.jp` `feat: 検索`
        why: `503s`
        by: `aiko` 2026-11-22 03:12:41 JST
        ");
        let done = report(LiveState::Live, VerifyState::Green);
        insta::assert_snapshot!(content(ja.result(&card, &done, now())), @r"
        【ロールバック完了】反映済み、正常です: prod / worker `public`
        `@142 (00000142)` → `@141 (00000141)`
        検証: 正常 `1 host in order`
        取り消し: `parky-ops rollback worker public --to x`
        実行: `aiko` 2026-11-22 03:12:41 JST
        ");
        let mut failed = report(LiveState::NotLive, VerifyState::Skipped);
        failed.undo = None;
        failed.refused = Some(Refused::new("forbidden", "HTTP 403".to_owned()));
        insta::assert_snapshot!(content(ja.result(&card, &failed, now())), @r"
        【ロールバック失敗】反映されていません: prod / worker `public`
        `@142 (00000142)` → `@141 (00000141)`
        拒否: forbidden `HTTP 403`
        実行: `aiko` 2026-11-22 03:12:41 JST
        ");
        insta::assert_snapshot!(content(en.result(&card, &failed, now())), @r"
        [rollback failed: not live] prod / worker `public`
        `@142 (00000142)` → `@141 (00000141)`
        refused: forbidden `HTTP 403`
        by: `aiko` 2026-11-22 03:12:41 JST
        ");
    }

    #[test]
    fn every_end_has_words_of_its_own() {
        let redactor = Redactor::default();
        let mut seen = std::collections::BTreeSet::new();
        for (state, verify) in [
            (LiveState::Live, VerifyState::Green),
            (LiveState::Live, VerifyState::Red),
            (LiveState::Live, VerifyState::Skipped),
            (LiveState::NotLive, VerifyState::Skipped),
            (LiveState::Unknown, VerifyState::Skipped),
        ] {
            for lang in [Lang::Ja, Lang::En] {
                let said =
                    teller(lang, &redactor).result(&card("x"), &report(state, verify), now());
                seen.insert(content(said).lines().next().unwrap().to_owned());
            }
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn hostile_words_stay_words_and_secrets_stay_here() {
        let redactor = Redactor::default();
        redactor.learn("hunter2hunter2");
        let hostile =
            "@everyone [here](https://evil.example) `x` <@1>\u{1b}[2J hunter2hunter2\n# x";
        let mut card = card(&hostile.repeat(3));
        card.live.author = Some(hostile.to_owned());
        let teller = Teller {
            operator: hostile,
            reason: Some(hostile),
            script: Some(hostile),
            ..teller(Lang::Ja, &redactor)
        };
        let mut ended = report(LiveState::Unknown, VerifyState::Skipped);
        ended.refused = Some(Refused::new("refused", hostile.to_owned()));
        for text in
            [content(teller.started(&card, now())), content(teller.result(&card, &ended, now()))]
        {
            for sign in ["@everyone", "](", "<@", "\u{1b}", "hunter2", "\n#"] {
                assert!(!text.contains(sign), "{sign:?} in {text}");
            }
            // Every span that was opened is closed on its line.
            assert!(text.lines().all(|line| line.matches('`').count() % 2 == 0), "{text}");
        }
    }

    #[test]
    fn other_environments_are_told_elsewhere_and_without_a_sound() {
        let (prod, dev) = (EnvName::prod(), "dev".parse().unwrap());
        assert_eq!((channel(&prod), channel(&dev)), ("p1-ops", "p2-deploys"));
        let redactor = Redactor::default();
        let flags = |card: &Card| {
            let message = teller(Lang::Ja, &redactor).started(card, now()).unwrap();
            message.body()["flags"].clone()
        };
        assert_eq!(flags(&card("x")), json!(null));
        assert_eq!(flags(&Card { env: dev, ..card("x") }), json!(4096));
    }

    #[test]
    fn a_command_that_is_too_long_is_not_cut_but_left_out() {
        let redactor = Redactor::default();
        let mut done = report(LiveState::Live, VerifyState::Green);
        done.undo = Some(format!("parky-ops --config {} rollback", "x".repeat(600)));
        let said = content(teller(Lang::Ja, &redactor).result(&card("x"), &done, now()));
        assert!(!said.contains("--config"), "{said}");
    }
}
