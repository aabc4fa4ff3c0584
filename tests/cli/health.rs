//! `parky-ops health`: what users see of the hosts.

use parky_ops::sandbox::Scenario;

use crate::harness::Site;

#[test]
fn each_host_is_a_row_with_the_time_of_each_step() {
    let site = Site::of(Scenario::BadDeploy);
    let done = site.run("health --json").exits(10);
    assert_eq!(done.data()["verdict"], "red");
    let api = site.host("api.parky.co.jp");
    assert_eq!(done.says("hosts", &api), "red http-5xx");
    let check = done.check("hosts", &site.host("parky.co.jp"));
    assert_eq!(check["state"], "green");
    for step in ["dns_ms", "connect_ms", "first_byte_ms", "total_ms"] {
        assert!(check["evidence"]["tries"][0][step].is_u64(), "{step}: {check:#}");
    }
    let page = site.run("health").exits(10).stdout;
    let row = page.lines().find(|line| line.contains(&api)).unwrap();
    assert!(row.starts_with("✗ red") && row.contains("answers 503"), "{row}");
}

#[test]
fn a_host_is_named_by_a_part_that_only_it_has() {
    let site = Site::of(Scenario::BadDeploy);
    let done = site.run("health owner --json").exits(0);
    assert_eq!(done.data()["checks"].as_array().unwrap().len(), 1);
    let error = site.run("health parky --json").exits(2).error();
    assert!(error["message"].as_str().unwrap().contains("fits several hosts"), "{error}");
    let error = site.run("health nowhere --json").exits(2).error();
    assert!(error["message"].as_str().unwrap().contains("no host 'nowhere'"), "{error}");
}
