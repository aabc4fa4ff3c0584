//! The world of the scenario `healthy`, and what can be broken in it.
//!
//! The public site stands behind TLS, for certificates to break; the scenario's own hosts have none.

use std::any::Any;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parky_ops::sandbox::server::{Canned, Door, Fault};
use parky_ops::sandbox::{Behaviour, Engine, HostStandIn, Options, Scenario, VENDORS};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tempfile::TempDir;
use url::Url;

use super::compare::Checks;
use crate::harness::{Done, PgClient, Site, Tls, closed_port, database_url, delaying_port};

/// The host that is served over TLS.
const PUBLIC: &str = "parky.co.jp";
/// Its name in certificates.
pub(super) const PUBLIC_NAME: &str = "parky.co.jp.localhost";
/// Times within which an answer is not slow: longer ones than the usual, which a busy machine does not
/// always keep.
const PATIENCE: [(&str, u64); 5] = [
    ("host_yellow_ms", 2000),
    ("host_red_ms", 3900),
    ("db_connect_yellow_ms", 2500),
    ("db_connect_red_ms", 4000),
    ("db_query_yellow_ms", 900),
];
/// What a database of a world's own is a copy of; nobody ever connects to it.
const TEMPLATE: &str = "healthy";

/// What the faults of a table stand on: one server, one root of trust, one look at the world in which
/// nothing is broken.
pub(super) struct Ground {
    server: Site,
    tls: Tls,
    roots: (TempDir, PathBuf),
    public: u16,
    databases: AtomicUsize,
    healthy: Option<Checks>,
}

impl Ground {
    pub(super) fn new() -> Self {
        let tls = Tls::new();
        let mut ground = Self {
            server: native(100),
            roots: roots(&tls),
            public: tls.server(PUBLIC_NAME, 90),
            tls,
            databases: AtomicUsize::new(0),
            healthy: None,
        };
        ground.admin("template1").run(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE postgres"));
        let done = World::new(&ground).triage();
        assert_eq!((done.code, &done.data()["verdict"]), (Some(0), &json!("green")), "{done:?}");
        ground.healthy = Some(Checks::of(&done.data()));
        ground
    }

    /// The checks of a world in which nothing is broken.
    pub(super) fn healthy(&self) -> &Checks {
        self.healthy.as_ref().expect("the first look")
    }

    fn admin(&self, database: &str) -> PgClient {
        let url = self.server.sandbox().database_admin_url().expect("a native PostgreSQL");
        let mut url: Url = url.expose_secret().parse().unwrap();
        url.set_path(database);
        PgClient::open(url.as_str()).expect("a session of the superuser")
    }
}

fn roots(tls: &Tls) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    std::fs::write(&path, tls.root_pem()).unwrap();
    (folder, path)
}

fn native(max_connections: u16) -> Site {
    let native = |options| Options { engine: Engine::Native, max_connections, ..options };
    Site::with(native, Scenario::Healthy)
}

/// One world, in which one thing is going to be broken.
pub(super) struct World<'a> {
    ground: &'a Ground,
    pub(super) site: Site,
    words: String,
    variables: Vec<(&'static str, String)>,
    /// The server of its own, where it has one.
    server: Option<Site>,
    /// Lasts until the triage is over.
    kept: Vec<Box<dyn Any>>,
}

impl<'a> World<'a> {
    pub(super) fn new(ground: &'a Ground) -> Self {
        let url = ground.server.sandbox().database_url().clone();
        let site =
            Site::with(|options| Options { database: Some(url), ..options }, Scenario::Healthy);
        let mut world = Self {
            ground,
            site,
            words: "triage --json".to_owned(),
            variables: Vec::new(),
            server: None,
            kept: Vec::new(),
        };
        for (name, ms) in PATIENCE {
            world.threshold(name, ms);
        }
        world.public_site(ground.public);
        world
    }

    /// What `triage` says of it.
    pub(super) fn triage(&self) -> Done {
        let run = self.site.run(&self.words).var("SSL_CERT_FILE", &self.ground.roots.1);
        self.variables.iter().fold(run, |run, (name, value)| run.var(name, value)).done()
    }

    /// Adds words to the command line.
    pub(super) fn say(&mut self, words: &str) {
        self.words = format!("{} {words}", self.words);
    }

    /// Sets a variable of the environment.
    pub(super) fn var(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    /// Sets a threshold.
    pub(super) fn threshold(&mut self, name: &str, value: u64) {
        self.site.set(&format!("thresholds.{name}"), &value.to_string());
    }

    /// Puts a threshold back to what is built in.
    pub(super) fn usual(&mut self, name: &str) {
        self.site.remove(&format!("thresholds.{name}"));
    }

    /// Keeps something until the triage is over.
    pub(super) fn keep(&mut self, value: impl Any) {
        self.kept.push(Box::new(value));
    }

    /// A host behaves like this; not the one behind TLS.
    pub(super) fn host(&mut self, name: &str, behaviour: &Behaviour) {
        let host = self.site.sandbox().host(name).expect("a host of the sandbox");
        host.behave(behaviour).unwrap();
    }

    /// The public site is on this port, over TLS.
    pub(super) fn public_site(&mut self, port: u16) {
        let url = |name: &str| match name {
            PUBLIC => format!("\"https://{PUBLIC_NAME}:{port}\""),
            name => format!("\"{}\"", self.site.host(name)),
        };
        let hosts = self.site.sandbox().hosts().iter().map(|host| url(host.name()));
        let hosts = format!("[{}]", hosts.collect::<Vec<_>>().join(", "));
        self.site.set("env.prod.hosts", &hosts);
    }

    /// The public site shows a certificate of the trusted root that ends in so many days.
    pub(super) fn certificate(&mut self, name: &str, days: i64) {
        self.public_site(self.ground.tls.server(name, days));
    }

    /// Everything that is asked over HTTP refuses connections.
    pub(super) fn nothing_answers(&mut self) {
        self.public_site(closed_port());
        let sandbox = self.site.sandbox();
        let hosts = sandbox.hosts().iter().map(HostStandIn::server);
        let services = [
            sandbox.cloudflare().server(),
            sandbox.github().server(),
            sandbox.vendors().server(),
            sandbox.discord().server(),
        ];
        hosts.chain(services).for_each(|server| server.set_door(Door::Refuse).unwrap());
    }

    /// Cloudflare's API meets `fault` under this path.
    pub(super) fn cloudflare(&mut self, path: &str, fault: Fault) {
        self.site.sandbox().cloudflare().server().faults().set(path, fault);
    }

    /// The status page of a vendor, by its slug, meets `fault`.
    pub(super) fn vendor_page(&mut self, slug: &str, fault: Fault) {
        let faults = self.site.sandbox().vendors().server().faults();
        faults.set(&format!("/vendors/{slug}/"), fault);
    }

    /// The components of a vendor that the configuration names say `status`.
    pub(super) fn vendor(&mut self, slug: &str, status: &str) {
        let vendor = VENDORS.iter().find(|vendor| vendor.slug == slug).expect("a vendor");
        let named = vendor.named.iter().map(|name| json!({"name": name, "status": status}));
        let page = json!({"status": {"indicator": "minor"}, "incidents": [],
                          "components": named.collect::<Vec<_>>()});
        self.vendor_page(slug, Fault::answer(Canned::json(200, &page)));
    }
}

/// The database.
impl World<'_> {
    /// Its URL becomes what `change` makes of it.
    pub(super) fn database_url(&mut self, change: impl FnOnce(&mut Url)) {
        let mut url = database_url(self.server.as_ref().unwrap_or(&self.ground.server));
        change(&mut url);
        self.site.set("env.prod.credentials.supabase_db_url", &format!("\"{url}\""));
    }

    /// It is on this port.
    pub(super) fn database_at(&mut self, port: u16) {
        self.database_url(|url| url.set_port(Some(port)).unwrap());
    }

    /// Whatever is said to it arrives so much later.
    pub(super) fn database_delayed(&mut self, delay: Duration) {
        let port = database_url(&self.ground.server).port().unwrap();
        self.database_at(delaying_port(port, delay));
    }

    /// Runs `sql` as the superuser in a database of this world alone, on the server that all share.
    pub(super) fn sql(&mut self, sql: &str) {
        let own = format!("own_{}", self.ground.databases.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.ground.admin("template1");
        admin.run(&format!("CREATE DATABASE {own} TEMPLATE {TEMPLATE}"));
        self.ground.admin(&own).run(sql);
        self.database_url(|url| url.set_path(&own));
    }

    /// Gives this world a server of its own, on which `sql` is run.
    pub(super) fn server(&mut self, max_connections: u16, sql: &str) {
        let server = native(max_connections);
        PgClient::admin(&server).run(sql);
        self.server = Some(server);
        self.database_url(|_| {});
    }

    /// A session of the superuser on the server of its own.
    pub(super) fn session(&self) -> PgClient {
        PgClient::admin(self.server.as_ref().expect("a server of its own"))
    }

    /// The URL on the server of its own.
    pub(super) fn server_url(&self) -> Url {
        database_url(self.server.as_ref().expect("a server of its own"))
    }
}
