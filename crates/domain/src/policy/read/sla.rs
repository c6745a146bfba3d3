//! The `sla` table and the `waiting` block.

use std::{collections::BTreeMap, sync::Arc};

use super::{not_a_name, queue, steps::Steps};
use crate::{
    directory::DirectoryDocument,
    expr::Attributes,
    ids::is_valid_id,
    policy::{SlaPolicy, Waiting},
    sla::Span,
    yaml::{Field, Map},
};

/// The SLA policies of the document, and those built in that it does not write itself.
pub(super) fn slas(
    map: Map<'_>,
    directory: &DirectoryDocument,
    attributes: &Attributes,
) -> BTreeMap<String, Arc<SlaPolicy>> {
    let built_in = SlaPolicy::built_in().into_iter().map(|sla| (sla.name.clone(), sla));
    let mut slas: BTreeMap<String, Arc<SlaPolicy>> = built_in.collect();
    let Some(table) = map.get("sla") else { return slas };
    for (name, field) in table.entries() {
        if !is_valid_id(name) {
            table.note_key(name, not_a_name(name));
        }
        slas.insert(name.to_owned(), Arc::new(sla(name, field, &Steps { directory, attributes })));
    }
    slas
}

/// Also one that can't be read gives something, so that rules which name it are not told as mistakes too.
fn sla(name: &str, field: Field<'_>, steps: &Steps<'_>) -> SlaPolicy {
    let map = field.map(&["respond", "accept", "escalate"]);
    let get = |key| map.and_then(|map| map.get(key));
    let respond = map.and_then(|map| map.require("respond")).and_then(Field::parse::<Span>);
    let accept = get("accept").and_then(Field::parse::<Span>);
    if let (Some(field), Some(accept), Some(respond)) = (get("accept"), accept, respond)
        && accept.is_longer_than(respond)
    {
        field.note(format!("is later than `respond` ({respond}): who must have answered has accepted"));
    }
    let steps = get("escalate").map(|field| steps.read(field, respond)).unwrap_or_default();
    let respond = respond.unwrap_or(Waiting::default().deadline);
    SlaPolicy { name: name.to_owned(), respond, accept, steps }
}

pub(super) fn waiting(field: Field<'_>) -> Option<Waiting> {
    let map = field.map(&["retry_every", "deadline", "then"])?;
    let default = Waiting::default();
    let waiting = Waiting {
        retry_every: map.get("retry_every").and_then(Field::parse).unwrap_or(default.retry_every),
        deadline: map.get("deadline").and_then(Field::parse).unwrap_or(default.deadline),
        then: map.get("then").and_then(queue).unwrap_or(default.then),
    };
    if waiting.retry_every.is_longer_than(waiting.deadline) {
        field.note(format!("`retry_every` ({}) is later than `deadline` ({})", waiting.retry_every, waiting.deadline));
    }
    Some(waiting)
}
