//! A dead-letter table that is of another form, locked away, pooled, or full of hostile texts.

use parky_ops::sandbox::{Engine, Options, Scenario};
use serde_json::{Value, json};

use crate::harness::{Bouncer, Done, PgClient, Site, database_url};

const TABLE: &str = "admin.notification_failures";

/// A site whose database was changed first.
fn changed(sql: &str) -> Site {
    let native = |options| Options { engine: Engine::Native, ..options };
    let site = Site::with(native, Scenario::BadDeploy);
    PgClient::admin(&site).run(sql);
    site
}

fn rows(done: &Done) -> Vec<Value> {
    done.data()["rows"].as_array().unwrap().clone()
}

fn caveat(done: &Done, code: &str) -> String {
    let document = done.json();
    let all = document["caveats"].as_array().unwrap();
    let found = all.iter().find(|caveat| caveat["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {all:?}"))["text"].as_str().unwrap().to_owned()
}

#[test]
fn keys_of_every_type_are_listed_and_shown() {
    let retyped = |sql: &str| format!("ALTER TABLE {TABLE} ALTER id DROP IDENTITY; {sql}");
    for (sql, looks) in [
        (
            retyped(&format!(
                "ALTER TABLE {TABLE} ALTER id TYPE uuid USING \
                 lpad(id::text, 32, '0')::uuid"
            )),
            "00000000-0000-0000-0000-",
        ),
        (retyped(&format!("ALTER TABLE {TABLE} ALTER id TYPE text USING 'n ''' || id")), "n '"),
        (
            format!(
                "ALTER TABLE {TABLE} DROP CONSTRAINT notification_failures_pkey, \
                 ADD PRIMARY KEY (channel, id)"
            ),
            "[\"p3-insights\",\"",
        ),
    ] {
        let site = changed(&sql);
        let listed = rows(&site.run("dlq list --json --limit all").exits(0));
        assert_eq!(listed.len(), 40);
        let id = listed[0]["id"].as_str().unwrap();
        assert!(id.starts_with(looks), "{id}");
        let shown = site.run("dlq show --json").arg(id).exits(0).data();
        assert_eq!((&shown["id"], &shown["title"]), (&listed[0]["id"], &listed[0]["title"]));
        let _ = site.run("dlq show no-such-key").exits(4);
    }
}

#[test]
fn without_a_key_lists_work_and_show_says_why_not() {
    let site = changed(&format!("ALTER TABLE {TABLE} DROP CONSTRAINT notification_failures_pkey"));
    let done = site.run("dlq list --json --limit all").exits(0);
    assert_eq!(rows(&done).len(), 40);
    assert_eq!(rows(&done)[0]["id"], Value::Null);
    assert!(caveat(&done, "cursor").contains("holds a transaction open"));
    let _ = site.run("dlq stats").exits(0);
    let error = site.run("dlq show 7 --json").exits(3).error();
    assert_eq!(error["code"], "no-key");
    assert!(error["message"].as_str().unwrap().contains("no primary key"), "{error}");
    let _ = site.run("dlq list --id 7").exits(3);

    site.set("dlq.key_column", "\"id\"");
    let _ = site.run("dlq show 7").exits(0);
}

#[test]
fn a_view_is_a_table_too() {
    let site = changed(&format!(
        "CREATE VIEW admin.lost AS SELECT * FROM {TABLE}; GRANT SELECT ON admin.lost TO parky"
    ));
    site.set("dlq.table", "\"admin.lost\"");
    assert_eq!(rows(&site.run("dlq list --json --limit all").exits(0)).len(), 40);
    assert_eq!(site.run("dlq show 7").exits(3).stdout, "");
    site.set("dlq.key_column", "\"id\"");
    let _ = site.run("dlq show 7").exits(0);
}

#[test]
fn a_filtered_list_says_so() {
    let site = changed(&format!("ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY"));
    let done = site.run("dlq list --json").exits(0);
    assert!(rows(&done).is_empty());
    assert!(caveat(&done, "row-security").contains("filtered by row security"));
    assert_eq!(site.run("dlq p0 --json").exits(3).data()["verdict"], "unknown");
}

#[test]
fn a_role_that_may_only_select_reads_everything() {
    let site =
        changed(&format!("REVOKE ALL ON {TABLE} FROM parky; GRANT SELECT ON {TABLE} TO parky"));
    for words in ["dlq list", "dlq stats", "dlq show 7"] {
        let _ = site.run(words).exits(0);
    }
    let _ = site.run("dlq p0").exits(10);
}

#[test]
fn behind_a_transaction_pooler_lists_are_whole() {
    for sql in ["SELECT 1", "DROP INDEX admin.notification_failures_attempted_at_id_idx"] {
        let site = changed(sql);
        PgClient::admin(&site).run(&format!(
            "INSERT INTO {TABLE} (attempted_at, channel, severity) SELECT now(), 'c', 'P3'
             FROM generate_series(1, 5000)"
        ));
        let bouncer = Bouncer::before(&database_url(&site), 2);
        let run = site.run("dlq list --json --limit all");
        let done = run.var("SUPABASE_DB_URL", bouncer.url().as_str()).exits(0);
        assert_eq!(rows(&done).len(), 5040);
        assert_eq!(done.data()["complete"], true);
    }
}

#[test]
fn missing_columns_are_named_all_at_once() {
    let site = changed(&format!("ALTER TABLE {TABLE} DROP COLUMN title, DROP COLUMN retry_count"));
    let error = site.run("dlq list --json").exits(3).error();
    assert_eq!(error["code"], "no-column");
    let said = error["message"].as_str().unwrap();
    assert!(said.contains("title") && said.contains("retry_count"), "{said}");
}

#[test]
fn hostile_identifiers_in_the_configuration_are_only_names() {
    let site = changed(&format!("ALTER TABLE {TABLE} RENAME id TO \"k\"\"ey; DROP\""));
    for (key, value) in [
        ("dlq.key_column", r#""id\"; DROP TABLE admin.notification_failures; --""#),
        ("dlq.payload_column", r#""payload'); DROP TABLE admin.notification_failures; --""#),
    ] {
        site.set(key, value);
        let error = site.run("dlq list --json").exits(3).error();
        assert_eq!(error["code"], "bad-config", "{error}");
        site.set("dlq.payload_column", "\"payload\"");
    }
    site.set("dlq.key_column", r#""k\"ey; DROP""#);
    site.set("dlq.open_status", r#"["failed", "') OR true; --"]"#);
    assert_eq!(rows(&site.run("dlq list --json --state open").exits(0)).len(), 40);
    let _ = site.run("dlq show 7").exits(0);
}

#[test]
fn secrets_in_the_table_are_hidden_and_their_channel_is_named() {
    let secret = "dEf-456_secret-of-the-webhook";
    let site = changed(&format!(
        "UPDATE {TABLE} SET error_message = 'POST https://discord.com/api/webhooks/140/{secret} failed',
           payload = jsonb_build_object('content', 'see https://discord.com/api/webhooks/1/{secret}')
         WHERE id = 7"
    ));
    for words in
        ["dlq list --id 7", "dlq list --id 7 --json", "dlq show 7", "dlq show 7 --json", "dlq p0"]
    {
        let done = site.run(words).done();
        done.hides(secret);
        assert!(done.stdout.contains("webhooks/140/***"), "{words}: {}", done.stdout);
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(said.contains("#p0-alerts") && said.contains("renew it"), "{words}: {said}");
    }
    let text = caveat(&site.run("dlq list --json").exits(0), "rotate-webhook");
    assert!(text.contains("#p0-alerts") && !text.contains("#p1-ops"), "{text}");
}

#[test]
fn hostile_titles_never_reach_the_terminal() {
    let site = changed(&format!(
        "UPDATE {TABLE} SET title = E'\\x1b[2J' || U&'\\202e\\000afake row', channel = E'c\\x1b]0;x\\x07',
           severity = U&'P0\\009b', error_message = repeat(E'\\x1b[31m', 2000),
           payload = jsonb_build_object('content', E'\\x1b[2J', 'username', U&'\\202e')
         WHERE id = 7"
    ));
    for words in [
        "dlq list --id 7",
        "dlq list --id 7 --json",
        "dlq show 7",
        "dlq show 7 --json",
        "dlq stats",
    ] {
        let done = site.run(words).exits(0);
        for text in [&done.stdout, &done.stderr] {
            let bad = text.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
            assert_eq!(bad, None, "{words}");
        }
    }
}

#[test]
fn rows_without_a_time_are_listed_last() {
    let site = changed(&format!(
        "ALTER TABLE {TABLE} ALTER attempted_at DROP NOT NULL;
         UPDATE {TABLE} SET attempted_at = NULL WHERE id = 30;
         UPDATE {TABLE} SET attempted_at = 'infinity' WHERE id = 31"
    ));
    let listed = rows(&site.run("dlq list --json --limit all").exits(0));
    assert_eq!(listed.len(), 40);
    let last: Vec<_> = listed[38..].iter().map(|row| row["id"].clone()).collect();
    assert_eq!(last, [json!("31"), json!("30")]);
    let _ = site.run("dlq show 30").exits(0);
}

#[test]
fn a_limit_of_0_is_refused() {
    let site = Site::bare("");
    let error = site.run("dlq list --limit 0 --json").exits(2).error();
    assert_eq!(error["code"], "usage");
}

#[test]
fn an_unknown_id_is_not_found() {
    let site = changed("SELECT 1");
    for words in ["dlq show 4711 --json", "dlq show 7x --json", "dlq list --id 4711 --json"] {
        let done = site.run(words).exits(4);
        assert_eq!(done.stdout, "");
        assert_eq!(done.error()["code"], "not-found");
    }
    let some = site.run("dlq list --id 7 --id 4711 --json").exits(0);
    assert_eq!(rows(&some).len(), 1);
    assert!(caveat(&some, "unknown-id").contains("4711"));
}

#[test]
fn malformed_payloads_are_told_and_stop_nothing() {
    let site = changed(&format!(
        "UPDATE {TABLE} SET payload = CASE id
           WHEN 7 THEN NULL WHEN 8 THEN 'null' WHEN 9 THEN '{{}}' WHEN 10 THEN '[1]'
           WHEN 11 THEN to_jsonb('{{\"content\": \"twice\"}}'::text) ELSE '{{\"embeds\": {{}}}}' END"
    ));
    for (id, code) in [(7, "sql-null"), (8, "json-null"), (9, "empty"), (10, "not-an-object")] {
        let data = site.run(&format!("dlq show {id} --json")).exits(0).data();
        assert_eq!(
            (&data["payload_fault"]["code"], &data["replay"]["act"]),
            (&json!(code), &json!("reject"))
        );
    }
    let twice = site.run("dlq show 11 --json").exits(0);
    assert_eq!(twice.data()["payload"]["content"], "twice");
    assert!(caveat(&twice, "decoded-twice").contains("decoded once more"));
    let page = site.run("dlq show 12").exits(0).stdout;
    assert!(page.contains("embeds should be a list"), "{page}");
}

#[test]
fn an_unreachable_database_is_exit_5_and_a_missing_url_is_exit_3() {
    let site = Site::bare("");
    let error = site.run("dlq list --json").exits(3).error();
    assert_eq!(error["exit"], 3);
    let url = format!("postgres://u:a-secret-word@127.0.0.1:{}/x", crate::harness::closed_port());
    let done = site.run("dlq list --json").var("SUPABASE_DB_URL", url).exits(5);
    assert_eq!(done.error()["code"], "refused");
    done.hides("a-secret-word");
}
