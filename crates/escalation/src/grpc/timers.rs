//! `ListTimers`: what is still to fire.

use api::{
    Error, Path, Violations,
    convert::{fields, time, timer},
    names::LeadParent,
    page::{Listing, Page},
    v1,
};
use domain::{
    ids::TenantId,
    ownership::{Timer, TimerKind},
};
use jiff::Timestamp;
use store::TimerKey;

use super::{Inner, store_error};

/// Which timers are asked for.
struct Filter {
    kind: Option<TimerKind>,
    due_before: Option<Timestamp>,
}

impl Inner {
    pub(super) async fn list_timers(
        &self,
        tenant: TenantId,
        request: v1::ListTimersRequest,
    ) -> Result<v1::ListTimersResponse, Error> {
        let now = self.clock.now();
        let listing = listing(&request);
        let mut violations = Violations::default();
        let parent = fields::name(&request.parent, &Path::Request.field("parent"), &mut violations);
        let page = listing.page::<TimerKey>(request.page_size, &request.page_token, &mut violations);
        let filter = filter(&request, now, &mut violations);
        let LeadParent(lead) = violations.check_some(parent)?;
        let timers = if let Some(lead) = lead {
            select(self.store.timers_of(tenant, lead).await.map_err(store_error)?, &filter, &page)
        } else {
            let Filter { kind, due_before } = filter;
            let found = self.store.timers(tenant, kind, due_before, page.after, i64::from(page.size));
            found.await.map_err(store_error)?
        };
        let next_page_token = match timers.last() {
            Some(last) if u32::try_from(timers.len()) == Ok(page.size) => listing.token(&key(last))?,
            _ => String::new(),
        };
        let timers = timers.iter().map(|found| timer::to_wire(found, now)).collect();
        Ok(v1::ListTimersResponse { timers, next_page_token })
    }
}

/// A page belongs to all that is asked but its size. What is overdue grows from page to page, at its end only.
fn listing(request: &v1::ListTimersRequest) -> Listing {
    let due_before = request.due_before.map(|time| format!("{}.{:09}", time.seconds, time.nanos));
    let arguments = [
        request.parent.as_str(),
        &request.kind.to_string(),
        due_before.as_deref().unwrap_or_default(),
        if request.overdue { "overdue" } else { "" },
    ];
    Listing::new("ListTimers", &arguments)
}

fn filter(request: &v1::ListTimersRequest, now: Timestamp, v: &mut Violations) -> Filter {
    let root = Path::Request;
    let kind: Option<v1::TimerKind> = fields::known(request.kind, &root.field("kind"), v);
    let due_before = time::optional(request.due_before, &root.field("due_before"), v);
    let overdue = request.overdue.then_some(now);
    Filter {
        // Unspecified: all kinds.
        kind: kind.and_then(|kind| kind.try_into().ok()),
        due_before: [due_before, overdue].into_iter().flatten().min(),
    }
}

/// Those of one lead, which has few.
fn select(mut timers: Vec<Timer>, filter: &Filter, page: &Page<TimerKey>) -> Vec<Timer> {
    timers.retain(|timer| {
        filter.kind.is_none_or(|kind| timer.kind == kind)
            && filter.due_before.is_none_or(|bound| timer.due_at < bound)
            && page.after.is_none_or(|after| key(timer) > after)
    });
    timers.sort_unstable_by_key(key);
    timers.truncate(page.size as usize);
    timers
}

fn key(timer: &Timer) -> TimerKey {
    (timer.due_at, timer.lead, timer.kind)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use domain::ids::{Epoch, LeadId};
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn timers() -> Vec<Timer> {
        let kinds = [(TimerKind::Accept, 30), (TimerKind::Escalate, 10), (TimerKind::Wake, 20)];
        let timer = |(kind, due)| Timer {
            lead: LeadId(Uuid::from_u128(7)),
            kind,
            epoch: Epoch(1),
            due_at: at(due),
            traceparent: None,
        };
        kinds.map(timer).to_vec()
    }

    #[test]
    fn those_of_a_lead_come_soonest_first_page_by_page() {
        let filter = Filter { kind: None, due_before: None };
        let mut page = Page { size: 2, after: None };
        let first = select(timers(), &filter, &page);
        assert_eq!(first.iter().map(|timer| timer.kind).collect::<Vec<_>>(), [TimerKind::Escalate, TimerKind::Wake]);
        page.after = first.last().map(key);
        let second = select(timers(), &filter, &page);
        assert_eq!(second.iter().map(|timer| timer.kind).collect::<Vec<_>>(), [TimerKind::Accept]);
    }

    #[test]
    fn the_earlier_bound_counts() {
        let bound = |seconds| Some(time::to_wire(at(seconds)));
        let asked =
            |due_before, overdue| v1::ListTimersRequest { due_before, overdue, ..v1::ListTimersRequest::default() };
        let read = |request, now| super::filter(&request, now, &mut Violations::default());
        let due_before = |request| read(request, at(20)).due_before;
        assert_eq!(due_before(asked(bound(30), true)), Some(at(20)));
        assert_eq!(due_before(asked(bound(10), true)), Some(at(10)));
        assert_eq!(due_before(asked(bound(30), false)), Some(at(30)));
        assert_eq!(due_before(asked(None, false)), None);

        let filter = read(v1::ListTimersRequest { kind: 4, ..asked(bound(21), false) }, at(0));
        let found = select(timers(), &filter, &Page { size: 9, after: None });
        assert_eq!(found.iter().map(|timer| timer.kind).collect::<Vec<_>>(), [TimerKind::Wake]);
    }
}
