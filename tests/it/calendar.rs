//! Holidays from a file reach a calendar, and the clocks that run by it if that is asked for.

use api::v1::{
    GetCalendarRequest, GetLeadSlaRequest, LeadProfile, OwnershipChange, OwnershipChangeKind as Kind,
    WatchOwnershipRequest,
};
use cli::commands::calendar::{CalendarCommand, ImportArgs, run};
use leadrouter_tests::{
    NOW, World,
    watch::{judge, until, watch},
};

const DIRECTORY: &str = r#"
calendars:
  - id: office
    name: Office
    time_zone: America/New_York
    hours: { mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"] }
teams: [{ id: sales, name: Sales, calendar: office }]
reps: [{ id: ann, name: Ann, team: sales }]
pools: [{ id: sales, name: Sales, members: [ann] }]
"#;

const POLICY: &str = "
name: business
time_zone: America/New_York
sla: { slow: { respond: 4h@business, escalate: [{ after: 5h@business, do: remind }] } }
rules: []
default: { to: { pool: sales }, sla: slow }
";

/// Today from noon on, all of tomorrow, and a day each year.
const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\
    BEGIN:VEVENT\r\nSUMMARY:Outing\r\nDTSTART:20261118T120000\r\nDTEND:20261118T170000\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nSUMMARY:The day after\r\nDTSTART;VALUE=DATE:20261119\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nSUMMARY:Thanksgiving\r\nDTSTART;VALUE=DATE:20261126\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// When the lead's first response is due, and its reminder, by Ann's clock.
async fn due(world: &World, lead: &str) -> (String, String) {
    let request = GetLeadSlaRequest { name: lead.to_owned() };
    let told = world.clients.escalation.clone().get_lead_sla(request).await.unwrap().into_inner();
    let sla = told.lead_sla.unwrap().sla.unwrap();
    (sla.respond_by_local, sla.steps[0].due_local.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn holidays_from_a_file_close_a_calendar_and_move_clocks_if_asked() {
    let world = World::of(DIRECTORY, POLICY).await;
    let start = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap().0.resume_token;
    let profile = LeadProfile { email: Some("zoe@example.com".to_owned()), ..Default::default() };
    let lead = world.route(profile).await.unwrap().lead.unwrap();
    // A Wednesday, ten in the morning.
    let before = ("Wed 2026-11-18 14:00 EST".to_owned(), "Wed 2026-11-18 15:00 EST".to_owned());
    assert_eq!((due(&world, &lead.name).await, NOW.as_second()), (before.clone(), 1_795_014_000));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("holidays.ics");
    std::fs::write(&file, HOLIDAYS).unwrap();
    let import = |redate: bool, validate_only: bool| {
        let args = ImportArgs {
            calendar: "office".parse().unwrap(),
            file: file.clone(),
            country: None,
            subdivision: None,
            first_year: 2026,
            last_year: 2030,
            redate,
            validate_only,
        };
        run(CalendarCommand::Import(args), &world.clients)
    };
    let told = import(true, true).await.unwrap();
    assert_eq!(
        told,
        "calendar office: would be added 1 day, 1 yearly rule, 1 date with fewer hours; 0 as before\n  \
         4th thu of nov each year: Thanksgiving\n  2026-11-18 Outing: open 09:00-12:00\n  2026-11-19 The day after\n\
         2 running clocks of 1 lead dated anew, by +45:00 h to +45:00 h"
    );
    assert_eq!(due(&world, &lead.name).await, before, "nothing was changed");

    let told = import(true, false).await.unwrap();
    assert!(told.contains("2 running clocks of 1 lead dated anew"), "{told}");
    let after = ("Fri 2026-11-20 11:00 EST".to_owned(), "Fri 2026-11-20 12:00 EST".to_owned());
    assert_eq!(due(&world, &lead.name).await, after);
    let again = import(false, false).await.unwrap();
    assert_eq!(again, "calendar office: added 0 days, 0 yearly rules, 0 dates with fewer hours; 3 as before");

    let request = GetCalendarRequest { name: "calendars/office".to_owned() };
    let calendar = world.clients.directory.clone().get_calendar(request).await.unwrap().into_inner().calendar.unwrap();
    assert_eq!((calendar.holidays.as_slice(), calendar.etag.as_str()), (["2026-11-19".to_owned()].as_slice(), "2"));
    let rule = &calendar.holiday_rules[0];
    assert_eq!((rule.on.as_str(), rule.first_year, rule.last_year), ("4th thu of nov", Some(2026), Some(2030)));
    world.audit().await;
    // Whoever watches hears of it, once.
    let last = world.route(LeadProfile { email: Some("last@example.com".to_owned()), ..Default::default() });
    let last = last.await.unwrap().lead.unwrap().name;
    let changes = until(&world.clients, &start, |change| change.lead == last).await;
    let kinds: Vec<_> = changes.iter().map(OwnershipChange::kind).collect();
    assert_eq!(kinds, [Kind::Assigned, Kind::ClocksMoved, Kind::Assigned]);
    let [was, is] = [&changes[0], &changes[1]].map(|change| change.respond_by.unwrap().seconds);
    assert_eq!((changes[1].epoch, is - was), (1, 45 * 3_600));
    assert_eq!(judge(&world.clients, &changes).await, Vec::<String>::new());

    std::fs::write(&file, HOLIDAYS.replace("FREQ=YEARLY", "FREQ=WEEKLY")).unwrap();
    let refused = import(false, false).await.unwrap_err().to_string();
    assert!(refused.contains("holidays.ics:15: RRULE: `FREQ=WEEKLY` is not read: expected FREQ=YEARLY"), "{refused}");
}
