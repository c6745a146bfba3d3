//! `lead`: one lead, and what can be done with it.

use api::{
    convert::time::to_wire,
    names::Resource as _,
    v1::{
        AcceptLeadRequest, AcknowledgeEscalationRequest, ClaimLeadRequest, CloseLeadRequest, CloseOutcome,
        DeclineLeadRequest, DeclineReason, EraseLeadRequest, EscalateLeadRequest, GetLeadRequest, Lead, PauseReason,
        PauseSlaRequest, ReassignLeadRequest, RecordFirstResponseRequest, ResumeSlaRequest, ReturnLeadRequest,
        ReturnReason,
    },
};
use clap::{Args, Subcommand};
use domain::ownership::Owner;
use jiff::{Timestamp, tz::TimeZone};

use super::{LeadRef, choice::one_of, deadlines, leads::line, local_time, profile, rep_name};
use crate::{
    CallError, Clients,
    documents::request_id,
    explain::{self, history},
    text::{indented, table},
    told::answer,
};

/// What can be done with one lead.
#[derive(Debug, Clone, Subcommand)]
pub enum LeadCommand {
    /// Show everything that is known of a lead: its fields, its owner, its history.
    Show {
        /// The lead: its UUID, or its name `leads/UUID`.
        lead: LeadRef,
    },

    /// Show how a lead stands against its response target, and what is set to happen.
    Sla {
        /// The lead: its UUID, or its name `leads/UUID`.
        lead: LeadRef,
    },

    /// The owner says yes.
    Accept(Change),

    /// The owner says no; the lead is routed again, without this rep.
    Decline {
        #[command(flatten)]
        #[allow(missing_docs, reason = "see there")]
        change: Change,

        /// Why; `other` needs a note.
        #[arg(long, value_parser = one_of::<DeclineReason>())]
        reason: DeclineReason,
    },

    /// The owner has answered the lead: no escalation step is done any more.
    Respond {
        #[command(flatten)]
        #[allow(missing_docs, reason = "see there")]
        change: Change,

        /// When that was, such as `2026-11-22T09:30`; otherwise now.
        #[arg(long, value_name = "TIME", value_parser = local_time)]
        at: Option<Timestamp>,
    },

    /// Give the lead to another owner.
    #[command(after_help = "Example:\n  leadrouter lead reassign LEAD --to reps/anna-berg --note 'met at the fair'")]
    Reassign {
        #[command(flatten)]
        #[allow(missing_docs, reason = "see there")]
        change: Change,

        /// The new owner: `reps/ID`, or `queues/review`, `queues/nurture` or `queues/self-service`.
        #[arg(long, value_name = "OWNER")]
        to: Owner,

        /// Even if the rep has as many leads as allowed.
        #[arg(long)]
        ignore_caps: bool,
    },

    /// A rep takes the lead from a queue.
    #[command(mut_arg("rep", |rep| rep.required(true)))]
    Claim(Change),

    /// The owner gives the lead back to marketing.
    Return {
        #[command(flatten)]
        #[allow(missing_docs, reason = "see there")]
        change: Change,

        /// Why; `other` needs a note.
        #[arg(long, value_parser = one_of::<ReturnReason>())]
        reason: ReturnReason,

        /// When the lead is to be routed again by itself, such as `2027-02-01`; otherwise it stays in nurture.
        #[arg(long, value_name = "TIME", value_parser = local_time)]
        wake: Option<Timestamp>,
    },

    /// Stop the clocks of the lead: nothing of it is due meanwhile.
    #[command(after_help = "Example:\n  leadrouter lead pause LEAD --reason waiting-for-lead --until 2026-12-01T09:00")]
    Pause {
        #[command(flatten)]
        #[allow(missing_docs, reason = "see there")]
        change: Change,

        /// Why; `other` needs a note.
        #[arg(long, value_parser = one_of::<PauseReason>())]
        reason: PauseReason,

        /// When they run again by themselves, such as `2026-12-01T09:00`; otherwise by `resume`.
        #[arg(long, value_name = "TIME", value_parser = local_time)]
        until: Option<Timestamp>,
    },

    /// Let the clocks of the lead run again.
    Resume {
        /// The lead: its UUID, or its name `leads/UUID`.
        lead: LeadRef,

        /// Who does it, the rep's id; otherwise somebody on the owner's behalf.
        #[arg(long, value_name = "REP", value_parser = rep_name)]
        rep: Option<String>,

        /// Change nothing unless the lead still is as it was when this etag was told; otherwise as it is now.
        #[arg(long)]
        etag: Option<String>,
    },

    /// Say that somebody is on it: what the escalation chain did last is not repeated.
    Acknowledge {
        /// The lead: its UUID, or its name `leads/UUID`.
        lead: LeadRef,

        /// Who is, the rep's id; otherwise somebody on the owner's behalf.
        #[arg(long, value_name = "REP", value_parser = rep_name)]
        rep: Option<String>,

        /// Change nothing unless the lead still is as it was when this etag was told; otherwise as it is now.
        #[arg(long)]
        etag: Option<String>,
    },

    /// Do the next step of the lead's escalation chain now.
    Escalate(Change),

    /// End the life cycle of the lead.
    #[command(after_help = "Example:\n  leadrouter lead close LEAD --outcome won --value 25000")]
    Close {
        #[command(flatten)]
        #[allow(missing_docs, reason = "see there")]
        change: Change,

        /// How it ended.
        #[arg(long, value_parser = one_of::<CloseOutcome>())]
        outcome: CloseOutcome,

        /// What was bought, in whole US dollars; only of a lead that was won.
        #[arg(long, value_name = "DOLLARS")]
        value: Option<i64>,
    },

    /// Erase what tells of a person from a closed lead, for good; its history stays.
    Erase {
        /// The lead: its UUID, or its name `leads/UUID`.
        lead: LeadRef,
    },
}

/// What all changes take.
#[derive(Debug, Clone, Args)]
pub struct Change {
    /// The lead: its UUID, or its name `leads/UUID`.
    pub lead: LeadRef,

    /// Who does it, the rep's id; otherwise somebody on the owner's behalf.
    #[arg(long, value_name = "REP", value_parser = rep_name)]
    pub rep: Option<String>,

    /// What to keep in the lead's history; at most 500 characters.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub note: String,

    /// Change nothing unless the lead still is as it was when this etag was told; otherwise as it is now.
    #[arg(long)]
    pub etag: Option<String>,
}

async fn get(clients: &Clients, lead: LeadRef) -> Result<Lead, CallError> {
    let request = GetLeadRequest { name: lead.to_string() };
    Ok(answer(clients.assignment.clone().get_lead(request).await)?.lead.unwrap_or_default())
}

async fn show(clients: &Clients, lead: LeadRef) -> anyhow::Result<String> {
    let zone = TimeZone::system();
    let mut lead = get(clients, lead).await?;
    let history = history::told(&explain::history(clients, &lead.name).await?, &zone);
    let mut rows = vec![
        ["arrived".to_owned(), crate::text::time(lead.create_time.as_ref(), &zone)],
        ["etag".to_owned(), lead.etag.clone()],
        ["grade".to_owned(), lead.grade.clone()],
        ["rule".to_owned(), lead.rule.clone()],
        ["policy".to_owned(), lead.policy.clone()],
    ];
    rows.extend(profile::fields(lead.profile.take().unwrap_or_default(), &zone));
    let fields = table(["Field", "Value"], rows);
    Ok(format!("{}\n\n{}\nHistory\n{}", line(&lead, &zone), indented(&fields), indented(&history)))
}

/// A request for a change, with the fields that only it has.
macro_rules! request {
    ($message:ident, $ready:expr $(, $field:ident $(: $value:expr)?)*) => {{
        let Ready { name, etag, request_id, rep, note } = $ready;
        $message { name, etag, request_id, rep, note $(, $field $(: $value)?)* }
    }};
}

/// Does it, and tells what came of it.
///
/// Errors: [`CallError`], and what else to tell the user.
pub async fn run(command: LeadCommand, clients: &Clients) -> anyhow::Result<String> {
    let mut client = clients.assignment.clone();
    let mut why = String::new();
    let lead = match command {
        LeadCommand::Accept(change) => {
            let request = request!(AcceptLeadRequest, change.ready(clients).await?);
            answer(client.accept_lead(request).await)?.lead
        }
        LeadCommand::Decline { change, reason } => {
            let request = request!(DeclineLeadRequest, change.ready(clients).await?, reason: reason.into());
            let declined = answer(client.decline_lead(request).await)?;
            why = format!("\n  {}", declined.reason);
            declined.lead
        }
        LeadCommand::Respond { change, at } => {
            let first_response_time = at.map(to_wire);
            let request = request!(RecordFirstResponseRequest, change.ready(clients).await?, first_response_time);
            answer(client.record_first_response(request).await)?.lead
        }
        LeadCommand::Reassign { change, to, ignore_caps } => {
            let request = request!(ReassignLeadRequest, change.ready(clients).await?, owner: to.to_name(), ignore_caps);
            answer(client.reassign_lead(request).await)?.lead
        }
        LeadCommand::Claim(change) => {
            let request = request!(ClaimLeadRequest, change.ready(clients).await?);
            answer(client.claim_lead(request).await)?.lead
        }
        LeadCommand::Return { change, reason, wake } => {
            let wake_time = wake.map(to_wire);
            let request = request!(ReturnLeadRequest, change.ready(clients).await?, reason: reason.into(), wake_time);
            answer(client.return_lead(request).await)?.lead
        }
        LeadCommand::Pause { change, reason, until } => {
            let resume_time = until.map(to_wire);
            let request = request!(PauseSlaRequest, change.ready(clients).await?, reason: reason.into(), resume_time);
            answer(client.pause_sla(request).await)?.lead
        }
        LeadCommand::Resume { lead, rep, etag } => {
            let change = Change { lead, rep, note: String::new(), etag };
            let Ready { name, etag, request_id, rep, .. } = change.ready(clients).await?;
            let request = ResumeSlaRequest { name, etag, request_id, rep };
            answer(client.resume_sla(request).await)?.lead
        }
        LeadCommand::Acknowledge { lead, rep, etag } => {
            let change = Change { lead, rep, note: String::new(), etag };
            let Ready { name, etag, request_id, rep, .. } = change.ready(clients).await?;
            let request = AcknowledgeEscalationRequest { name, etag, request_id, rep };
            answer(client.acknowledge_escalation(request).await)?.lead
        }
        LeadCommand::Escalate(change) => {
            let request = request!(EscalateLeadRequest, change.ready(clients).await?);
            answer(client.escalate_lead(request).await)?.lead
        }
        LeadCommand::Close { change, outcome, value } => {
            let request = request!(CloseLeadRequest, change.ready(clients).await?, outcome: outcome.into(), value);
            answer(client.close_lead(request).await)?.lead
        }
        LeadCommand::Erase { lead } => {
            let Lead { name, etag, .. } = get(clients, lead).await?;
            let request = EraseLeadRequest { name, etag, request_id: request_id() };
            answer(client.erase_lead(request).await)?.lead
        }
        LeadCommand::Show { lead } => return show(clients, lead).await,
        LeadCommand::Sla { lead } => return deadlines::sla(clients, lead).await,
    };
    Ok(line(&lead.unwrap_or_default(), &TimeZone::system()) + &why)
}

/// What all requests for a change have in common.
struct Ready {
    name: String,
    etag: String,
    request_id: String,
    rep: String,
    note: String,
}

impl Change {
    async fn ready(self, clients: &Clients) -> Result<Ready, CallError> {
        let Self { lead, rep, note, etag } = self;
        let etag = match etag {
            Some(etag) => etag,
            None => get(clients, lead).await?.etag,
        };
        Ok(Ready { name: lead.to_string(), etag, request_id: request_id(), rep: rep.unwrap_or_default(), note })
    }
}
