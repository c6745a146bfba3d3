#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case(" Ann.Lee@Example.COM ", "ann.lee@example.com")]
#[case("ann+shop@example.com", "ann@example.com")]
#[case("ann.+a@example.com", "ann@example.com")]
#[case("ann+a+b@example.com", "ann@example.com")]
#[case("+ann@example.com", "+ann@example.com")]
#[case("Ann.Lee+x@gmail.com", "annlee@gmail.com")]
#[case("a.n.n@googlemail.com", "ann@gmail.com")]
#[case("ann.lee@gmail.co.uk", "ann.lee@gmail.co.uk")]
#[case("o'neil_{x}@sub.example.co.uk.", "o'neil_{x}@sub.example.co.uk")]
#[case("ÄNN@Müller.de", "änn@müller.de")]
fn addresses(#[case] given: &str, #[case] normalised: &str) {
    assert_eq!(normalise_email(given).as_deref(), Some(normalised));
    assert_eq!(IdentityKey::email(given), IdentityKey::email(normalised));
}

#[rstest]
fn not_addresses(
    #[values(
        "",
        "@",
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@@example.com",
        "ann@b@example.com",
        "ann lee@example.com",
        "ann@exa mple.com",
        ".ann@example.com",
        "ann.@example.com",
        "a..n@example.com",
        "\"ann\"@example.com",
        "ann@[192.0.2.1]",
        "ann@192.0.2.1",
        "ann@-example.com",
        "ann@example-.com",
        "ann@example..com",
        "ann,lee@example.com",
        "Ann <ann@example.com>",
        "n/a",
        "none@none"
    )]
    text: &str,
) {
    assert_eq!(normalise_email(text), None);
    assert_eq!(email_domain(text), None);
    assert_eq!(IdentityKey::email(text), None);
}

#[test]
fn addresses_have_a_longest() {
    let local = |length: usize| format!("{}@example.com", "a".repeat(length));
    assert!(normalise_email(&local(64)).is_some());
    assert!(normalise_email(&local(65)).is_none());
    let domain = |labels: usize| format!("ann@{}example.com", "abcdefghi.".repeat(labels));
    assert!(normalise_email(&domain(23)).is_some());
    assert!(normalise_email(&domain(24)).is_none());
}

#[rstest]
#[case("acme.com", "acme.com")]
#[case(" HTTPS://www.Acme.com:443/about?x=1#y ", "acme.com")]
#[case("http://user:secret@eu.acme.com/", "eu.acme.com")]
#[case("info@acme.com", "acme.com")]
#[case("acme.com/", "acme.com")]
#[case("www.com", "www.com")]
#[case("www.acme.com.", "acme.com")]
fn domains(#[case] given: &str, #[case] normalised: &str) {
    assert_eq!(normalise_domain(given).as_deref(), Some(normalised));
}

#[rstest]
fn not_domains(
    #[values("", "n/a", "acme", "http://", "acme com", "10.0.0.1", "acme.com:port", "[::1]", ".com")] text: &str,
) {
    assert_eq!(normalise_domain(text), None);
}

#[rstest]
#[case(Some("www.acme.com"), Some("ann@gmail.com"), Some("acme.com"))]
#[case(None, Some("Ann@Mail.Acme.com"), Some("mail.acme.com"))]
#[case(Some("n/a"), Some("ann@acme.com"), Some("acme.com"))]
#[case(None, Some("ann@gmail.com"), None)]
#[case(None, Some("ann@x.mailinator.com"), None)]
#[case(None, Some("not an address"), None)]
#[case(Some("gmail.com"), None, Some("gmail.com"))]
fn company_domains(#[case] told: Option<&str>, #[case] email: Option<&str>, #[case] expected: Option<&str>) {
    let profile =
        Profile { company_domain: told.map(str::to_owned), email: email.map(str::to_owned), ..Profile::default() };
    assert_eq!(company_domain(&profile).as_deref(), expected);
}

#[rstest]
fn shared(
    #[values(
        "gmail.com",
        "outlook.com",
        "hotmail.co.uk",
        "yahoo.com.br",
        "yahoo.fr",
        "gmx.de",
        "web.de",
        "t-online.de",
        "qq.com",
        "163.com",
        "proton.me",
        "icloud.com",
        "mail.ru",
        "yandex.ru",
        "naver.com",
        "orange.fr",
        "libero.it",
        "comcast.net",
        "bigpond.com",
        "mailinator.com",
        "anything.yopmail.com",
        "mail2paris.com"
    )]
    domain: &str,
) {
    assert!(is_shared_mail_domain(domain));
}

#[rstest]
fn not_shared(
    #[values(
        "google.com",
        "microsoft.com",
        "apple.com",
        "comcast.com",
        "verizon.com",
        "yahooinc.com",
        "t-mobile.com",
        "acme.com",
        "gmail.acme.com",
        "notgmail.com",
        "com",
        "co.uk",
        "",
        "mail2.acme.com",
        "yahoo.example.com"
    )]
    domain: &str,
) {
    assert!(!is_shared_mail_domain(domain));
}

#[test]
fn the_list_is_in_order_and_each_entry_is_needed() {
    let lines: Vec<&str> = include_str!("shared_domains.txt").lines().collect();
    assert!(lines.is_sorted_by(|a, b| a < b));
    for line in lines {
        assert_eq!(normalise_domain(line).as_deref(), Some(line));
        let parent = line.split_once('.').unwrap().1;
        assert!(!is_shared_mail_domain(parent), "{line} is covered by {parent}");
    }
}

#[rstest]
#[case("ACME, Inc.", "acme")]
#[case("The Acme Company", "acme")]
#[case("Müller & Söhne GmbH & Co. KG", "muller and sohne")]
#[case("Muller+Sohne GmbH&Co.KG", "muller and sohne")]
#[case("Société Générale S.A.", "societe generale")]
#[case("Societe Generale S. A.", "societe generale")]
#[case("Barilla S.p.A.", "barilla")]
#[case("Barilla SpA", "barilla")]
#[case("Wellness Spa", "wellness spa")]
#[case("WELLNESS SPA", "wellness spa")]
#[case("SAP SE", "sap")]
#[case("Novo Nordisk A/S", "novo nordisk")]
#[case("Telefonaktiebolaget LM Ericsson AB (publ)", "telefonaktiebolaget lm ericsson")]
#[case("Grupo Bimbo, S.A.B. de C.V.", "grupo bimbo")]
#[case("Żabka Polska Sp. z o.o.", "zabka polska")]
#[case("Avast Software s.r.o.", "avast software")]
#[case("Macy's", "macys")]
#[case("AT&T Inc.", "at and t")]
#[case("J. P. Morgan", "jp morgan")]
#[case("J.P. Morgan", "jp morgan")]
#[case("Tiffany & Co.", "tiffany")]
#[case("Goldman Sachs Group", "goldman sachs group")]
#[case("Plan B S.A.", "plan b")]
#[case("Kan-code", "kan code")]
#[case("Cafe\u{301} Nero Ltd", "cafe nero")]
#[case("Amazon.com, Inc.", "amazon com")]
#[case("Limited", "limited")]
#[case("The Limited", "limited")]
#[case("The", "the")]
#[case("Tencent Holdings Ltd", "tencent holdings")]
#[case("株式会社日立製作所", "株式会社日立製作所")]
#[case(" -- ", "")]
fn company_names(#[case] name: &str, #[case] normalised: &str) {
    assert_eq!(normalise_company(name), normalised);
}

#[test]
fn keys_are_digests_that_never_change() {
    let profile = Profile {
        email: Some("Ann+x@Example.com".to_owned()),
        external_id: Some(" CRM-17 ".to_owned()),
        ..Profile::default()
    };
    let keys = IdentityKey::of(&profile);
    let hex = |key: &IdentityKey| format!("{:032x}", u128::from_be_bytes(key.digest));
    // Stored keys are compared with these for ever: printf 'external_id\0CRM-17' | sha256sum
    assert_eq!(keys[0].kind, IdentityKind::ExternalId);
    assert_eq!(hex(&keys[0]), "ad11b73b3d7764f07c8a3eb289af9026");
    assert_eq!(keys[1].kind, IdentityKind::Email);
    assert_eq!(hex(&keys[1]), "bd704a8b9d29ae0047432985803f45b7");
}

#[test]
fn kinds_and_letter_case_of_ids_count() {
    assert_ne!(
        IdentityKey::external_id("ann@example.com").unwrap().digest,
        IdentityKey::email("ann@example.com").unwrap().digest
    );
    assert_ne!(IdentityKey::external_id("a"), IdentityKey::external_id("A"));
    assert_eq!(IdentityKey::external_id(" \t"), None);
    assert_eq!(IdentityKey::of(&Profile::default()), []);
}

proptest! {
    #[test]
    fn normal_forms_stay_as_they_are(text in "\\PC{0,40}|[A-Za-z.+]{1,8}@[A-Za-z0-9.-]{1,12}") {
        if let Some(address) = normalise_email(&text) {
            prop_assert_eq!(email_domain(&address).is_some(), true);
            prop_assert_eq!(normalise_email(&address), Some(address));
        }
        if let Some(domain) = normalise_domain(&text) {
            prop_assert_eq!(normalise_domain(&domain), Some(domain));
        }
        let _ = is_shared_mail_domain(&text);
    }

    #[test]
    fn letter_case_and_signs_around_a_name_do_not_count(name in "[A-Za-z]{3,10}( [A-Za-z]{3,10}){0,3}") {
        let plain = normalise_company(&name);
        prop_assert!(!plain.is_empty());
        prop_assert_eq!(&normalise_company(&format!("  {name}, Inc. ")), &plain);
        prop_assert_eq!(&normalise_company(&format!("The \"{}\" GmbH & Co. KG", name.to_lowercase())), &normalise_company(&name.to_lowercase()));
    }
}
