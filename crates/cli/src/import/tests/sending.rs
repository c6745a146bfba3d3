//! Imports against a service that forgets nothing and fails on order.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::v1::{
    BatchRouteLeadsRequest, BatchRouteLeadsResponse, BatchRouteResult, Error, ErrorReason, FieldViolation,
    RouteLeadRequest, RouteLeadResponse, RouteOutcome, batch_route_result::Result as Routed,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use tempfile::TempDir;
use tonic::{Code, Status};

use super::now;
use crate::import::{Answer, ImportArgs, Imported, Retry, run_with};

const MAPPING: &str = "
name: sending
fields: { external_id: id, company_name: name, employees: people }
signals: [{ kind: webinar, at: { age_days: age } }]
";

/// What the service does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Answered,
    /// The caller is told to try again, and nothing was done.
    Unavailable,
    /// The same, but it was done.
    AnswerLost,
    /// Every second entry is told to try again.
    HalfBusy,
    Refused,
}

#[derive(Debug, Default)]
struct Service {
    leads: BTreeMap<String, RouteLeadRequest>,
    calls: Vec<Call>,
    entries: usize,
    /// Requests that came again with other values.
    changed: usize,
}

impl Service {
    fn route(&mut self, request: RouteLeadRequest) -> Routed {
        let lead = request.lead.clone().unwrap_or_default();
        let name = lead.company_name.unwrap_or_default();
        let error = |code: Code, reason: ErrorReason, message: &str| Error {
            code: code.into(),
            message: message.to_owned(),
            reason: reason.into(),
            ..Error::default()
        };
        match name.as_str() {
            "no policy" => {
                return Routed::Error(error(Code::FailedPrecondition, ErrorReason::NoActivePolicy, "no policy"));
            }
            "wrong" => {
                let violation = |field: &str| FieldViolation {
                    field: format!("requests[0].lead.{field}"),
                    description: "is wrong".to_owned(),
                };
                let mut wrong = error(Code::InvalidArgument, ErrorReason::InvalidRequest, "wrong");
                wrong.field_violations = vec![violation("employees"), violation("signals[0].at")];
                return Routed::Error(wrong);
            }
            _ => {}
        }
        match self.leads.get(&request.request_id) {
            Some(before) if *before == request => {}
            Some(_) => {
                self.changed += 1;
                return Routed::Error(error(Code::AlreadyExists, ErrorReason::RequestIdReused, "used before"));
            }
            None => drop(self.leads.insert(request.request_id.clone(), request)),
        }
        let outcome = match name.as_str() {
            "queued" => RouteOutcome::Queued,
            "twin" => RouteOutcome::Duplicate,
            "student" => RouteOutcome::Disqualified,
            _ => RouteOutcome::Offered,
        };
        Routed::Response(RouteLeadResponse { outcome: outcome.into(), ..RouteLeadResponse::default() })
    }

    fn call(&mut self, batch: BatchRouteLeadsRequest) -> Answer {
        let call = self.calls.pop().unwrap_or(Call::Answered);
        self.entries += batch.requests.len();
        if call == Call::Refused {
            return Err(Status::permission_denied("not for you"));
        }
        if call == Call::Unavailable {
            return Err(Status::unavailable("starting"));
        }
        let busy = Error { code: Code::ResourceExhausted.into(), message: "busy".to_owned(), ..Error::default() };
        let route = |(index, request)| match call {
            Call::HalfBusy if index % 2 == 1 => Routed::Error(busy.clone()),
            _ => self.route(request),
        };
        let results = batch.requests.into_iter().enumerate().map(route);
        let results = results.map(|result| BatchRouteResult { result: Some(result) }).collect();
        if call == Call::AnswerLost {
            return Err(Status::unavailable("connection reset"));
        }
        Ok(BatchRouteLeadsResponse { results })
    }
}

struct Import {
    folder: TempDir,
    args: ImportArgs,
    service: Arc<Mutex<Service>>,
}

impl Import {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (file, mapping) = (folder.path().join("leads.csv"), folder.path().join("mapping.yaml"));
        std::fs::write(&file, text).unwrap();
        std::fs::write(&mapping, MAPPING).unwrap();
        let mut args = ImportArgs::new(file, mapping);
        args.report = Some(folder.path().join("report.csv"));
        args.quiet = true;
        args.batch = 10;
        Self { folder, args, service: Arc::default() }
    }

    /// `calls`: what the service does with the first calls.
    fn with(self, calls: &[Call]) -> Self {
        self.service.lock().unwrap().calls = calls.iter().rev().copied().collect();
        self
    }

    /// Runs it so many hours later.
    fn run(&self, hours: i64) -> anyhow::Result<Imported> {
        let service = Arc::clone(&self.service);
        let submit = move |batch| {
            let answer = service.lock().unwrap().call(batch);
            async move { answer }
        };
        let patience = if hours == 0 { Duration::from_mins(1) } else { Duration::ZERO };
        let retry = Retry { first: Duration::ZERO, longest: Duration::ZERO, patience };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run_with(&self.args, now() + SignedDuration::from_hours(hours), submit, retry))
    }

    fn report(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("report.csv")).unwrap()
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.path().join(".leads.csv.leadrouter-checkpoint")
    }

    fn routed(&self) -> usize {
        self.service.lock().unwrap().leads.len()
    }
}

fn table(rows: usize) -> String {
    let row = |i: usize| if i % 7 == 3 { format!("{i},bad,many,1\n") } else { format!("{i},name {i},12,1.5\n") };
    std::iter::once("id,name,people,age\n".to_owned()).chain((0..rows).map(row)).collect()
}

#[test]
fn every_row_comes_to_one_end() {
    let rows = "1,a,1,\n2,queued,1,\n3,twin,1,\n4,student,1,\n5,b,many,\n6,wrong,1,\n7\n1,again,1,\n";
    let import = Import::of(&format!("id,name,people,age\n{rows}"));
    let summary = import.run(0).unwrap().summary;
    let told = "8 rows: 1 to reps, 1 to queues, 1 disqualified, 2 known already, 3 rejected";
    assert_eq!(summary.to_string(), told);
    assert!(summary.adds_up());
    assert_eq!(
        import.report(),
        "line,column,reason\n\
         6,people,\"employees: expected a whole number from 0 to 100000000, found `many`\"\n\
         7,people,employees: is wrong\n\
         7,,signals[0].at: is wrong\n\
         8,,\"the row has 1 fields, and the header 4\"\n"
    );
    assert!(!import.checkpoint().exists(), "nothing is left to go on with");
}

#[test]
fn what_fails_for_a_while_is_sent_again_and_done_once() {
    let calls = [Call::Unavailable, Call::AnswerLost, Call::HalfBusy, Call::HalfBusy, Call::AnswerLost];
    let import = Import::of(&table(40)).with(&calls);
    let summary = import.run(0).unwrap().summary;
    assert_eq!((summary.rows, summary.routed, summary.rejected), (40, 34, 6));
    let service = import.service.lock().unwrap();
    assert_eq!((service.leads.len(), service.changed), (34, 0));
}

#[test]
fn only_what_was_busy_is_sent_again() {
    let mut import = Import::of("id,name,people,age\n1,a,,\n2,b,,\n3,c,,\n4,d,,\n").with(&[Call::HalfBusy]);
    import.args.in_flight = 1;
    assert_eq!(import.run(0).unwrap().summary.routed, 4);
    assert_eq!(import.service.lock().unwrap().entries, 4 + 2);
}

#[test]
fn an_import_that_was_stopped_goes_on() {
    let mut import = Import::of(&table(100)).with(&[Call::Answered, Call::Answered, Call::Refused]);
    import.args.in_flight = 1;
    let error = import.run(0).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "stopped after 20 rows, before line 22; the same command goes on from there: the service refuses the import: \
         not for you (PermissionDenied)"
    );
    let report = import.report();
    let imported = import.run(5).unwrap();
    assert_eq!((imported.done_before, imported.summary.rows), (20, 100));
    assert_eq!(imported.summary.routed, 86);
    // Ages count back from the first start, so nothing that was sent twice had changed.
    assert_eq!((import.routed(), import.service.lock().unwrap().changed), (86, 0));
    assert!(import.report().starts_with(&report));
    assert_eq!(import.report().lines().count(), 1 + 14);
}

#[test]
fn an_import_that_begins_anew_routes_nothing_twice() {
    let import = Import::of(&table(50));
    let first = import.run(0).unwrap().summary;
    // Five hours later the ages are others: the service sees other values behind the same keys.
    let again = import.run(5).unwrap().summary;
    assert_eq!((again.rows, again.routed, again.duplicates), (50, 0, first.routed));
    assert_eq!(import.routed() as u64, first.routed);
    assert_eq!(import.report().lines().count(), 1 + 7);
}

#[test]
fn a_checkpoint_is_for_one_input_and_one_mapping() {
    let import = Import::of(&table(30)).with(&[Call::Refused]);
    import.run(0).unwrap_err();
    std::fs::write(&import.args.file, table(31)).unwrap();
    let error = import.run(0).unwrap_err().to_string();
    assert!(error.starts_with("the input has changed since") && error.ends_with("--restart begins anew"), "{error}");
    std::fs::write(&import.args.mapping, MAPPING.replace("webinar", "visit")).unwrap();
    let error = import.run(0).unwrap_err().to_string();
    assert!(error.starts_with("the mapping has changed since"), "{error}");
    std::fs::write(import.checkpoint(), "{").unwrap();
    assert!(import.run(0).unwrap_err().to_string().contains("is no checkpoint"));
    let mut anew = import.args.clone();
    anew.restart = true;
    let import = Import { args: anew, ..import };
    assert_eq!(import.run(0).unwrap().summary.rows, 31);
}

#[test]
fn a_service_without_a_policy_stops_the_import() {
    let import = Import::of("id,name,people,age\n1,no policy,,\n");
    let error = format!("{:#}", import.run(0).unwrap_err());
    assert!(error.ends_with("nothing can be routed: no policy"), "{error}");
}

#[test]
fn a_service_that_stays_away_stops_the_import() {
    let import = Import::of(&table(10)).with(&[Call::Unavailable; 50]);
    // Hours later there is no patience.
    let error = format!("{:#}", import.run(1).unwrap_err());
    assert!(error.ends_with("the service does not take the leads: starting (Unavailable)"), "{error}");
    import.service.lock().unwrap().calls.clear();
    assert_eq!(import.run(2).unwrap().summary.rows, 10);
}

#[test]
fn a_dry_run_reads_all_and_sends_nothing() {
    let mut import = Import::of(&table(50));
    import.args.dry_run = true;
    let summary = import.run(0).unwrap().summary;
    assert_eq!((summary.rows, summary.rejected, summary.routed), (50, 7, 0));
    assert_eq!((import.routed(), import.service.lock().unwrap().entries), (0, 0));
    assert!(!import.checkpoint().exists());
    assert_eq!(import.report().lines().count(), 1 + 7);
}

#[test]
fn a_wrong_mapping_is_told_with_all_its_places_and_nothing_is_sent() {
    let import = Import::of(&table(10));
    std::fs::write(&import.args.mapping, "name: x\nfields: { emial: a, country: { constant: Japan } }").unwrap();
    let error = import.run(0).unwrap_err().to_string();
    let path = import.args.mapping.display().to_string();
    assert!(error.contains(&format!("{path}:2:11: fields: unknown key `emial`")), "{error}");
    assert!(error.contains(&format!("{path}:2:42: fields.country.constant: expected an ISO 3166-1 code")), "{error}");
    assert_eq!(import.routed(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the service fails and the import is stopped, each row is done once and told once.
    #[test]
    fn each_row_is_done_once(
        rows in 0_usize..120,
        in_flight in 1_u16..5,
        batch in 1_u16..20,
        calls in prop::collection::vec(
            prop::sample::select(vec![Call::Answered, Call::Unavailable, Call::AnswerLost, Call::HalfBusy, Call::Refused]),
            0..40,
        ),
    ) {
        let mut import = Import::of(&table(rows)).with(&calls);
        import.args.in_flight = in_flight;
        import.args.batch = batch;
        let mut hours = 0;
        let summary = loop {
            match import.run(hours) {
                Ok(imported) => break imported.summary,
                Err(_) => hours += 1,
            }
            prop_assert!(hours < 100);
        };
        let bad = (0..rows).filter(|i| i % 7 == 3).count();
        prop_assert!(summary.adds_up());
        prop_assert_eq!(summary.rows, rows as u64);
        prop_assert_eq!(summary.rejected, bad as u64);
        prop_assert_eq!(summary.routed, (rows - bad) as u64);
        prop_assert_eq!(import.routed(), rows - bad);
        prop_assert_eq!(import.service.lock().unwrap().changed, 0);
        prop_assert_eq!(import.report().lines().count(), 1 + bad);
    }
}
