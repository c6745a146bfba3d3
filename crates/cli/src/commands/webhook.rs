//! `webhook`: who is told by webhook what happens to leads, and what could not be delivered.

use std::{fmt::Write as _, time::Duration};

use api::{
    names::{DeadLetterName, Resource as _, parse},
    v1::{
        CreateSubscriptionRequest, DeleteSubscriptionRequest, GetSubscriptionRequest, ListDeadLettersRequest,
        ListSubscriptionsRequest, OwnershipChangeKind, RedeliverDeadLettersRequest, RotateSubscriptionSecretRequest,
        Subscription, UpdateSubscriptionRequest,
    },
};
use clap::Subcommand;
use domain::ids::SubscriptionId;
use jiff::{SignedDuration, tz::TimeZone};
use prost_types::FieldMask;
use uuid::Uuid;

use super::leads::with_rest;
use crate::{
    CallError, Clients,
    pages::pages,
    text::{count, table, time, word},
    told::answer,
};

const KIND: &str = "OWNERSHIP_CHANGE_KIND_";

/// What can be done with subscriptions.
#[derive(Debug, Clone, Subcommand)]
pub enum WebhookCommand {
    /// Subscribe: tell a URL what happens from now on. Shows the secret that signs the messages, this once.
    #[command(
        after_help = "Example:\n  leadrouter webhook create crm https://hooks.example/leads --kinds assigned,closed"
    )]
    Create {
        /// Its id.
        id: SubscriptionId,

        /// Where messages are sent.
        url: String,

        /// Only these kinds of changes (`assigned`, `queued`, `closed` ...), separated by commas.
        #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
        kinds: Vec<OwnershipChangeKind>,

        /// Send nothing yet.
        #[arg(long)]
        paused: bool,
    },

    /// List subscriptions and how they stand.
    List {
        /// Most subscriptions to list.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },

    /// Show a subscription, and how it stands.
    Show {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,
    },

    /// Change where messages are sent, or which.
    Update {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,

        /// Where messages are sent.
        #[arg(long, value_name = "URL", required_unless_present = "kinds")]
        url: Option<String>,

        /// Only these kinds of changes, separated by commas; `all` for all.
        #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
        kinds: Option<Vec<OwnershipChangeKind>>,
    },

    /// Send nothing for a while; what happens is kept.
    Pause {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,
    },

    /// Go on after a pause, or after it was disabled or lost.
    Resume {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,
    },

    /// Make a new secret, and show it this once.
    Rotate {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,

        /// How long the secret before stays valid (`24h`, `0s`).
        #[arg(long, value_name = "TIME", default_value = "24h")]
        overlap: SignedDuration,
    },

    /// Delete a subscription with all that it was still to be told.
    Delete {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,
    },

    /// List messages that could not be delivered.
    DeadLetters {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,

        /// Most messages to list.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },

    /// Send messages again that could not be delivered.
    Redeliver {
        /// The subscription: its id, or its name `subscriptions/ID`.
        #[arg(value_parser = name)]
        subscription: String,

        /// Which, as `dead-letters` lists them; all if none is named.
        #[arg(value_name = "MESSAGE")]
        messages: Vec<String>,
    },
}

pub(crate) async fn run(command: WebhookCommand, clients: &Clients) -> anyhow::Result<String> {
    let zone = TimeZone::system();
    let mut client = clients.subscriptions.clone();
    let request_id = Uuid::new_v4().to_string();
    let changed = async |subscription: Subscription, fields: &[&str]| {
        let update_mask = Some(FieldMask { paths: fields.iter().map(|&field| field.to_owned()).collect() });
        let (request_id, subscription) = (request_id.clone(), Some(subscription));
        let request = UpdateSubscriptionRequest { subscription, update_mask, request_id };
        let answer = answer(clients.subscriptions.clone().update_subscription(request).await)?;
        Ok(told(&answer.subscription.unwrap_or_default(), &zone))
    };
    match command {
        WebhookCommand::Create { id, url, kinds, paused } => {
            let kinds = kinds.into_iter().filter(|kind| *kind != ALL).map(Into::into).collect();
            let subscription = Some(Subscription { url, kinds, paused, ..Subscription::default() });
            let request = CreateSubscriptionRequest { subscription, subscription_id: id.to_string(), request_id };
            let answer = answer(client.create_subscription(request).await)?;
            Ok(format!("{}\n{}", told(&answer.subscription.unwrap_or_default(), &zone), secret(&answer.secret)))
        }
        WebhookCommand::List { limit } => {
            let page = |page_size, page_token| {
                let mut client = client.clone();
                async move {
                    let request = ListSubscriptionsRequest { page_size, page_token };
                    let page = answer(client.list_subscriptions(request).await)?;
                    Ok::<_, CallError>((page.subscriptions, page.next_page_token))
                }
            };
            let listed = pages(limit, page).await?;
            let rows = listed.items.iter().map(row);
            Ok(with_rest(table(["Subscription", "State", "Pending", "Dead", "Problem", "URL"], rows), &listed))
        }
        WebhookCommand::Show { subscription } => {
            let request = GetSubscriptionRequest { name: subscription };
            let answer = answer(client.get_subscription(request).await)?;
            Ok(told(&answer.subscription.unwrap_or_default(), &zone))
        }
        WebhookCommand::Update { subscription: name, url, kinds } => {
            let mut fields = Vec::new();
            fields.extend(url.is_some().then_some("url"));
            fields.extend(kinds.is_some().then_some("kinds"));
            let kinds = kinds.unwrap_or_default().into_iter().filter(|kind| *kind != ALL).map(Into::into).collect();
            let url = url.unwrap_or_default();
            changed(Subscription { name, url, kinds, ..Subscription::default() }, &fields).await
        }
        WebhookCommand::Pause { subscription: name } => {
            changed(Subscription { name, paused: true, ..Subscription::default() }, &["paused"]).await
        }
        WebhookCommand::Resume { subscription: name } => {
            changed(Subscription { name, ..Subscription::default() }, &["paused"]).await
        }
        WebhookCommand::Rotate { subscription: name, overlap } => {
            let overlap = Duration::try_from(overlap).ok().and_then(|overlap| overlap.try_into().ok());
            let request = RotateSubscriptionSecretRequest { name, etag: String::new(), request_id, overlap };
            let answer = answer(client.rotate_subscription_secret(request).await)?;
            Ok(format!("{}\n{}", told(&answer.subscription.unwrap_or_default(), &zone), secret(&answer.secret)))
        }
        WebhookCommand::Delete { subscription: name } => {
            let request = DeleteSubscriptionRequest { name: name.clone(), etag: String::new(), request_id };
            answer(client.delete_subscription(request).await)?;
            Ok(format!("{name} is deleted"))
        }
        WebhookCommand::DeadLetters { subscription: parent, limit } => {
            let page = |page_size, page_token| {
                let (mut client, parent) = (client.clone(), parent.clone());
                async move {
                    let request = ListDeadLettersRequest { parent, page_size, page_token };
                    let page = answer(client.list_dead_letters(request).await)?;
                    Ok::<_, CallError>((page.dead_letters, page.next_page_token))
                }
            };
            let listed = pages(limit, page).await?;
            let rows = listed.items.iter().map(|letter| {
                let name = letter.name.rsplit('/').next().unwrap_or_default();
                let (kind, dead) = (word(letter.kind().as_str_name(), KIND), time(letter.dead_time.as_ref(), &zone));
                let attempts = letter.attempt_count.to_string();
                [name.to_owned(), letter.lead.clone(), kind, dead, attempts, letter.last_problem.clone()]
            });
            Ok(with_rest(table(["Message", "Lead", "Change", "Given up", "Tried", "Problem"], rows), &listed))
        }
        WebhookCommand::Redeliver { subscription: parent, messages } => {
            let names = messages.into_iter().map(|message| letter(&parent, message)).collect();
            let request = RedeliverDeadLettersRequest { parent, names, request_id };
            let answer = answer(client.redeliver_dead_letters(request).await)?;
            let sent = count(usize::try_from(answer.dead_letter_count).unwrap_or_default(), "message");
            Ok(format!("{sent} to be sent again"))
        }
    }
}

/// What stands for all kinds on the command line.
const ALL: OwnershipChangeKind = OwnershipChangeKind::Unspecified;

/// Reads a kind of change as people write it.
pub(super) fn kind(text: &str) -> Result<OwnershipChangeKind, String> {
    if text == "all" {
        return Ok(ALL);
    }
    let wire = format!("{KIND}{}", text.trim().to_ascii_uppercase().replace([' ', '-'], "_"));
    OwnershipChangeKind::from_str_name(&wire).filter(|kind| *kind != ALL).ok_or_else(|| {
        let kinds = (1..).map_while(|number| OwnershipChangeKind::try_from(number).ok());
        let known: Vec<_> = kinds.map(|kind| word(kind.as_str_name(), KIND).replace(' ', "-")).collect();
        format!("expected one of {}", known.join(", "))
    })
}

/// Reads a subscription: its id, or its name. Returns the name.
fn name(text: &str) -> Result<String, String> {
    let id: Result<SubscriptionId, _> = text.strip_prefix("subscriptions/").unwrap_or(text).parse();
    id.map(|id| id.to_name()).map_err(|error| error.to_string())
}

/// The name of a dead letter: as it is, or of its last part.
fn letter(parent: &str, text: String) -> String {
    if parse::<DeadLetterName>(&text).is_ok() { text } else { format!("{parent}/deadLetters/{text}") }
}

fn state(subscription: &Subscription) -> String {
    word(subscription.state().as_str_name(), "SUBSCRIPTION_STATE_")
}

fn row(subscription: &Subscription) -> [String; 6] {
    [
        subscription.name.trim_start_matches("subscriptions/").to_owned(),
        state(subscription),
        subscription.pending_count.to_string(),
        subscription.dead_letter_count.to_string(),
        subscription.last_problem.clone(),
        subscription.url.clone(),
    ]
}

/// A subscription, and how it stands.
fn told(subscription: &Subscription, zone: &TimeZone) -> String {
    let kinds: Vec<_> = subscription.kinds().map(|kind| word(kind.as_str_name(), KIND)).collect();
    let kinds = if kinds.is_empty() { "everything".to_owned() } else { kinds.join(", ") };
    let mut text = format!("{}: {}\n  tells {} of {kinds}", subscription.name, state(subscription), subscription.url);
    let _ = write!(text, "\n  {} to be delivered", count(number(subscription.pending_count), "message"));
    if subscription.oldest_pending_time.is_some() {
        let _ = write!(text, ", the oldest of {}", time(subscription.oldest_pending_time.as_ref(), zone));
    }
    let _ = write!(text, "; {} given up", subscription.dead_letter_count);
    if !subscription.last_problem.is_empty() {
        let _ = write!(text, "\n  last problem: {}", subscription.last_problem);
    }
    if subscription.previous_secret_expire_time.is_some() {
        let until = time(subscription.previous_secret_expire_time.as_ref(), zone);
        let _ = write!(text, "\n  the secret before signs as well until {until}");
    }
    text
}

fn number(count: i64) -> usize {
    usize::try_from(count).unwrap_or_default()
}

fn secret(secret: &str) -> String {
    match secret {
        // The answer to the first attempt was lost on its way.
        "" => "The secret was told to an earlier attempt and is not told again: `webhook rotate` makes another."
            .to_owned(),
        secret => format!("Secret, shown only now: {secret}"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_people_write_them() {
        assert_eq!(kind("assigned").unwrap(), OwnershipChangeKind::Assigned);
        assert_eq!(kind("sleeps-on").unwrap(), OwnershipChangeKind::SleepsOn);
        assert_eq!(kind("all").unwrap(), ALL);
        let refused = kind("unspecified").unwrap_err();
        assert!(refused.starts_with("expected one of assigned, queued, returned"), "{refused}");
        assert!(!refused.contains("unspecified"), "{refused}");
    }

    #[test]
    fn names_may_be_short() {
        assert_eq!(name("crm").unwrap(), "subscriptions/crm");
        assert_eq!(name("subscriptions/crm").unwrap(), "subscriptions/crm");
        assert!(name("subscriptions/").is_err());
        assert_eq!(letter("subscriptions/crm", "7-1".to_owned()), "subscriptions/crm/deadLetters/7-1");
        let whole = "subscriptions/crm/deadLetters/7-1";
        assert_eq!(letter("subscriptions/crm", whole.to_owned()), whole);
    }

    #[test]
    fn a_subscription_is_told_without_what_is_not_there() {
        let bare = Subscription {
            name: "subscriptions/crm".to_owned(),
            url: "https://hooks.example/".to_owned(),
            state: api::v1::SubscriptionState::Active.into(),
            ..Subscription::default()
        };
        let text = told(&bare, &TimeZone::UTC);
        assert_eq!(
            text,
            "subscriptions/crm: active\n  tells https://hooks.example/ of everything\n  0 messages to be delivered; 0 given up"
        );
        let kinds = vec![OwnershipChangeKind::Closed.into()];
        let problem = "it answered 503".to_owned();
        let text = told(&Subscription { kinds, last_problem: problem, pending_count: 1, ..bare }, &TimeZone::UTC);
        assert!(
            text.contains("of closed\n  1 message to be delivered; 0 given up\n  last problem: it answered 503"),
            "{text}"
        );
    }
}
