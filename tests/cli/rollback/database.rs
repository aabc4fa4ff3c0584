//! `rollback db`: a plan, and never more.

use std::fs;

use parky_ops::sandbox::Scenario;
use serde_json::json;

use crate::harness::{PgClient, Site};

fn checkout() -> tempfile::TempDir {
    let checkout = tempfile::tempdir().unwrap();
    let folder = checkout.path().join("supabase/migrations");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("20261101000000_cache.sql"), "alter table a add b int;").unwrap();
    fs::write(folder.join("20261101000000_cache.down.sql"), "-- undo\nalter table a drop b;\n")
        .unwrap();
    fs::write(folder.join("20261001000000_old.sql"), "select 1;").unwrap();
    checkout
}

#[test]
fn the_plan_of_the_database_names_what_undoes_it_and_runs_nothing() {
    let site = Site::of(Scenario::Healthy);
    let mut admin = PgClient::admin(&site);
    admin.run(
        "create schema supabase_migrations; grant usage on schema supabase_migrations to public",
    );
    admin.run(
        "create table supabase_migrations.schema_migrations (version text primary key, name text)",
    );
    admin.run("grant select on supabase_migrations.schema_migrations to public");
    admin.run("insert into supabase_migrations.schema_migrations values ('20261001000000', 'old')");
    let checkout = checkout();
    let data = site.run("rollback db --json").directory(checkout.path()).exits(0).data();
    assert_eq!(data["executed"], false);
    let (newest, older) = (&data["steps"][0], &data["steps"][1]);
    assert_eq!((&newest["version"], &newest["applied"]), (&json!("20261101000000"), &json!(false)));
    assert!(newest["down"].as_str().unwrap().ends_with("cache.down.sql"));
    assert_eq!(newest["locks"][0]["lock"], "ACCESS EXCLUSIVE");
    assert_eq!((&older["applied"], &older["down"]), (&json!(true), &json!(null)));
    assert_eq!((&data["waiting"], &data["gaps"]), (&json!(0), &json!([])));
    let text = site.run("rollback db").directory(checkout.path()).exits(0).stdout;
    assert!(text.contains("nothing has been run"), "{text}");
}

#[test]
fn without_database_or_checkout_the_plan_says_what_it_could_not_see() {
    let site = Site::bare("");
    let done = site.run("rollback db --json").exits(7);
    assert_eq!(done.data()["waiting"], json!(null));
    let caveats = done.json()["caveats"].to_string();
    assert!(caveats.contains("the database was not asked"), "{caveats}");
    assert!(caveats.contains("no folder of migrations"), "{caveats}");
}
