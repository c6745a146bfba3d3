//! Certificates that are replaced while everybody goes on calling.

use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use leadrouter_tests::{
    authority::Authority,
    company, route,
    secured::{BATCH, SERVER, SERVICES, Secured},
};
use tonic::Code;

use crate::{
    certificates::{leads, refusal},
    tokens::until,
};

/// Makes one call after the other until it has been enough; none may fail.
async fn go_on_calling(secured: &Secured, enough: &AtomicBool, calls: &AtomicUsize) {
    let old = secured.workload(BATCH).clients().unwrap();
    while !enough.load(Ordering::Relaxed) {
        leads(&old, None).await.unwrap();
        calls.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_certificate_is_replaced_and_no_call_fails() {
    let secured = Secured::start().await;
    let (enough, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let replace = async {
        // The new one is of another authority, so that it can be told from the old one.
        let next = Authority::new("next");
        fs::write(secured.file("next-ca.pem"), next.pem()).unwrap();
        let mut modern = secured.workload(BATCH);
        modern.credentials.tls_ca = Some(secured.file("next-ca.pem"));
        let connects = async || leads(&modern.clients().unwrap(), None).await.is_ok();
        assert!(!connects().await);
        // The services know each other by it as well.
        fs::write(secured.file("servers-ca.pem"), secured.servers.pem() + &next.pem()).unwrap();
        next.issue(SERVER).write(&secured.file(""), "server");
        until(&secured, connects).await;
        let seen = calls.load(Ordering::Relaxed);
        until(&secured, async || calls.load(Ordering::Relaxed) > seen).await;
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(go_on_calling(&secured, &enough, &calls), replace);
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_can_not_be_used_change_nothing_until_they_can() {
    let secured = Secured::start().await;
    let connects = async || leads(&secured.workload(BATCH).clients().unwrap(), None).await.is_ok();
    let good = fs::read(secured.file("server.pem")).unwrap();
    for broken in [b"".as_slice(), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"] {
        fs::write(secured.file("server.pem"), broken).unwrap();
        secured.world.clock.advance(Duration::from_secs(20));
        assert!(connects().await);
    }
    // A new certificate whose key has not been written yet.
    let next = secured.servers.issue(SERVER);
    fs::write(secured.file("server.pem"), &next.certificate).unwrap();
    secured.world.clock.advance(Duration::from_secs(20));
    assert!(connects().await);
    fs::remove_file(secured.file("server.key")).unwrap();
    secured.world.clock.advance(Duration::from_secs(20));
    assert!(connects().await);
    fs::write(secured.file("server.pem"), good).unwrap();
    fs::write(secured.file("server.key"), &next.key).unwrap();
    secured.world.clock.advance(Duration::from_secs(20));
    assert!(connects().await);
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_of_an_authority_that_has_gone_are_let_in_no_more() {
    let secured = Secured::start().await;
    let world = &secured.world;
    world.install(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let old = secured.workload(BATCH);
    leads(&old.clients().unwrap(), None).await.unwrap();

    // The services get theirs from the new one too.
    let next = Authority::new("next");
    next.issue(SERVICES).write(&secured.file(""), "services");
    fs::write(secured.file("workloads-ca.pem"), next.pem()).unwrap();
    let mut modern = secured.nobody();
    let (certificate, key) = next.issue(BATCH).write(&secured.file(""), "modern");
    (modern.credentials.tls_cert, modern.credentials.tls_key) = (Some(certificate), Some(key));
    until(&secured, async || leads(&modern.clients().unwrap(), None).await.is_ok()).await;
    assert_eq!(refusal(leads(&old.clients().unwrap(), None).await).0, Code::Unavailable);
    // Those who call each other show the new ones: with the old one no lead would be scored.
    let (clients, number) = (modern.clients().unwrap(), AtomicUsize::new(0));
    until(&secured, async || {
        let lead = company::lead(number.fetch_add(1, Ordering::Relaxed));
        route(&clients, lead).await.unwrap().score.unwrap().scoring_model == "scoringModels/1"
    })
    .await;
    secured.world.end().await;
}
