//! Callers with tokens.

use std::time::Duration;

use api::v1::{AcceptLeadRequest, ListAssignmentsRequest};
use leadrouter_tests::{
    NOW, company,
    issuer::{Issuer, key_set},
    key_server::{Day, KeyServer},
    route,
    secured::{BATCH, CRM, Secured},
};
use serde_json::{Value, json};
use tonic::Code;

use crate::certificates::{leads, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_gives_what_it_says() {
    let secured = Secured::start().await;
    let anna = secured.user(&secured.token(&json!({})));
    leads(&anna, None).await.unwrap();
    leads(&anna, Some("default")).await.unwrap();
    refused(leads(&anna, Some("acme")).await, Code::PermissionDenied, "TENANT_DENIED", "`acme`");
    let create = anna.policy.clone().create_policy(api::v1::CreatePolicyRequest::default()).await;
    refused(create, Code::PermissionDenied, "METHOD_DENIED", "POLICIES_WRITE");
    // Several tenants, and another shape of audience and times.
    let changes =
        json!({ "tenant": ["default", "acme"], "aud": ["other", "leadrouter"], "exp": 1_900_000_000.5, "nbf": null });
    let both = secured.user(&secured.token(&changes));
    leads(&both, Some("acme")).await.unwrap();
    refused(leads(&both, None).await, Code::InvalidArgument, "INVALID_METADATA", "leadrouter-tenant");
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_is_refused_and_says_why() {
    let secured = Secured::start().await;
    let now = NOW.as_second();
    let changed: [(Value, &str, &str); 14] = [
        (json!({ "exp": now - 31 }), "CREDENTIAL_EXPIRED", "has expired"),
        (json!({ "exp": null }), "CREDENTIAL_INVALID", "`exp`"),
        (json!({ "exp": "tomorrow" }), "CREDENTIAL_INVALID", "`exp`"),
        (json!({ "nbf": now + 31 }), "CREDENTIAL_INVALID", "not valid yet"),
        (json!({ "iss": "https://evil.test" }), "CREDENTIAL_INVALID", "issuer"),
        (json!({ "iss": null }), "CREDENTIAL_INVALID", "`iss`"),
        (json!({ "aud": "another" }), "CREDENTIAL_INVALID", "audience"),
        (json!({ "aud": null }), "CREDENTIAL_INVALID", "`aud`"),
        (json!({ "sub": null }), "CREDENTIAL_INVALID", "`sub`"),
        (json!({ "sub": "anna\nfor boss" }), "CREDENTIAL_INVALID", "`sub`"),
        (json!({ "role": "king" }), "CREDENTIAL_INVALID", "one of: reader"),
        (json!({ "role": null }), "CREDENTIAL_INVALID", "`role`"),
        (json!({ "tenant": "*" }), "CREDENTIAL_INVALID", "`tenant`"),
        (json!({ "tenant": [] }), "CREDENTIAL_INVALID", "`tenant`"),
    ];
    for (changes, reason, text) in &changed {
        let answer = leads(&secured.user(&secured.token(changes)), None).await;
        refused(answer, Code::Unauthenticated, reason, text);
    }

    let (good, issuer) = (secured.claims(&json!({})), &secured.issuer);
    let token = issuer.sign(&good);
    let mut altered = token.clone();
    // One letter of the claims.
    let middle = token.find('.').unwrap() + 10;
    let letter = if &token[middle..=middle] == "A" { "B" } else { "A" };
    altered.replace_range(middle..=middle, letter);
    let forged: [(String, &str); 9] = [
        (altered, "signature"),
        (Issuer::new("first").sign(&good), "signature"),
        (Issuer::new("second").sign(&good), "its key `second` is not known"),
        (issuer.unsigned(&good), "an algorithm that is not accepted"),
        (issuer.confuse(&good), "an algorithm that is not accepted"),
        (issuer.sign_under(&json!({ "alg": "RS256", "kid": "first" }), &good), "key is for another algorithm"),
        (issuer.sign_under(&json!({ "alg": "ES256", "kid": "first", "crit": ["b64"] }), &good), "crit"),
        ("not-a-token".to_owned(), "no signed JSON Web Token"),
        (token[..token.len() - 2].to_owned(), "signature"),
    ];
    for (token, text) in &forged {
        refused(leads(&secured.user(token), None).await, Code::Unauthenticated, "CREDENTIAL_INVALID", text);
    }
    // The same with the right claims is fine, also with no key named when there is only one, and within the leeway.
    leads(&secured.user(&token), None).await.unwrap();
    leads(&secured.user(&issuer.sign_under(&json!({ "alg": "ES256" }), &good)), None).await.unwrap();
    leads(&secured.user(&secured.token(&json!({ "exp": now - 29, "nbf": now + 29 }))), None).await.unwrap();
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_good_expires_and_goes_with_its_key() {
    let secured = Secured::start().await;
    let anna = secured.user(&secured.token(&json!({})));
    leads(&anna, None).await.unwrap();
    secured.world.clock.advance(Duration::from_secs(629));
    leads(&anna, None).await.unwrap();
    secured.world.clock.advance(Duration::from_secs(1));
    refused(leads(&anna, None).await, Code::Unauthenticated, "CREDENTIAL_EXPIRED", "has expired");

    let anna = secured.user(&secured.token(&json!({})));
    leads(&anna, None).await.unwrap();
    std::fs::write(secured.file("keys.json"), key_set(&[&Issuer::new("second")])).unwrap();
    until(&secured, async || leads(&anna, None).await.is_err()).await;
    refused(leads(&anna, None).await, Code::Unauthenticated, "CREDENTIAL_INVALID", "`first` is not known");
    // A file that is none changes nothing.
    std::fs::write(secured.file("keys.json"), key_set(&[&secured.issuer])).unwrap();
    until(&secured, async || leads(&anna, None).await.is_ok()).await;
    std::fs::write(secured.file("keys.json"), "{").unwrap();
    secured.world.clock.advance(Duration::from_secs(20));
    leads(&anna, None).await.unwrap();
    secured.world.end().await;
}

/// Comes back when it holds; meanwhile the time goes by in which changed files are looked for.
pub(crate) async fn until(secured: &Secured, holds: impl AsyncFn() -> bool) {
    let look = async {
        while !holds().await {
            secured.world.clock.advance(Duration::from_secs(1));
            // Others are at work as well, also on this thread.
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), look).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn history_names_the_workload_and_the_user_and_neither_gains_by_the_other() {
    let secured = Secured::start().await;
    let world = &secured.world;
    world.install(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let together = |id: &str, changes: &Value| {
        secured.with_token(secured.workload(id), &secured.token(changes)).clients().unwrap()
    };
    let anna = together(CRM, &json!({}));
    let lead = route(&anna, company::lead(1)).await.unwrap().lead.unwrap();
    let request = ListAssignmentsRequest { parent: lead.name.clone(), ..ListAssignmentsRequest::default() };
    let history = anna.assignment.clone().list_assignments(request).await.unwrap().into_inner().assignments;
    assert_eq!(history[0].actor, "spiffe://test/crm for anna@example.com");

    // An admin at a tool for routing, and a reader at a tool for everything.
    let accept = AcceptLeadRequest { name: lead.name.clone(), etag: lead.etag.clone(), ..AcceptLeadRequest::default() };
    let admin = together(BATCH, &json!({ "role": "admin" }));
    let answer = admin.assignment.clone().accept_lead(accept.clone()).await;
    refused(answer, Code::PermissionDenied, "METHOD_DENIED", "`router`");
    let reader = together(CRM, &json!({ "role": "reader" }));
    leads(&reader, None).await.unwrap();
    let answer = reader.assignment.clone().accept_lead(accept).await;
    refused(answer, Code::PermissionDenied, "METHOD_DENIED", "`reader`");
    // The tenants are those that both are for.
    let acme = together(CRM, &json!({ "tenant": "acme" }));
    leads(&acme, None).await.unwrap();
    refused(leads(&acme, Some("default")).await, Code::PermissionDenied, "TENANT_DENIED", "`default`");
    let nothing = together(BATCH, &json!({ "tenant": "acme" }));
    refused(leads(&nothing, None).await, Code::PermissionDenied, "TENANT_DENIED", "different tenants");
    // A bad token is not made good by a certificate.
    let expired = together(CRM, &json!({ "exp": 1 }));
    refused(leads(&expired, None).await, Code::Unauthenticated, "CREDENTIAL_EXPIRED", "has expired");
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_tokens_are_read_one_is_refused_and_not_passed_over() {
    let secured = Secured::start_with(|config| config.auth.tokens = None).await;
    let anna = secured.with_token(secured.workload(CRM), &secured.token(&json!({}))).clients().unwrap();
    refused(leads(&anna, Some("default")).await, Code::Unauthenticated, "CREDENTIAL_INVALID", "`auth.tokens`");
    secured.world.end().await;
}

/// Services whose keys come from that server.
async fn with_keys(keys: &KeyServer) -> Secured {
    let url = keys.url.clone();
    Secured::start_with(move |config| {
        let source = &mut config.auth.tokens.as_mut().unwrap().keys;
        (source.file, source.url) = (None, Some(url));
        source.timeout = Duration::from_millis(300);
    })
    .await
}

const MIN_REFRESH: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_fetched_when_it_is_first_used_and_never_more_often_than_allowed() {
    let (first, second) = (Issuer::new("first"), Issuer::new("second"));
    let keys = KeyServer::start(Day::Good(key_set(&[&first]))).await;
    let secured = with_keys(&keys).await;
    let of = |issuer: &Issuer| secured.user(&issuer.sign(&secured.claims(&json!({}))));
    // The first fetch may be under way; calls wait for it.
    leads(&of(&first), None).await.unwrap();
    assert_eq!(keys.asked(), 1);

    // Too early for another one: the unknown key is refused at once, however often it comes.
    for _ in 0..20 {
        refused(leads(&of(&second), None).await, Code::Unauthenticated, "CREDENTIAL_INVALID", "`second` is not known");
    }
    assert_eq!(keys.asked(), 1);

    keys.turn(Day::Good(key_set(&[&second])));
    until(&secured, async || leads(&of(&second), None).await.is_ok()).await;
    assert_eq!(keys.asked(), 2);
    refused(leads(&of(&first), None).await, Code::Unauthenticated, "CREDENTIAL_INVALID", "`first` is not known");
    // Known keys are looked after as well, every five minutes.
    secured.world.clock.advance(MIN_REFRESH);
    secured.world.clock.advance(Duration::from_mins(5));
    until(&secured, async || keys.asked() >= 3).await;
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_kept_while_they_can_not_be_fetched() {
    let first = Issuer::new("first");
    let keys = KeyServer::start(Day::Good(key_set(&[&first]))).await;
    let secured = with_keys(&keys).await;
    let anna = secured.user(&first.sign(&secured.claims(&json!({ "exp": NOW.as_second() + 1_000_000 }))));
    leads(&anna, None).await.unwrap();
    let good = Day::Good(key_set(&[&first]));
    for day in [Day::Failing, Day::Stalling, Day::Endless, Day::Good("{}".to_owned()), Day::Good(String::new())] {
        let before = keys.asked();
        keys.turn(day);
        // Two failed fetches, one after the other.
        until(&secured, async || {
            leads(&anna, None).await.unwrap();
            keys.asked() >= before + 2
        })
        .await;
        leads(&anna, None).await.unwrap();
        keys.turn(good.clone());
    }
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_start_without_the_keys_and_take_tokens_once_they_are_there() {
    let first = Issuer::new("first");
    let keys = KeyServer::start(Day::Failing).await;
    let secured = with_keys(&keys).await;
    let anna = secured.user(&first.sign(&secured.claims(&json!({ "exp": NOW.as_second() + 1_000_000 }))));
    refused(leads(&anna, None).await, Code::Unauthenticated, "CREDENTIAL_INVALID", "`first` is not known");
    // Certificates are good meanwhile.
    leads(&secured.workload(BATCH).clients().unwrap(), None).await.unwrap();
    keys.turn(Day::Good(key_set(&[&first])));
    until(&secured, async || leads(&anna, None).await.is_ok()).await;
    secured.world.end().await;
}
