//! What can happen next.

use leadrouter_domain::lifecycle::{Command, Outcome, Place, outcome};
use stateright::{Model, Property};

use super::{
    laws::Law,
    store::{Store, Timer},
    world::{Ask, Asked, Job, Plan, Response, State, Twin, Wish, World},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A client sends a request.
    Send(usize, Asked),
    /// It sends the same again, not knowing what became of it.
    SendAgain(usize),
    /// A scheduler reads a due timer. Any timer may be due: time is not modelled.
    Hold(Timer),
    /// A committer reads, and decides what to write.
    Decide(Ask, Plan),
    /// It finds nothing to write, and says so at once: the response is stored already, or the command is refused.
    Tell(u8, Response),
    /// It finds nothing to do for a timer.
    Drop(Timer),
    /// It writes what it decided.
    Write(usize),
    /// It answers.
    Answer(usize),
    CommitterDies(usize),
    SchedulerDies(usize),
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        self.clients(state, steps);
        self.schedulers(state, steps);
        self.committers(state, steps);
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, step);
        if !self.is(Twin::RemovesTimerFirst) {
            // It would be handed in and found stale, which touches nothing: not worth a state of its own.
            let State { store, held, .. } = &mut state;
            held.retain(|timer| store.timers.contains(timer));
        }
        state.jobs.sort();
        state.held.sort();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Law::ALL.into_iter().map(Law::property).chain(super::laws::happens()).collect()
    }
}

impl World {
    fn clients(&self, state: &State, steps: &mut Vec<Step>) {
        for (request, known) in state.requests.iter().enumerate() {
            if known.asked.is_some() {
                steps.extend((known.sends < self.sends).then_some(Step::SendAgain(request)));
                continue;
            }
            for (lead, wish) in &self.wishes[request] {
                let row = state.store.row(*lead);
                let seen = row.map_or(0, |row| row.epoch);
                let is_possible = match wish {
                    Wish::Route => true,
                    Wish::Change(command) => row.is_some_and(|row| self.is_within(row.epoch, *command, row.place)),
                };
                steps.extend(is_possible.then_some(Step::Send(request, Asked { lead: *lead, wish: *wish, seen })));
            }
        }
    }

    fn schedulers(&self, state: &State, steps: &mut Vec<Step>) {
        if state.held.len() < self.replicas {
            let due = state.store.timers.iter().filter(|timer| timer.epoch < self.last_epoch);
            steps.extend(due.copied().map(Step::Hold));
        }
        if state.crashes > 0 {
            steps.extend((0..state.held.len()).map(Step::SchedulerDies));
        }
    }

    fn committers(&self, state: &State, steps: &mut Vec<Step>) {
        if state.jobs.len() < self.replicas {
            let asked = state.requests.iter().zip(0..).filter(|(request, _)| request.waiting > 0);
            let asks = asked.map(|(_, request)| Ask::Request(request)).chain(state.held.iter().copied().map(Ask::Fire));
            steps.extend(asks.flat_map(|ask| self.decide(state, ask)));
        }
        for (index, job) in state.jobs.iter().enumerate() {
            let must_acknowledge = self.is(Twin::AcknowledgesFirst)
                && matches!(job, Job::Decided { ask: Ask::Request(_), acknowledged: false, .. });
            let answers = must_acknowledge || matches!(job, Job::Answering { .. });
            steps.push(if answers { Step::Answer(index) } else { Step::Write(index) });
            steps.extend((state.crashes > 0).then_some(Step::CommitterDies(index)));
        }
    }

    /// Nobody goes beyond the last epoch: there the model ends.
    fn is_within(&self, epoch: u8, command: Command, place: Place) -> bool {
        epoch < self.last_epoch || !matches!(outcome(command, place), Outcome::Moves { passes: [_, ..], .. })
    }

    fn take(&self, state: &mut State, step: Step) {
        match step {
            Step::Send(request, asked) => {
                state.requests[request].asked = Some(asked);
                send(state, request);
            }
            Step::SendAgain(request) => send(state, request),
            Step::Hold(timer) => {
                if self.is(Twin::RemovesTimerFirst) {
                    state.store.timers.remove(&timer);
                    self.overtake(state);
                }
                state.held.push(timer);
            }
            Step::Decide(ask, plan) => {
                hand_in(state, ask);
                state.jobs.push(Job::Decided { ask, plan, acknowledged: false });
            }
            Step::Tell(request, response) => {
                hand_in(state, Ask::Request(request));
                tell(state, request, response);
            }
            Step::Drop(timer) => hand_in(state, Ask::Fire(timer)),
            Step::Write(index) => {
                let job = state.jobs.remove(index);
                self.write(state, job);
            }
            Step::Answer(index) => answer(state, index),
            Step::CommitterDies(index) => {
                state.jobs.remove(index);
                state.crashes -= 1;
            }
            Step::SchedulerDies(index) => {
                state.held.remove(index);
                state.crashes -= 1;
            }
        }
    }

    fn write(&self, state: &mut State, job: Job) {
        match job {
            Job::Decided { ask, plan, acknowledged } => {
                self.overtake(state);
                self.commit(&mut state.store, ask, &plan);
                match (ask, plan.response) {
                    (Ask::Request(request), Some(response)) if !acknowledged => {
                        state.jobs.push(Job::Answering { request, response });
                    }
                    (Ask::Fire(timer), _) if self.is(Twin::EffectApart) => state.jobs.push(Job::Removing(timer)),
                    _ => {}
                }
            }
            Job::Removing(timer) => {
                self.overtake(state);
                state.store.timers.remove(&timer);
            }
            Job::Answering { .. } => unreachable!("an answer writes nothing"),
        }
    }

    /// Somebody commits: whoever has read before that will write nothing. A request is decided again, a timer is found again.
    fn overtake(&self, state: &mut State) {
        if self.is(Twin::ComparesNothing) {
            return;
        }
        let requests = &mut state.requests;
        state.jobs.retain(|job| {
            if let Job::Decided { ask: Ask::Request(request), acknowledged: false, .. } = job {
                requests[usize::from(*request)].waiting += 1;
            }
            !matches!(job, Job::Decided { .. })
        });
    }

    /// One transaction.
    fn commit(&self, store: &mut Store, ask: Ask, plan: &Plan) {
        if let Ask::Fire(timer) = ask {
            store.effects.push(timer);
            store.effects.sort();
        }
        if let Some(row) = plan.after {
            store.put(plan.lead, row, &plan.timers);
        }
        match (ask, plan.response) {
            (Ask::Request(request), Some(response)) if !self.is(Twin::ForgetsResponse) => {
                store.responses.insert(request, response);
            }
            (Ask::Request(_), _) => {}
            (Ask::Fire(timer), _) => {
                let is_set_anew = plan.timers.iter().any(|other| other.kind == timer.kind);
                if self.is(Twin::EffectApart) && !is_set_anew {
                    store.timers.insert(timer);
                }
            }
        }
    }
}

fn send(state: &mut State, request: usize) {
    state.requests[request].sends += 1;
    state.requests[request].waiting += 1;
}

/// Takes what is asked from where it waits.
fn hand_in(state: &mut State, ask: Ask) {
    match ask {
        Ask::Request(request) => state.requests[usize::from(request)].waiting -= 1,
        Ask::Fire(timer) => {
            let index = state.held.iter().position(|held| *held == timer).unwrap();
            state.held.remove(index);
        }
    }
}

fn answer(state: &mut State, index: usize) {
    let (request, response) = match &mut state.jobs[index] {
        Job::Answering { request, response } => (*request, *response),
        Job::Decided {
            ask: Ask::Request(request), plan: Plan { response: Some(response), .. }, acknowledged, ..
        } => {
            *acknowledged = true;
            (*request, *response)
        }
        job => unreachable!("nobody waits for {job:?}"),
    };
    if matches!(state.jobs[index], Job::Answering { .. }) {
        state.jobs.remove(index);
    }
    tell(state, request, response);
}

fn tell(state: &mut State, request: u8, response: Response) {
    let answers = &mut state.requests[usize::from(request)].answers;
    answers.push(response);
    answers.sort();
}
