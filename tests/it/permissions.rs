//! Which role may call which method: what `docs/security.md` says, against what the services do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use api::v1::ErrorReason;
use kit::{auth::ROLE_HEADER, client};
use leadrouter_tests::World;
use tonic::{Code, Request, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The roles in the order of the table, and what each permission's row has for them.
fn documented() -> (Vec<String>, BTreeMap<String, Vec<bool>>) {
    let text = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = text.lines().filter(|line| line.starts_with("| ")).map(cells);
    let head = rows.by_ref().find(|row| row[1] == "permission").unwrap();
    let roles = head[2..head.len() - 1].to_vec();
    let row = |row: Vec<String>| {
        let permission = row[1].strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some((permission, row[2..row.len() - 1].iter().map(|cell| cell == "x").collect()))
    };
    (roles, rows.filter_map(row).collect())
}

/// Each method's path, and the permission that the contract's text names for it; and how many methods there are.
fn methods() -> (BTreeMap<String, String>, usize) {
    let (mut methods, mut count) = (BTreeMap::new(), 0);
    for file in fs::read_dir(repository().join("proto/leadrouter/v1")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let (mut service, mut method) = ("", "");
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("service ") {
                service = rest.trim_end_matches(" {");
            } else if let Some(rest) = line.strip_prefix("rpc ") {
                method = rest.split('(').next().unwrap();
                count += 1;
            } else if let Some(rest) = line.strip_prefix("option (leadrouter.v1.permission) = PERMISSION_") {
                methods.insert(format!("/leadrouter.v1.{service}/{method}"), rest.trim_end_matches(';').to_owned());
            }
        }
    }
    (methods, count)
}

/// The methods of `google.longrunning.Operations`, and the permission that the document names for each.
fn of_operations() -> BTreeMap<String, String> {
    let text = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    let line = text.lines().filter_map(|line| line.strip_prefix("- `")?.split_once("` needs `"));
    let path = |method: &str| format!("/google.longrunning.Operations/{method}");
    line.map(|(method, permission)| (path(method), permission.trim_end_matches('`').to_owned())).collect()
}

/// True when the service behind `channel` denies the method to the role.
async fn denies(channel: &client::Channel, path: &str, role: &str) -> bool {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let mut request = Request::new(());
    request.metadata_mut().insert(ROLE_HEADER, role.parse().unwrap());
    let codec = ProstCodec::<(), ()>::default();
    let answer = grpc.unary(request, PathAndQuery::try_from(path).unwrap(), codec).await;
    let Err(status) = answer else { return false };
    assert_ne!(status.code(), Code::Unimplemented, "{path}");
    let denied = status.code() == Code::PermissionDenied;
    assert_eq!(denied, api::reason_of(&status) == Some(ErrorReason::MethodDenied), "{path}: {status:?}");
    denied
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_call_what_is_documented_and_nothing_else() {
    let world = World::empty().await;
    let channel = |address: Option<SocketAddr>| {
        client::channel(&client::ClientConfig::new(format!("http://{}", address.unwrap())), None).unwrap()
    };
    let (assignment, scoring, escalation) =
        (channel(world.app.assignment), channel(world.app.scoring), channel(world.app.escalation));
    let (roles, table) = documented();
    let (mut methods, count) = methods();
    let of_operations = of_operations();
    let count = count + of_operations.len();
    methods.extend(of_operations);
    for (path, permission) in &methods {
        let channel = match path.split(['.', '/']).nth(3).unwrap() {
            "ScoringService" => &scoring,
            "EscalationService" => &escalation,
            _ => &assignment,
        };
        for (role, allowed) in roles.iter().zip(&table[permission]) {
            assert_eq!(denies(channel, path, role).await, !allowed, "{path} needs {permission}; role {role}");
        }
    }
    assert!(methods.len() == count && count > 60, "all of them were tried: {count}");
    let used: BTreeSet<&String> = methods.values().collect();
    assert_eq!(used, table.keys().collect(), "no permission is documented that nothing needs");
    assert_eq!(roles.join(", "), server::access::RULES.role_names());
    world.end().await;
}
