//! The unit of work: what one transaction has read, and what its commands have made of it so far.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use api::{
    Error,
    convert::{
        self,
        command::{LeadAction, LeadCommand},
    },
    names::Resource as _,
};
use domain::{
    decide::{CounterKey, CounterKeys, Counters, Occasion, Plan, Question, decide, plan, reason},
    identity::IdentityKey,
    ids::{LeadId, RepId},
    lead::Lead,
    lifecycle::{Context, Fired, GiveBack, LeadCase, Refusal, Standstill, open},
    ownership::Owner,
    score::Score,
    snapshot::Snapshot,
};
use jiff::Timestamp;
use store::{Changes, Happened, Lookup, MovedIdentity, NewLead, StoredResponse};
use uuid::Uuid;

use super::Answer;
use crate::{
    command::{Action, Command, Reply, RequestKey},
    reply, scores,
};

/// What one transaction works on.
pub(crate) struct Unit<'a> {
    snapshot: &'a Snapshot,
    now: Timestamp,
    cases: BTreeMap<LeadId, LeadCase>,
    /// Which lead an identity key names, with what commands of this batch have added.
    identities: HashMap<IdentityKey, LeadId>,
    /// Keys to write, each with the closed lead that it names in the store, if it names one.
    new_identities: BTreeMap<IdentityKey, Option<LeadId>>,
    /// Responses by request id: kept ones, and those of this batch.
    responses: HashMap<Uuid, StoredResponse>,
    new_responses: Vec<Uuid>,
    /// What was planned for each command that routes a new lead, by its place.
    plans: Vec<Option<Planned<'a>>>,
    counters: Counters,
    /// A command made another one depend on counters that nobody has planned for.
    entangled: bool,
}

/// A plan, and the owner of before for whom it was made: the one thing in it that a command of the batch may change.
struct Planned<'a> {
    existing_owner: Option<RepId>,
    plan: Plan<'a>,
}

impl<'a> Unit<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, now: Timestamp, cases: Vec<LeadCase>, lookup: Lookup) -> Self {
        Self {
            snapshot,
            now,
            cases: cases.into_iter().map(|case| (case.id(), case)).collect(),
            identities: lookup.identities.into_iter().collect(),
            new_identities: BTreeMap::new(),
            responses: lookup.responses.into_iter().map(|kept| (kept.request_id, kept)).collect(),
            new_responses: Vec::new(),
            plans: Vec::new(),
            counters: Counters::default(),
            entangled: false,
        }
    }

    /// Plans the commands: those of the counters that they may read or change which are not among the `known`.
    pub(crate) fn plan(&mut self, commands: &[Command], known: &Counters) -> CounterKeys {
        let mut missing = CounterKeys::default();
        let mut need = |key: CounterKey<'_>| {
            if !known.has(key) {
                missing.extend([key]);
            }
        };
        let mut plans = Vec::with_capacity(commands.len());
        for command in commands {
            let mut planned = None;
            match &command.action {
                // Also for a lead that is known and open: a command before this one may close it.
                Action::Route { lead, keys: identities, score, .. } => {
                    let existing_owner = self.known(identities).and_then(owner_rep).cloned();
                    let question = self.question(lead, score, existing_owner.as_ref(), &[]);
                    let plan = plan(self.snapshot, &question);
                    plan.counter_keys(self.snapshot, &question).for_each(&mut need);
                    planned = Some(Planned { existing_owner, plan });
                }
                Action::Change { command, score } => {
                    if let Some(case) = self.cases.get(&command.lead) {
                        self.plan_change(case, &command.action, score.as_ref(), &mut need);
                    }
                }
                Action::Fire { lead, score, .. } | Action::Drain { lead, score } => {
                    if let Some(case) = self.cases.get(lead) {
                        case.counter_keys(self.snapshot).for_each(&mut need);
                        self.plan_routing(case, score, &mut need);
                    }
                }
            }
            plans.push(planned);
        }
        self.plans = plans;
        missing
    }

    fn plan_change(
        &self,
        case: &LeadCase,
        action: &LeadAction,
        score: Option<&Score>,
        need: &mut impl FnMut(CounterKey<'_>),
    ) {
        case.counter_keys(self.snapshot).for_each(&mut *need);
        match action {
            LeadAction::Reassign { to: Owner::Rep(rep), .. } | LeadAction::Claim { rep } => need(CounterKey::Load(rep)),
            LeadAction::ReassignToPool { pool } => case.plan_pool(self.snapshot, pool, need),
            LeadAction::Decline { .. } | LeadAction::Reroute | LeadAction::Escalate => {
                if let Some(score) = score {
                    self.plan_routing(case, score, need);
                }
            }
            LeadAction::Accept
            | LeadAction::RecordFirstResponse { .. }
            | LeadAction::Reassign { .. }
            | LeadAction::Return { .. }
            | LeadAction::Pause { .. }
            | LeadAction::Resume
            | LeadAction::Acknowledge
            | LeadAction::Close { .. } => {}
        }
    }

    /// For a lead that may be routed again.
    fn plan_routing(&self, case: &LeadCase, score: &Score, need: &mut impl FnMut(CounterKey<'_>)) {
        let question = self.question(&case.lead, score, None, &case.ownership.tried);
        plan(self.snapshot, &question).counter_keys(self.snapshot, &question).for_each(need);
    }

    fn question<'q>(
        &self,
        lead: &'q Lead,
        score: &'q Score,
        existing_owner: Option<&'q RepId>,
        excluded: &'q [RepId],
    ) -> Question<'q> {
        Question { lead, score, existing_owner, excluded, occasion: Occasion::New, now: self.now }
    }

    /// Takes the counters, among which are those that the plans named. None of them has been changed.
    pub(crate) fn count(&mut self, counters: Counters) {
        self.counters = counters;
    }

    /// Carries out the commands that were planned, in order. A refused one changes nothing.
    pub(crate) fn run(&mut self, commands: &[Command]) -> Vec<Answer> {
        let plans = std::mem::take(&mut self.plans);
        let plans = plans.into_iter().chain(std::iter::repeat_with(|| None));
        commands.iter().zip(plans).map(|(command, planned)| self.apply(command, planned)).collect()
    }

    fn apply(&mut self, command: &Command, planned: Option<Planned<'a>>) -> Answer {
        if let Some(request) = command.request
            && let Some(kept) = self.responses.get(&request.id)
        {
            let lead = |id| self.cases.get(&id).map(|case| &*case.lead);
            return reply::replay(kept, request, &command.action, lead);
        }
        let context = Context {
            snapshot: self.snapshot,
            now: self.now,
            actor: &command.actor,
            note: command.note.as_deref(),
            traceparent: command.traceparent.as_deref(),
        };
        let mut answer = match &command.action {
            Action::Route { lead, keys, score, preview } => {
                self.route(&context, (lead, keys, score, *preview), planned)
            }
            Action::Change { command, score } => {
                let missing = || Error::NotFound { resource: command.lead.to_name() };
                let case = existing(&mut self.cases, command.lead).ok_or_else(missing)?;
                case.expect_epoch(command.seen)
                    .and_then(|()| command.seen_state.map_or(Ok(()), |seen| case.expect_state(seen)))
                    .and_then(|()| change(case, &context, command, score.as_ref(), &mut self.counters))
                    .map_err(|refusal| Error::refused(command.lead, refusal))?;
                Reply::Lead(Box::new(convert::lead::to_wire(Lead::clone(&case.lead), &case.ownership)))
            }
            Action::Drain { lead, score } => {
                let missing = || Error::NotFound { resource: lead.to_name() };
                let case = existing(&mut self.cases, *lead).ok_or_else(missing)?;
                case.drain(&context, score, &mut self.counters);
                Reply::Lead(Box::new(convert::lead::to_wire(Lead::clone(&case.lead), &case.ownership)))
            }
            Action::Fire { lead, kind, epoch, score } => Reply::Fired(match existing(&mut self.cases, *lead) {
                Some(case) => case.fire(&context, *kind, *epoch, score, &mut self.counters),
                None => Fired::Stale,
            }),
        };
        if let Some(request) = command.request {
            self.keep(request, &mut answer);
        }
        Ok(answer)
    }

    fn route(
        &mut self,
        context: &Context<'_>,
        (lead, keys, score, preview): (&Arc<Lead>, &[IdentityKey], &Score, bool),
        planned: Option<Planned<'a>>,
    ) -> Reply {
        let known = self.known(keys);
        if let Some(case) = known.filter(|case| case.ownership.is_open()) {
            return Reply::Routed(Box::new(reply::duplicate(case)));
        }
        let existing_owner = known.and_then(owner_rep).cloned();
        let question = self.question(lead, score, existing_owner.as_ref(), &[]);
        let plan = match planned {
            Some(planned) if planned.existing_owner == existing_owner => planned.plan,
            _ => {
                let plan = plan(self.snapshot, &question);
                self.entangled |= plan.counter_keys(self.snapshot, &question).any(|key| !self.counters.has(key));
                plan
            }
        };
        let mut scratch;
        let counters = if preview {
            scratch = self.counters.only(&plan.counter_keys(self.snapshot, &question).collect());
            &mut scratch
        } else {
            &mut self.counters
        };
        let verdict = decide(self.snapshot, &plan, &question, counters);
        let case = open(context, Arc::clone(lead), &question, &verdict);
        let why = reason(&self.snapshot.policy, &verdict);
        let mut response = reply::routed(&case, score, why);
        if preview {
            // What is not written has no name.
            response.decision.clear();
            response.lead.iter_mut().for_each(|lead| lead.name.clear());
        } else {
            for &key in keys {
                let before = self.identities.insert(key, lead.id);
                // What the store holds is what this batch found first.
                self.new_identities.entry(key).or_insert(before);
            }
            self.cases.insert(lead.id, case);
        }
        Reply::Routed(Box::new(response))
    }

    /// The lead that is the same person, or has the same external id. An open one first.
    fn known(&self, keys: &[IdentityKey]) -> Option<&LeadCase> {
        let cases = || keys.iter().filter_map(|key| self.cases.get(self.identities.get(key)?));
        cases().find(|case| case.ownership.is_open()).or_else(|| cases().next())
    }

    fn keep(&mut self, request: RequestKey, reply: &mut Reply) {
        if let Some(response) = reply::encode(reply) {
            let kept = StoredResponse { request_id: request.id, fingerprint: request.fingerprint, response };
            self.responses.insert(request.id, kept);
            self.new_responses.push(request.id);
        }
    }

    /// True when nothing of this may be written, because a command was decided on counters that were not read: one before it in
    /// the batch changed what was planned for it. Each by itself they can be carried out.
    pub(crate) fn is_entangled(&self) -> bool {
        self.entangled
    }

    /// Everything that has to be written, the reps who have room now, and the counters as they are once it is written.
    pub(crate) fn into_changes(mut self) -> (Changes, Vec<RepId>, Counters) {
        let mut changes = Changes::default();
        let mut freed = Vec::new();
        for case in self.cases.into_values().filter(|case| case.changes.dirty) {
            freed.extend(case.changes.freed.iter().cloned());
            add_case(&mut changes, case, self.now);
        }
        for (key, before) in self.new_identities {
            let Some(&to) = self.identities.get(&key) else { continue };
            match before {
                Some(from) => changes.moved_identities.push(MovedIdentity { key, from, to }),
                None => changes.new_identities.push((key, to)),
            }
        }
        changes.responses.extend(self.new_responses.iter().filter_map(|id| self.responses.remove(id)));
        let counted = self.counters.take_changed();
        (changes.loads, changes.rotations) = (counted.loads, counted.rotations);
        (changes, freed, self.counters)
    }
}

/// A lead that was there before the batch. One that begins in it has no name yet that anybody could know.
fn existing(cases: &mut BTreeMap<LeadId, LeadCase>, lead: LeadId) -> Option<&mut LeadCase> {
    cases.get_mut(&lead).filter(|case| case.changes.read_at.is_some())
}

fn change(
    case: &mut LeadCase,
    context: &Context<'_>,
    command: &LeadCommand,
    score: Option<&Score>,
    counters: &mut Counters,
) -> Result<(), Refusal> {
    let rep = command.rep.as_ref();
    match &command.action {
        LeadAction::Accept => case.accept(context, rep),
        LeadAction::Decline { reason } => {
            case.decline(context, rep, reason, score.unwrap_or(&scores::fallback()), counters)
        }
        LeadAction::RecordFirstResponse { at } => case.record_first_response(context, rep, *at),
        LeadAction::Reassign { to, ignore_caps } => case.reassign(context, to, *ignore_caps, counters),
        LeadAction::ReassignToPool { pool } => case.reassign_to_pool(context, pool, counters),
        LeadAction::Reroute => case.reroute(context, score.unwrap_or(&scores::fallback()), counters),
        LeadAction::Claim { rep } => case.claim(context, rep, counters),
        LeadAction::Return { reason, wake_at } => {
            let what = GiveBack { reason: reason.clone(), wake_at: *wake_at };
            case.give_back(context, rep, &what, counters)
        }
        LeadAction::Pause { reason, until } => case.pause(context, rep, &Standstill { reason: *reason, until: *until }),
        LeadAction::Resume => case.resume(context, rep),
        LeadAction::Acknowledge => case.acknowledge(context, rep),
        LeadAction::Escalate => case.escalate_now(context, rep, score.unwrap_or(&scores::fallback()), counters),
        LeadAction::Close { outcome, value } => case.close(context, rep, *outcome, *value, counters),
    }
}

fn owner_rep(case: &LeadCase) -> Option<&RepId> {
    match &case.ownership.owner {
        Owner::Rep(rep) => Some(rep),
        Owner::Queue(_) => None,
    }
}

/// Adds what became of a lead to what is to be written and told.
pub(crate) fn add_case(changes: &mut Changes, mut case: LeadCase, now: Timestamp) {
    let events = case.changes.told();
    if !events.is_empty() {
        changes.happened.get_or_insert_with(|| Happened { at: now, events: Vec::new() }).events.extend(events);
    }
    let id = case.id();
    let LeadCase { lead, ownership, assignment, mut timers, pauses, changes: made, .. } = case;
    changes.pauses.extend(pauses.into_iter().filter(|pause| made.pauses.contains(&pause.number)));
    let set = made.set.into_iter().filter_map(|kind| timers.remove(&kind));
    changes.escalations.extend(made.escalations);
    changes.acknowledgements.extend(made.acknowledged);
    changes.response_clocks.extend(made.response_clocks);
    let Some(read_at) = made.read_at else {
        changes.new_timers.extend(set);
        changes.new_leads.push(NewLead { lead: Arc::unwrap_or_clone(lead), ownership, assignment });
        return;
    };
    for row in made.ended.into_iter().chain([assignment]) {
        let existed = row.epoch <= read_at;
        if existed { changes.assignments.push(row) } else { changes.new_assignments.push(row) }
    }
    changes.set_timers.extend(set);
    changes.cleared_timers.extend(made.cleared.into_iter().map(|kind| (id, kind)));
    changes.ownerships.push((read_at, ownership));
}
