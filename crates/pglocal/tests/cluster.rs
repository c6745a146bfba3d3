//! Real servers: as whoever runs the tests and, where that is root, as an ordinary user too.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use leadrouter_pglocal::{Binaries, Cluster, ClusterOptions, Durability, Error};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A directory of the test's own, short enough for sockets, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("lr-{name}-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn options(&self, name: &str) -> ClusterOptions {
        ClusterOptions::new(self.0.join(name))
            .durability(Durability::Fast)
            .max_connections(10)
            .setting("shared_buffers", "16MB")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn sql(cluster: &Cluster, script: &str) -> String {
    let rows = cluster.run_sql("postgres", script).unwrap();
    rows.into_iter().flatten().map(Option::unwrap_or_default).collect::<Vec<_>>().join("|")
}

fn pid(raw: u32) -> Pid {
    Pid::from_raw(i32::try_from(raw).unwrap()).unwrap()
}

fn alive(raw: u32) -> bool {
    // A killed process whose parent hasn't looked yet still answers to signals.
    let state = std::fs::read_to_string(format!("/proc/{raw}/stat")).unwrap_or_default();
    test_kill_process(pid(raw)).is_ok() && !state.contains(") Z ")
}

fn wait_for_end(raw: u32) {
    while alive(raw) {
        std::thread::yield_now();
    }
}

#[test]
fn data_outlives_a_restart_and_the_server_does_not() {
    let scratch = Scratch::new("restart");
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    sql(&cluster, "create table t (n int); insert into t values (42)");
    assert_eq!(sql(&cluster, "show data_checksums"), "on");
    assert_eq!(sql(&cluster, "show server_encoding"), "UTF8");
    assert_eq!(sql(&cluster, "show listen_addresses"), "");
    assert_eq!(sql(&cluster, "show shared_buffers"), "16MB", "the caller's setting wins");
    let first = cluster.server_pid();
    cluster.stop().unwrap();
    assert!(!alive(first));
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    assert_eq!(sql(&cluster, "select n from t"), "42");
    let second = cluster.server_pid();
    drop(cluster);
    assert!(!alive(second));
}

#[test]
fn nobody_else_may_enter_the_socket_directory_or_the_data() {
    let scratch = Scratch::new("closed");
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    for dir in [cluster.socket_dir().to_owned(), cluster.data_dir().join("pgdata")] {
        assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", dir.display());
    }
}

#[test]
fn two_run_side_by_side_and_find_their_data_again() {
    let scratch = Scratch::new("pair");
    let one = Cluster::open_free(&scratch.options("default")).unwrap();
    let two = Cluster::open_free(&scratch.options("default")).unwrap();
    assert!(one.data_dir().ends_with("default"));
    assert!(two.data_dir().ends_with("default-2"));
    sql(&two, "create table second ()");
    drop(two);
    let two = Cluster::open_free(&scratch.options("default")).unwrap();
    assert_eq!(sql(&two, "select count(*) from pg_class where relname = 'second'"), "1");
    assert_eq!(sql(&one, "select count(*) from pg_class where relname = 'second'"), "0");
}

#[test]
fn a_directory_in_use_is_refused_with_the_process_that_has_it() {
    let scratch = Scratch::new("locked");
    let _cluster = Cluster::open(&scratch.options("one")).unwrap();
    match Cluster::open(&scratch.options("one")) {
        Err(Error::Locked { pid: Some(pid), .. }) => assert_eq!(pid, std::process::id()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_foreign_directory_is_refused_and_left_as_it_was() {
    let scratch = Scratch::new("foreign");
    let dir = scratch.0.join("mine");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("PG_VERSION"), "15\n").unwrap();
    let before = names(&dir);
    let error = Cluster::open(&scratch.options("mine")).unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert_eq!(names(&dir), before);
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn data_of_another_version_is_refused() {
    let scratch = Scratch::new("version");
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    let file = cluster.data_dir().join("pgdata/PG_VERSION");
    drop(cluster);
    std::fs::write(&file, "12\n").unwrap();
    let error = Cluster::open(&scratch.options("one")).unwrap_err();
    assert!(matches!(&error, Error::VersionMismatch { found, .. } if found == "12"), "{error}");
}

#[test]
fn a_long_path_gets_a_short_socket() {
    let scratch = Scratch::new("long");
    let cluster = Cluster::open(&scratch.options(&"x".repeat(120))).unwrap();
    assert!(!cluster.socket_dir().starts_with(cluster.data_dir()));
    assert_eq!(sql(&cluster, "select 1"), "1");
    let socket_dir = cluster.socket_dir().to_owned();
    drop(cluster);
    let again = Cluster::open(&scratch.options(&"x".repeat(120))).unwrap();
    assert_eq!(again.socket_dir(), socket_dir);
    drop(again);
    std::fs::remove_dir_all(socket_dir).unwrap();
}

#[test]
fn psql_takes_the_same_address() {
    let scratch = Scratch::new("psql");
    let cluster = Cluster::open(&scratch.options("it's \"odd\" & é")).unwrap();
    // Packages for embedding leave it out.
    let Some(psql) = cluster.binaries().tool("psql") else { return };
    let url = cluster.url("postgres");
    let out = Command::new(psql).args(["-XAtqc", "select 1", &url]).env("PGPORT", "1").output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), "1\n", "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn scripts_answer_with_rows_or_with_what_the_server_said() {
    let scratch = Scratch::new("script");
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    let rows = cluster.run_sql("postgres", "select 1, null; select 'é'").unwrap();
    assert_eq!(rows, [vec![Some("1".to_owned()), None], vec![Some("é".to_owned())]]);
    let error = cluster.run_sql("postgres", "create table t (); selct").unwrap_err();
    assert!(error.to_string().contains("42601"), "{error}");
    assert_eq!(sql(&cluster, "select count(*) from pg_class where relname = 't'"), "0", "all or nothing");
    let error = cluster.run_sql("absent", "select 1").unwrap_err();
    assert!(error.to_string().contains("3D000"), "{error}");
}

#[test]
fn a_path_with_blanks_and_quotes_is_as_good_as_any() {
    let scratch = Scratch::new("odd");
    let cluster = Cluster::open(&scratch.options("it's \"odd\" & é")).unwrap();
    assert_eq!(sql(&cluster, "select 1"), "1");
    assert!(cluster.socket_dir().starts_with(cluster.data_dir()));
    drop(cluster);
    // libpq would take a comma for a list of hosts.
    let cluster = Cluster::open(&scratch.options("one,two")).unwrap();
    assert_eq!(sql(&cluster, "select 1"), "1");
    std::fs::remove_dir_all(cluster.socket_dir()).unwrap();
}

#[test]
fn a_killed_server_is_recovered() {
    let scratch = Scratch::new("killed");
    let options = scratch.options("one").durability(Durability::Durable);
    let cluster = Cluster::open(&options).unwrap();
    sql(&cluster, "create table t (n int); insert into t values (7)");
    let server = cluster.server_pid();
    kill_process(pid(server), Signal::KILL).unwrap();
    drop(cluster);
    assert!(!alive(server));
    assert!(scratch.0.join("one/pgdata/postmaster.pid").exists());
    let cluster = Cluster::open(&options).unwrap();
    assert_eq!(sql(&cluster, "select n from t"), "7");
}

#[test]
fn a_record_whose_process_id_went_to_another_does_not_block() {
    let scratch = Scratch::new("recycled");
    drop(Cluster::open(&scratch.options("one")).unwrap());
    let dir = scratch.0.join("one");
    let mut bystander = Command::new("sleep").arg("600").spawn().unwrap();
    let stale = format!("{}\n/nowhere\n1\n5432\n/nowhere\n\n  5432001 999999\nready   \n", bystander.id());
    std::fs::write(dir.join("pgdata/postmaster.pid"), &stale).unwrap();
    std::fs::write(dir.join("run/.s.PGSQL.5432.lock"), &stale).unwrap();
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    assert_eq!(sql(&cluster, "select 1"), "1");
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander was left alone");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn the_server_of_a_killed_owner_is_replaced_and_its_data_kept() {
    let scratch = Scratch::new("orphan");
    let (mut owner, server) = hold(&scratch.0.join("one"));
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(alive(server), "nothing tells the server that its owner is gone");
    let cluster = Cluster::open(&scratch.options("one")).unwrap();
    wait_for_end(server);
    assert_eq!(sql(&cluster, "select count(*) from pg_class where relname = 'kept'"), "1");
}

#[test]
fn temporary_clusters_leave_nothing() {
    let options = Scratch::new("temporary").options("unused");
    let cluster = Cluster::open_temporary(&options).unwrap();
    let dir = cluster.data_dir().to_owned();
    assert_eq!(sql(&cluster, "select 1"), "1");
    cluster.stop().unwrap();
    assert!(!dir.exists());
    assert!(!options.data_dir.exists());
}

#[test]
fn temporary_clusters_of_killed_owners_are_swept() {
    let (mut owner, server) = hold(Path::new(""));
    let parent = std::env::temp_dir().join(format!("leadrouter-{}", rustix::process::geteuid().as_raw()));
    let theirs = parent.join(format!("{}-1", owner.id()));
    assert!(theirs.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    // Any test of this file that opens a temporary cluster may do the sweeping.
    drop(Cluster::open_temporary(&ClusterOptions::new("")).unwrap());
    wait_for_end(server);
    while theirs.exists() {
        std::thread::yield_now();
    }
}

/// Another process (this test program again) that opens a cluster and keeps it until it is killed.
fn hold(dir: &Path) -> (Child, u32) {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "held_by_another_process", "--ignored", "--nocapture"])
        .env("PGLOCAL_TEST_HOLD", dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(owner.stdout.take().unwrap());
    let server = said.lines().find_map(|line| line.unwrap().split_once("server=").map(|(_, pid)| pid.parse().unwrap()));
    (owner, server.expect("the helper opened its cluster"))
}

#[test]
#[ignore = "run by other tests as a process of its own"]
fn held_by_another_process() {
    let Some(dir) = std::env::var_os("PGLOCAL_TEST_HOLD") else { return };
    let options = ClusterOptions::new(&dir).durability(Durability::Fast);
    let cluster = if dir.is_empty() { Cluster::open_temporary(&options) } else { Cluster::open(&options) }.unwrap();
    sql(&cluster, "create table kept ()");
    println!("server={}", cluster.server_pid());
    // Ends when the parent does, should that forget to kill us.
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn an_ordinary_user_can_do_the_same() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new("user");
    chown(&scratch.0, Some(65534), Some(65534)).unwrap();
    let program = scratch.0.join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let out = Command::new(&program)
        .args(["data_outlives_a_restart", "killed_owner_is_replaced", "temporary_clusters"])
        .env("TMPDIR", &scratch.0)
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("4 passed"), "{said}{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn roots_own_closed_directories_are_named() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new("closedroot");
    std::fs::set_permissions(&scratch.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    match Cluster::open(&scratch.options("one")) {
        Err(Error::Unreachable { dir, .. }) => assert_eq!(dir, scratch.0.canonicalize().unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn found_programs_are_of_a_usable_version() {
    let binaries = Binaries::find().unwrap();
    assert!(binaries.major() >= leadrouter_pglocal::MINIMUM_MAJOR);
    assert!(binaries.tool("postgres").is_some());
    assert!(binaries.tool("no-such-program").is_none());
}
