//! What a command can come to: every way that the table leaves open.

use leadrouter_domain::{
    lifecycle::{Command, Outcome, Place, Presence, outcome},
    ownership::TimerKind,
};

use super::{
    steps::Step,
    store::{Row, Store, TURNS, Timer},
    world::{Ask, Asked, Plan, Response, State, Twin, Wish, World},
};

/// Places that differ in which timers they have. Review is like an offer without an acceptance window, self-service like
/// nurture without a date, disqualified like closed.
const PLACES: [Place; 6] =
    [Place::Offered, Place::Accepted, Place::Working, Place::Waiting, Place::Nurture, Place::Closed];

impl World {
    /// What a committer may make of what it is asked.
    pub(crate) fn decide(&self, state: &State, ask: Ask) -> Vec<Step> {
        match ask {
            Ask::Request(request) => {
                if let Some(response) = state.store.responses.get(&request) {
                    return vec![Step::Tell(request, *response)];
                }
                let asked = state.requests[usize::from(request)].asked.unwrap();
                let plans = match asked.wish {
                    Wish::Route => Some(self.route(&state.store, asked.lead)),
                    Wish::Change(command) => self.change(&state.store, asked, command),
                };
                let Some(plans) = plans else { return vec![Step::Tell(request, Response::Refused)] };
                plans.into_iter().map(|plan| Step::Decide(ask, plan)).collect()
            }
            Ask::Fire(timer) => match self.fire(&state.store, timer) {
                Some(plans) => plans.into_iter().map(|plan| Step::Decide(ask, plan)).collect(),
                None => vec![Step::Drop(timer)],
            },
        }
    }

    fn route(&self, store: &Store, lead: u8) -> Vec<Plan> {
        if let Some(row) = store.row(lead) {
            return vec![unchanged(store, lead, Response::Duplicate(row.seen(lead)))];
        }
        let places = Place::ROUTED.iter().filter(|place| PLACES.contains(place));
        let rows =
            places.map(|place| Row { place: *place, rep: (*place == Place::Offered).then_some(0), ..Row::new() });
        let plans = rows.map(|row| {
            let (timers, response) = (self.fresh_timers(row, lead), Some(Response::Routed(row.seen(lead))));
            Plan { lead, after: Some(row), timers, response }
        });
        plans.collect()
    }

    /// `None`: it is refused.
    fn change(&self, store: &Store, asked: Asked, command: Command) -> Option<Vec<Plan>> {
        let lead = asked.lead;
        let row = store.row(lead).filter(|row| row.epoch == asked.seen)?;
        let changed = |row: Row| Response::Changed(row.seen(lead));
        match outcome(command, row.place) {
            Outcome::NotTheOwner | Outcome::WrongState => None,
            Outcome::Nothing => Some(vec![unchanged(store, lead, changed(row))]),
            Outcome::Moves { .. } if command == Command::Resume && !row.paused => {
                Some(vec![unchanged(store, lead, changed(row))])
            }
            Outcome::Moves { keeps, passes } => {
                let kept = keeps.iter().map(|place| match command {
                    Command::Pause => {
                        let row = Row { paused: true, ..row };
                        (row, row.fresh_timers(lead))
                    }
                    Command::Resume => self.resumed(row, lead),
                    _ => {
                        let paused = row.paused && place.timer(TimerKind::Resume) != Presence::Never;
                        let row = Row { place: *place, paused, ..row };
                        let timers = store.timers_of(lead).into_iter();
                        (row, timers.filter(|timer| place.timer(timer.kind) != Presence::Never).collect())
                    }
                });
                let all = kept.chain(self.passed(row, lead, passes));
                let plan = |(row, timers)| Plan { lead, after: Some(row), timers, response: Some(changed(row)) };
                Some(all.map(plan).collect())
            }
        }
    }

    /// `None`: it is stale.
    fn fire(&self, store: &Store, timer: Timer) -> Option<Vec<Plan>> {
        let is_set = store.timers.contains(&timer) || self.is(Twin::RemovesTimerFirst);
        let row = store.row(timer.lead).filter(|row| is_set && row.epoch == timer.epoch)?;
        let others = || store.timers_of(timer.lead).into_iter().filter(move |other| other.kind != timer.kind);
        let Outcome::Moves { keeps, passes } = outcome(Command::Fire(timer.kind), row.place) else { return None };
        // At its deadline a lead leaves the waiting queue.
        let keeps = if row.place == Place::Waiting && timer.turn + 1 == TURNS { &[][..] } else { keeps };
        let kept = keeps.iter().map(|place| {
            if timer.kind == TimerKind::Resume {
                return self.resumed(row, timer.lead);
            }
            let turn = timer.turn + 1;
            let goes_on = place.timer(timer.kind) == Presence::Always || (turn < TURNS && *place != Place::Nurture);
            let next = goes_on.then_some(Timer { turn, ..timer });
            (Row { place: *place, turn, ..row }, others().chain(next).collect())
        });
        let all = kept.chain(self.passed(row, timer.lead, passes));
        Some(all.map(|(row, timers)| Plan { lead: timer.lead, after: Some(row), timers, response: None }).collect())
    }

    /// The next assignments that may begin, with their timers.
    fn passed(&self, row: Row, lead: u8, places: &'static [Place]) -> Vec<(Row, Vec<Timer>)> {
        let mut all = Vec::new();
        let others = |place: &&Place| PLACES.contains(place) && (**place != row.place || row.rep.is_some());
        for place in places.iter().filter(others) {
            let is_reps = matches!(place, Place::Offered | Place::Accepted | Place::Working);
            // From a rep to the other one; which of the two comes first makes no difference.
            let rep = is_reps.then_some(row.rep.map_or(0, |before| 1 - before));
            let next = Row { epoch: row.epoch + 1, place: *place, rep, paused: false, turn: 0 };
            all.push((next, self.fresh_timers(next, lead)));
        }
        all
    }

    /// Its clocks run again.
    fn resumed(&self, row: Row, lead: u8) -> (Row, Vec<Timer>) {
        let row = Row { paused: false, ..row };
        let timers = if self.is(Twin::ForgetsClocks) { Vec::new() } else { row.fresh_timers(lead) };
        (row, timers)
    }

    fn fresh_timers(&self, row: Row, lead: u8) -> Vec<Timer> {
        if self.is(Twin::ForgetsTimer) && row.epoch > 1 {
            return Vec::new();
        }
        row.fresh_timers(lead)
    }
}

fn unchanged(store: &Store, lead: u8, response: Response) -> Plan {
    Plan { lead, after: None, timers: store.timers_of(lead), response: Some(response) }
}
