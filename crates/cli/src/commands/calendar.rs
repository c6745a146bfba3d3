//! `calendar`: working hours and holidays.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::{Context as _, bail};
use api::{
    Path, Violations,
    convert::directory::{calendar_to_wire, read_calendar},
    names::Resource as _,
    v1::{Calendar, GetCalendarRequest, RedatedClocks, RunningClocks, UpdateCalendarRequest},
};
use clap::{Args, Subcommand};
use domain::{
    calendar::{HolidayRule, time_zone},
    directory::OpenHours,
    ids::CalendarId,
};
use prost_types::FieldMask;
use uuid::Uuid;

use super::clocks;
use crate::{
    Clients,
    holidays::{Added, Place, apply, read},
    text::count,
    told::answer,
};

/// Days that are told one by one.
const TOLD: usize = 40;

/// What can be done with a calendar.
#[derive(Debug, Clone, Subcommand)]
pub enum CalendarCommand {
    /// Add the holidays of a file to a calendar, all or nothing.
    #[command(after_help = "Examples:\n  leadrouter calendar import office bank-holidays.ics --validate-only\n  \
                            leadrouter calendar import office public_holidays.csv.gz --country DE --subdivision BY")]
    Import(ImportArgs),
}

/// Which file, and which calendar.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The calendar: its id.
    pub calendar: CalendarId,

    /// An iCalendar file (`.ics`): whole days, hours (which leave a day that is open for less), and days that come each year. Or
    /// a table (`.csv`, `.csv.gz`) with the columns `date`, `country`, `subdivision` and `name`.
    pub file: PathBuf,

    /// The country whose rows of a table are meant, as `DE` (ISO 3166-1).
    #[arg(long)]
    pub country: Option<String>,

    /// The part of that country whose days come on top, as `BY` (behind the dash of ISO 3166-2).
    #[arg(long, requires = "country")]
    pub subdivision: Option<String>,

    /// Leave out what is before that year.
    #[arg(long, default_value_t = *HolidayRule::YEARS.start(), hide_default_value = true)]
    pub first_year: i16,

    /// Leave out what is behind that year.
    #[arg(long, default_value_t = *HolidayRule::YEARS.end(), hide_default_value = true)]
    pub last_year: i16,

    /// Date clocks that run anew, by the new hours; otherwise they keep their deadlines.
    #[arg(long)]
    pub redate: bool,

    /// Tell what would change, and change nothing.
    #[arg(long)]
    pub validate_only: bool,
}

/// Does it, and tells what came of it.
///
/// Errors: [`Unreadable`](crate::holidays::Unreadable), [`CallError`](crate::CallError), and what else to tell the user.
pub async fn run(command: CalendarCommand, clients: &Clients) -> anyhow::Result<String> {
    match command {
        CalendarCommand::Import(args) => import(&args, clients).await,
    }
}

async fn import(args: &ImportArgs, clients: &Clients) -> anyhow::Result<String> {
    if args.first_year > args.last_year {
        bail!("--last-year {} is before --first-year {}", args.last_year, args.first_year);
    }
    let mut client = clients.directory.clone();
    let request = GetCalendarRequest { name: args.calendar.to_name() };
    let stored = answer(client.get_calendar(request).await)?.calendar.unwrap_or_default();
    let etag = stored.etag.clone();

    let mut violations = Violations::default();
    let path = Path::Request.field("calendar");
    let calendar = read_calendar(stored, args.calendar.clone(), &path, &mut violations);
    let mut calendar = calendar
        .filter(|_| violations.is_empty())
        .context("the calendar can't be read: is this program older than the server?")?;
    let zone = time_zone(&calendar.time_zone)?;
    let country = args.country.as_ref();
    let place = country.map(|country| Place { country: country.clone(), subdivision: args.subdivision.clone() });
    let holidays = read(&args.file, place.as_ref(), &zone)?;
    let added = apply(&mut calendar, &holidays, &(args.first_year..=args.last_year));

    let wire = Calendar { etag, ..calendar_to_wire(&calendar, 0) };
    let fields = ["holidays", "holiday_rules", "openings"];
    let clocks = if args.redate { RunningClocks::Redate } else { RunningClocks::Keep };
    let request = UpdateCalendarRequest {
        calendar: Some(wire),
        update_mask: Some(FieldMask { paths: fields.map(str::to_owned).to_vec() }),
        request_id: Uuid::new_v4().to_string(),
        validate_only: args.validate_only,
        running_clocks: clocks.into(),
    };
    let done = answer(client.update_calendar(request).await)?;
    Ok(told(args, &added, done.redated_clocks.as_ref()))
}

fn told(args: &ImportArgs, added: &Added, clocks: Option<&RedatedClocks>) -> String {
    let would = if args.validate_only { "would be " } else { "" };
    let mut text = format!(
        "calendar {}: {would}added {}, {}, {} with fewer hours; {} as before",
        args.calendar,
        count(added.days.len(), "day"),
        count(added.rules.len(), "yearly rule"),
        count(added.openings.len(), "date"),
        added.known,
    );
    let days = added.days.iter().map(|(date, name)| format!("{date} {name}"));
    let rules = added.rules.iter().map(|rule| format!("{} each year: {}", rule.on, rule.name));
    let openings = added.openings.iter().map(|(opening, name)| {
        let hours: Vec<String> = opening.hours.iter().map(hours_of).collect();
        format!("{} {name}: open {}", opening.date, hours.join(", "))
    });
    let lines: Vec<String> = rules.chain(openings).chain(days).collect();
    for line in lines.iter().take(TOLD) {
        let _ = write!(text, "\n  {line}");
    }
    if lines.len() > TOLD {
        let _ = write!(text, "\n  and {} more", lines.len() - TOLD);
    }
    if let Some(clocks) = clocks {
        let _ = write!(text, "\n{}", clocks::told(clocks));
    }
    text
}

fn hours_of(open: &OpenHours) -> String {
    format!("{}-{}", open.start.strftime("%H:%M"), open.end.strftime("%H:%M"))
}
