//! The mappings of `examples/`, over the files that they are for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use domain::{
    directory::{Account, DirectoryDocument},
    expr::Facts,
    policy::{Destination, Policy},
    score::PointsModel,
};

use super::{Outcome, drain, mapping, now};
use crate::import::{Rows, mapping::Mapping};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(path: &str) -> String {
    let path = repository().join("examples").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(path: &Path, plan: &Mapping) -> Outcome {
    drain(Rows::open(path, plan).unwrap_or_else(|error| panic!("{error}")), plan)
}

/// The file of a data set that is no part of the repository. `None`, told loudly, where it is absent.
fn shared(path: &str) -> Option<PathBuf> {
    let here = repository().canonicalize().unwrap();
    let found = here.ancestors().map(|folder| folder.join("shared/data").join(path)).find(|path| path.exists());
    if found.is_none() {
        use std::io::Write as _;
        // Not `eprintln!`: the harness shows that for failed tests only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: ../shared/data/{path} is absent");
    }
    found
}

#[test]
fn the_hardware_seller_s_leads_are_all_read() {
    let plan = mapping(&example("maven/mapping.yaml"));
    let outcome = read(&repository().join("examples/maven/leads.csv"), &plan);
    assert_eq!(outcome.told(), [""; 0]);
    assert_eq!(outcome.unmapped, [""; 0]);
    assert_eq!(outcome.rows.len(), 6_160);
    let requests: BTreeSet<_> = outcome.rows.iter().map(|row| row.request_id).collect();
    assert_eq!(requests.len(), 6_160);
    let emails = || outcome.rows.iter().filter_map(|row| row.profile.email.as_ref());
    let people: BTreeSet<String> = emails().map(|email| email.to_lowercase()).collect();
    let repeated = emails().count() - people.len();
    assert!((180..=310).contains(&repeated), "3 to 5 % are duplicates by e-mail, here {repeated}");
    // Nobody's real address.
    assert!(emails().all(|email| email.to_lowercase().ends_with(".example")));
}

#[test]
fn the_online_course_provider_s_leads_are_all_read() {
    let plan = mapping(&example("x_education/mapping.yaml"));
    let Some(path) = shared("x_education_leads/leads.csv") else { return };
    let outcome = read(&path, &plan);
    assert_eq!(outcome.told(), [""; 0]);
    assert_eq!(outcome.unmapped, [""; 0]);
    assert_eq!(outcome.rows.len(), 6_468);
    let texts = outcome.rows.iter().flat_map(|row| [&row.profile.city, &row.profile.industry]);
    assert!(texts.flatten().all(|text| text != "Select"), "`Select` means blank");
    let without_city = outcome.rows.iter().filter(|row| row.profile.city.is_none()).count();
    assert_eq!(without_city, 1_592 + 1_015);
}

#[test]
fn columns_that_give_the_outcome_away_are_not_read() {
    let plan = mapping(&example("x_education/mapping.yaml"));
    let leaky = [
        "Tags",
        "Lead Quality",
        "Lead Profile",
        "Asymmetrique Activity Index",
        "Asymmetrique Profile Index",
        "Asymmetrique Activity Score",
        "Asymmetrique Profile Score",
        "Last Activity",
        "Last Notable Activity",
        "Converted",
    ];
    for name in leaky {
        assert!(plan.columns.iter().any(|column| column.name == name && column.ignored), "{name}");
    }
}

#[test]
fn the_marketplace_s_leads_are_all_read() {
    let plan = mapping(&example("olist/mapping.yaml"));
    let Some(path) = shared("olist_marketing_funnel/olist_marketing_qualified_leads_dataset.csv") else { return };
    let outcome = read(&path, &plan);
    assert_eq!(outcome.told(), [""; 0]);
    assert_eq!(outcome.unmapped, [""; 0]);
    assert_eq!(outcome.rows.len(), 5_600);
    let unknown = outcome.rows.iter().filter(|row| row.profile.source.is_none()).count();
    assert_eq!(unknown, 766 + 42);
}

/// Where the example's leads go when everybody is free and nobody was known before.
#[test]
fn the_hardware_seller_s_policy_uses_all_of_its_rules() {
    let plan = mapping(&example("maven/mapping.yaml"));
    let leads = read(&repository().join("examples/maven/leads.csv"), &plan).rows;
    let directory = DirectoryDocument::parse(&example("maven/directory.yaml")).unwrap();
    let policy = Policy::parse(&example("maven/policy.yaml"), &directory).unwrap();
    let model = PointsModel::parse(&example("maven/model.yaml")).unwrap();
    let accounts: BTreeMap<&str, &Account> = directory
        .accounts
        .values()
        .flat_map(|account| account.domains.iter().map(|d| (d.as_str(), &**account)))
        .collect();

    let local = now().to_zoned(policy.time_zone.clone()).datetime();
    let mut rules: BTreeMap<&str, usize> = policy.rules.iter().map(|rule| (rule.name.as_str(), 0)).collect();
    let mut grades: BTreeMap<String, usize> = BTreeMap::new();
    let mut reviewed = 0;
    for row in &leads {
        let domain = row.profile.email.as_ref().map(|email| email.to_lowercase());
        let domain = domain.as_ref().and_then(|email| email.split_once('@')).map(|(_, domain)| domain);
        let facts = Facts {
            lead: &row.profile,
            created_at: now(),
            account: domain.and_then(|domain| accounts.get(domain).copied()),
            existing_owner: None,
            score: None,
            local,
            company_domain: domain,
        };
        let score = model.score(&facts, now());
        *grades.entry(score.grade().to_string()).or_default() += 1;
        let matched = policy.evaluate(&Facts { score: Some(&score), ..facts });
        *rules.entry(policy.rule(matched.rule).map_or("default", |rule| rule.name.as_str())).or_default() += 1;
        let first = &policy.route(matched.rule).destinations[0];
        reviewed += usize::from(matches!(first, Destination::Queue(queue) if queue.name() == "review"));
    }
    println!("{rules:#?}\n{grades:#?}\nreviewed: {reviewed} of {}", leads.len());

    // Nobody was known before, so nobody has an owner.
    let unused: Vec<_> = rules.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    assert_eq!(unused, ["existing-relationship"]);
    assert_eq!(grades.len(), 9, "{grades:?}");
    let share = reviewed * 100 / leads.len();
    assert!((10..=20).contains(&share), "10 to 20 % go to people, here {share} %");
}
