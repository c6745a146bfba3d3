//! Small companies for tests.

use std::fmt::Write as _;

use api::v1::LeadProfile;

/// Working hours that never end, in New York's time.
const ALWAYS: &str = "
calendars:
  - id: always
    name: Day and night
    time_zone: America/New_York
    hours:
      mon: [\"00:00-24:00\"]
      tue: [\"00:00-24:00\"]
      wed: [\"00:00-24:00\"]
      thu: [\"00:00-24:00\"]
      fri: [\"00:00-24:00\"]
      sat: [\"00:00-24:00\"]
      sun: [\"00:00-24:00\"]
";

/// One team with a manager `boss`, one pool `sales`, and reps in it: their id, their weight, and whatever else is told of them
/// (`max_open: 3`).
pub fn directory(reps: &[(&str, u32, &str)]) -> String {
    let mut text = format!(
        "{ALWAYS}
teams:
  - {{ id: sales, name: Sales, manager: boss, calendar: always }}
reps:
  - {{ id: boss, name: Boss, team: sales, seniority: director }}
"
    );
    for (id, _, rest) in reps {
        let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
        let _ = writeln!(text, "  - {{ id: {id}, name: {id}, team: sales{rest} }}");
    }
    text.push_str("pools:\n  - id: sales\n    name: Sales\n    members:\n");
    for (id, weight, _) in reps {
        let _ = writeln!(text, "      - {{ rep: {id}, weight: {weight} }}");
    }
    text
}

/// Every lead goes to the pool `sales`; who must answer within 15 minutes, is reminded then, and so on.
pub const POLICY: &str = "
name: everything-to-sales
description: One pool for all
time_zone: America/New_York
sla:
  quick:
    respond: 15m@wall
    accept: 10m@wall
    escalate:
      - { after: 15m@wall, do: remind }
      - { after: 30m@wall, do: backup }
      - { after: 45m@wall, do: manager }
      - { after: 60m@wall, do: queue, queue: review }
  unhurried:
    respond: 8h@wall
    escalate: []
waiting: { retry_every: 5m@wall, deadline: 2h@wall, then: review }
rules:
  - name: not-a-customer
    when: lead.industry == \"spam\"
    to: { disqualify: \"spam\" }
  - name: patient
    when: lead.industry == \"patient\"
    to: { pool: sales }
    sla: unhurried
default: { to: { pool: sales }, sla: quick }
";

/// A lead of a person nobody has heard of before.
pub fn lead(number: usize) -> LeadProfile {
    LeadProfile {
        email: Some(format!("person{number}@company{number}.example")),
        company_name: Some(format!("Company {number}")),
        country: Some("US".to_owned()),
        ..LeadProfile::default()
    }
}
