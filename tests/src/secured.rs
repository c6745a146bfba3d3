//! Services that want to see credentials, and those who have some.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cli::{Clients, Connection};
use kit::{
    clock::Clock,
    config::{AuthConfig, AuthMode, ClientTlsConfig, KeysConfig, TlsConfig, TokensConfig, WorkloadConfig},
};
use serde_json::{Value, json};
use server::{App, Roles, config::Config};
use store::testing::Database;
use tempfile::TempDir;

use crate::{
    NOW, World,
    authority::Authority,
    config,
    issuer::{Issuer, key_set},
};

/// The name in the servers' certificates.
pub const SERVER: &str = "leadrouter.test";
/// The services among themselves.
pub const SERVICES: &str = "spiffe://test/leadrouter";
/// May do everything that people do, for `default`.
pub const ADMIN: &str = "spiffe://test/admin";
/// An operator for `default` and `acme`.
pub const CRM: &str = "spiffe://test/crm";
/// A router for `default`, with a DNS name.
pub const BATCH: &str = "batch.test";

/// What tokens must say.
pub const ISSUER: &str = "https://id.test";
/// What tokens must be for.
pub const AUDIENCE: &str = "leadrouter";

/// Running services, and the authorities that they trust.
#[derive(Debug)]
pub struct Secured {
    /// The services; its clients are those of [`ADMIN`].
    pub world: World,
    /// Issues the servers' certificates.
    pub servers: Authority,
    /// Issues those of workloads.
    pub workloads: Authority,
    /// Signs tokens.
    pub issuer: Issuer,
    place: TempDir,
}

impl Secured {
    /// Services that take certificates and tokens.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with another configuration.
    pub async fn start_with(edit: impl FnOnce(&mut Config)) -> Self {
        let (servers, workloads) = (Authority::new("servers"), Authority::new("workloads"));
        let (issuer, place) = (Issuer::new("first"), tempfile::tempdir().unwrap());
        let dir = place.path();
        fs::write(dir.join("servers-ca.pem"), servers.pem()).unwrap();
        fs::write(dir.join("workloads-ca.pem"), workloads.pem()).unwrap();
        fs::write(dir.join("keys.json"), key_set(&[&issuer])).unwrap();
        servers.issue(SERVER).write(dir, "server");
        workloads.issue(SERVICES).write(dir, "services");

        let (database, clock) = (Database::create().await, Clock::manual(NOW));
        let mut config = config(&database.url());
        config.tenants.0.push("acme".to_owned());
        config.auth = auth(dir);
        edit(&mut config);
        let app = App::start(config, Roles::ALL, clock.clone()).await.unwrap();
        let clients = showing(connection(&app, dir), &workloads, ADMIN, dir).clients().unwrap();
        Self { world: World { app, clock, clients, database }, servers, workloads, issuer, place }
    }

    /// A file that the services, or those who call them, read.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Somebody who knows where the services are, and shows nothing.
    pub fn nobody(&self) -> Connection {
        connection(&self.world.app, self.place.path())
    }

    /// Somebody with a certificate.
    pub fn workload(&self, id: &str) -> Connection {
        showing(self.nobody(), &self.workloads, id, self.place.path())
    }

    /// The same with a token.
    pub fn with_token(&self, mut connection: Connection, token: &str) -> Connection {
        let path = self.file(&format!("token-{}", fs::read_dir(self.place.path()).unwrap().count()));
        fs::write(&path, token).unwrap();
        connection.credentials.token_file = Some(path);
        connection
    }

    /// Clients of somebody with nothing but a token.
    pub fn user(&self, token: &str) -> Clients {
        self.with_token(self.nobody(), token).clients().unwrap()
    }

    /// What a good token says: `anna@example.com` is an operator of `default` for ten minutes. `changes` go over it; a null takes a
    /// claim out.
    pub fn claims(&self, changes: &Value) -> Value {
        let now = self.world.clock.now().as_second();
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "anna@example.com",
            "iat": now, "nbf": now, "exp": now + 600,
            "tenant": "default", "role": "operator",
        });
        for (claim, value) in changes.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    /// A token with those claims.
    pub fn token(&self, changes: &Value) -> String {
        self.issuer.sign(&self.claims(changes))
    }
}

/// The section of the configuration, with files in `dir`.
fn auth(dir: &Path) -> AuthConfig {
    let workload = |id: &str, tenants: &[&str], role: &str| WorkloadConfig {
        id: id.to_owned(),
        tenants: tenants.iter().map(|&tenant| tenant.to_owned()).collect(),
        role: role.to_owned(),
        quota: None,
    };
    let tls = TlsConfig {
        certificate: dir.join("server.pem"),
        key: dir.join("server.key"),
        client_ca: Some(dir.join("workloads-ca.pem")),
    };
    let client = ClientTlsConfig {
        ca: dir.join("servers-ca.pem"),
        certificate: dir.join("services.pem"),
        key: dir.join("services.key"),
        server_name: Some(SERVER.to_owned()),
    };
    let keys = KeysConfig { file: Some(dir.join("keys.json")), ..KeysConfig::default() };
    AuthConfig {
        mode: AuthMode::Credentials,
        tls: Some(tls),
        workloads: vec![
            workload(SERVICES, &["*"], "service"),
            workload(ADMIN, &["default"], "admin"),
            workload(CRM, &["default", "acme"], "operator"),
            workload(BATCH, &["default"], "router"),
        ],
        tokens: Some(TokensConfig::new(ISSUER, AUDIENCE, keys)),
        client: Some(client),
        ..AuthConfig::default()
    }
}

fn connection(app: &App, dir: &Path) -> Connection {
    let url = |address: Option<_>| format!("{}://{}", app.scheme(), address.unwrap());
    let mut connection = Connection::new(url(app.assignment), url(app.scoring), url(app.escalation), "default");
    connection.tenant = None;
    connection.credentials.tls_ca = Some(dir.join("servers-ca.pem"));
    connection.credentials.tls_server_name = Some(SERVER.to_owned());
    connection
}

fn showing(mut connection: Connection, authority: &Authority, id: &str, dir: &Path) -> Connection {
    let name = format!("of-{}", id.replace(['/', ':'], "-"));
    let (certificate, key) = authority.issue(id).write(dir, &name);
    connection.credentials.tls_cert = Some(certificate);
    connection.credentials.tls_key = Some(key);
    connection
}
