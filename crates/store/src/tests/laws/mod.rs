//! The laws of the store under random work: whatever several writers do at once, some of whom hang up half-way, comes to
//! the same as if one after the other had done it, in the order of their commits.

mod model;
mod writer;

use std::sync::Arc;

use domain::{ids::TenantId, ownership::Owner};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::{runtime::Runtime, task::JoinSet};

use self::{
    model::{CAP, Model},
    writer::{Log, Writer},
};
use super::{fixtures::*, now};
use crate::{Store, testing::Database};

/// What one request wants. Leads are named by their e-mail address.
#[derive(Debug, Clone, Copy)]
enum Action {
    /// A lead arrives and is for that rep, if it is not known and the rep has room.
    Arrive { email: u32, rep: usize },
    /// The lead goes to that rep, if there is room.
    Pass { email: u32, rep: usize },
    /// The lead is closed.
    Close { email: u32 },
    /// The directory changes.
    Reorganise,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    action: Action,
    /// The first attempt is abandoned after so many polls.
    hang_up: Option<usize>,
    /// The request is sent once more when it was answered.
    again: bool,
}

/// What each writer does, in order.
type Plan = Vec<Vec<Order>>;

const REPS: [&str; 2] = ["anna", "bob"];

fn plans() -> impl Strategy<Value = Plan> {
    let (email, rep) = (0..5_u32, 0..REPS.len());
    let action = prop_oneof![
        6 => (email.clone(), rep.clone()).prop_map(|(email, rep)| Action::Arrive { email, rep }),
        4 => (email.clone(), rep).prop_map(|(email, rep)| Action::Pass { email, rep }),
        4 => email.prop_map(|email| Action::Close { email }),
        1 => Just(Action::Reorganise),
    ];
    let order = (action, prop::option::weighted(0.4, 0..12_usize), any::<bool>());
    let order = order.prop_map(|(action, hang_up, again)| Order { action, hang_up, again });
    prop::collection::vec(prop::collection::vec(order, 1..20), 2..4)
}

/// A database and a store for each writer, as of so many processes.
struct House {
    runtime: Runtime,
    stores: Vec<Store>,
    _database: Database,
}

impl House {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (database, stores) = runtime.block_on(async {
            let database = Database::create().await;
            let mut stores = Vec::new();
            for _ in 0..3 {
                stores.push(database.store_of(3).await);
            }
            (database, stores)
        });
        Self { runtime, stores, _database: database }
    }

    /// Carries out a plan for a tenant of its own. An error tells which law was broken.
    fn run(&self, plan: &Plan, careless: bool) -> Result<(), String> {
        self.runtime.block_on(async {
            let store = &self.stores[0];
            let tenant = store.ensure_tenant(&uuid::Uuid::new_v4().to_string(), now()).await.unwrap();
            let log = Arc::new(Log::default());
            let mut tasks = JoinSet::new();
            for (number, orders) in plan.iter().cloned().enumerate() {
                let store = self.stores[number].clone();
                let writer = Writer { number, store, tenant, log: Arc::clone(&log), careless };
                tasks.spawn(async move { writer.work(&orders).await });
            }
            for done in tasks.join_all().await {
                done?;
            }
            let mut model = Model::default();
            for (place, event) in log.events() {
                model.apply(&event).map_err(|why| format!("at {place}, {event:?}: {why}"))?;
            }
            compare(store, tenant, &model).await
        })
    }
}

/// What the store has is what the model has.
async fn compare(store: &Store, tenant: TenantId, model: &Model) -> Result<(), String> {
    for (lead, expected) in &model.leads {
        let (_, found) = store.lead(tenant, *lead).await.unwrap().ok_or(format!("there is no lead {lead}"))?;
        let owner = if let Owner::Rep(rep) = &found.owner { Some(rep.clone()) } else { None };
        let history = store.assignments(tenant, *lead, domain::ids::Epoch(0), 1_000).await.unwrap();
        let epochs: Vec<i32> = history.iter().map(|period| period.epoch.0).collect();
        if (found.epoch.0, &owner, found.closed_at.is_none()) != (expected.epoch, &expected.rep, expected.open)
            || epochs != (1..=expected.epoch).collect::<Vec<_>>()
        {
            return Err(format!("expected {expected:?}, found {found:?} with assignments {epochs:?}"));
        }
    }
    let mut tx = store.open("compare").await.unwrap();
    let reps = REPS.map(rep);
    let counters = tx.counters(tenant, &counters_of(&REPS, &[])).await.unwrap();
    for rep in &reps {
        let (open, expected) = (counters.load(rep).open, model.open_leads(rep));
        if open != expected || open > CAP {
            return Err(format!("{rep} has {expected} open leads, {open} are counted, the cap is {CAP}"));
        }
    }
    let audit = store.audit(tenant, |_, _| Some(2)).await.unwrap();
    let leads = i64::try_from(model.leads.len()).unwrap();
    if audit.violations() != 0 || audit.leads != leads {
        return Err(format!("expected {leads} leads and no violation, found {audit:?}"));
    }
    let directory = store.versions(tenant).await.unwrap().directory;
    let same = directory == model.directory;
    same.then_some(()).ok_or(format!("the directory is at {directory}, not at {}", model.directory))
}

#[test]
fn whatever_many_do_at_once_is_as_if_they_did_it_in_turn() {
    let house = House::new();
    let config = Config { cases: 24, max_shrink_iters: 100, failure_persistence: None, ..Config::default() };
    let law = |plan| house.run(&plan, false).map_err(TestCaseError::fail);
    TestRunner::new(config).run(&plans(), law).unwrap();
}

/// The control: the same by writers who do not compare breaks a law.
#[test]
fn a_writer_who_does_not_compare_is_caught() {
    let house = House::new();
    let arrive = |email| Order { action: Action::Arrive { email, rep: 0 }, hang_up: None, again: false };
    let plan: Plan = (0..3).map(|writer| (0..6).map(|n| arrive(writer * 6 + n)).collect()).collect();
    assert_eq!(house.run(&plan, false), Ok(()));
    assert!((0..50).any(|_| house.run(&plan, true).is_err()), "nobody noticed");
}
