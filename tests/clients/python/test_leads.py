"""The life of a lead, called from Python."""

import uuid
from datetime import timedelta

import pytest
from grpc import StatusCode
from leadrouter.v1 import assignment_pb2, assignment_service_pb2, error_pb2, escalation_service_pb2, lead_pb2
from leadrouter.v1 import scoring_service_pb2, sla_pb2
from leadrouter_client import pages, request_id

OUTCOME = assignment_service_pb2.RouteOutcome
STATE = lead_pb2.LeadState


def person(**fields) -> lead_pb2.LeadProfile:
    """Somebody who was never seen before."""
    return lead_pb2.LeadProfile(**{"email": f"{uuid.uuid4()}@people.example", **fields})


def route(assignment, profile=None, **fields) -> assignment_service_pb2.RouteLeadResponse:
    request = assignment_service_pb2.RouteLeadRequest(lead=profile or person(), request_id=request_id())
    request.MergeFrom(assignment_service_pb2.RouteLeadRequest(**fields))
    return assignment.RouteLead(request)


def accept(assignment, lead, **fields):
    request = {"name": lead.name, "etag": lead.etag, "request_id": request_id(), **fields}
    return assignment.AcceptLead(assignment_service_pb2.AcceptLeadRequest(**request)).lead


def reassign(assignment, lead, owner):
    request = {"name": lead.name, "etag": lead.etag, "request_id": request_id(), "owner": owner}
    return assignment.ReassignLead(assignment_service_pb2.ReassignLeadRequest(**request)).lead


def get(assignment, name):
    return assignment.GetLead(assignment_service_pb2.GetLeadRequest(name=name)).lead


def test_a_lead_gets_an_owner_a_deadline_and_a_reason(assignment):
    answer = route(assignment, person(person_name="Zoë Müller", country="us", lead_type=lead_pb2.LEAD_TYPE_DEMO_REQUEST))
    lead = answer.lead
    assert answer.outcome == OUTCOME.ROUTE_OUTCOME_OFFERED
    assert lead.owner in ("reps/anna", "reps/ben")
    assert (lead.state, lead.epoch, lead.policy) == (STATE.LEAD_STATE_OFFERED, 1, "policies/1")
    assert not lead.HasField("accept_time")
    assert lead.grade == answer.score.grade
    assert answer.reason.strip()
    assert (lead.profile.person_name, lead.profile.country) == ("Zoë Müller", "US")
    assert get(assignment, lead.name) == lead

    decision = assignment.GetDecision(assignment_service_pb2.GetDecisionRequest(name=answer.decision)).decision
    assert (decision.name, decision.owner, decision.reason) == (answer.decision, lead.owner, answer.reason)
    assert lead.respond_by.ToDatetime() - decision.decide_time.ToDatetime() == timedelta(minutes=15)
    assert lead.accept_by.ToDatetime() - decision.decide_time.ToDatetime() == timedelta(minutes=10)
    assert [rule.outcome for rule in decision.rules].count(assignment_pb2.TRUTH_TRUE) == 0
    assert [trial.rep for trial in decision.destinations[-1].candidates if trial.picked] == [lead.owner]


def test_unknown_is_not_nought(assignment):
    profile = route(assignment, person(employees=0)).lead.profile
    assert profile.HasField("employees")
    assert not profile.HasField("annual_revenue")


def test_the_pool_takes_turns(assignment):
    owners = [route(assignment).lead.owner for _ in range(4)]
    assert sorted(owners) == ["reps/anna", "reps/anna", "reps/ben", "reps/ben"]


def test_a_named_account_goes_to_its_owner(assignment):
    answer = route(assignment, person(email=f"{uuid.uuid4()}@umbrella.example"))
    assert (answer.lead.owner, answer.lead.rule) == ("reps/mia", "named-accounts")


def test_a_large_deal_waits_in_a_queue(assignment):
    answer = route(assignment, person(deal_value=2_000_000))
    assert (answer.outcome, answer.lead.owner) == (OUTCOME.ROUTE_OUTCOME_QUEUED, "queues/review")


def test_no_customer_is_closed(assignment):
    careers = {"purpose": lead_pb2.AttributeValue(text="careers")}
    answer = route(assignment, person(attributes=careers))
    assert answer.outcome == OUTCOME.ROUTE_OUTCOME_DISQUALIFIED
    assert (answer.lead.state, answer.lead.owner) == (STATE.LEAD_STATE_CLOSED, "queues/disqualified")
    assert answer.lead.HasField("close_time")


def test_the_owner_accepts_answers_and_wins(assignment):
    lead = route(assignment).lead
    accepted = accept(assignment, lead, rep=lead.owner, note="on it")
    assert (accepted.state, accepted.owner) == (STATE.LEAD_STATE_ACCEPTED, lead.owner)
    assert accepted.HasField("accept_time")

    fields = {"name": lead.name, "etag": accepted.etag, "request_id": request_id()}
    answered = assignment.RecordFirstResponse(assignment_service_pb2.RecordFirstResponseRequest(**fields)).lead
    assert answered.state == STATE.LEAD_STATE_WORKING

    fields = {"name": lead.name, "etag": answered.etag, "request_id": request_id()}
    won = assignment.CloseLead(
        assignment_service_pb2.CloseLeadRequest(**fields, outcome=lead_pb2.CLOSE_OUTCOME_WON, value=1200)
    ).lead
    assert (won.state, won.close_value) == (STATE.LEAD_STATE_CLOSED, 1200)

    history = assignment.ListAssignments(assignment_service_pb2.ListAssignmentsRequest(parent=lead.name)).assignments
    assert [(entry.epoch, entry.owner, entry.actor) for entry in history] == [(1, lead.owner, "python-client")]


def test_saying_yes_again_changes_nothing(assignment):
    lead = route(assignment).lead
    accepted = accept(assignment, lead)
    assert accept(assignment, accepted) == accepted


def test_only_the_owner_says_yes(assignment, refused):
    lead = route(assignment).lead
    other = "reps/ben" if lead.owner == "reps/anna" else "reps/anna"
    with refused(StatusCode.FAILED_PRECONDITION, "NOT_THE_OWNER") as error:
        accept(assignment, lead, rep=other)
    assert error.problem.facts["owner"] == lead.owner


def test_a_declined_lead_goes_to_the_other(assignment):
    lead = route(assignment).lead
    fields = {"name": lead.name, "etag": lead.etag, "request_id": request_id(), "rep": lead.owner}
    answer = assignment.DeclineLead(
        assignment_service_pb2.DeclineLeadRequest(**fields, reason=assignment_service_pb2.DECLINE_REASON_NO_CAPACITY)
    )
    assert {lead.owner, answer.lead.owner} == {"reps/anna", "reps/ben"}
    assert (answer.lead.epoch, answer.lead.state) == (2, STATE.LEAD_STATE_OFFERED)
    assert answer.reason.strip()


def test_the_same_address_is_a_duplicate(assignment):
    name = uuid.uuid4()
    first = route(assignment, person(email=f"{name}@people.example"))
    again = route(assignment, person(email=f"  {str(name).upper()}@People.EXAMPLE "))
    assert again.outcome == OUTCOME.ROUTE_OUTCOME_DUPLICATE
    assert (again.lead.name, again.lead.owner) == (first.lead.name, first.lead.owner)
    assert again.decision == f"{first.lead.name}/decisions/latest"
    assert not again.HasField("score")


def test_every_wrong_field_is_told_at_once(assignment, refused):
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as error:
        assignment.RouteLead(
            assignment_service_pb2.RouteLeadRequest(
                lead=person(email="nobody", employees=-1, country="Atlantis", technologies=["x", ""]),
                request_id="not a UUID",
            )
        )
    wrong = ["lead.country", "lead.email", "lead.employees", "lead.technologies[1]", "request_id"]
    assert error.problem.fields() == wrong
    assert all(description for _, description in error.problem.violations)


def test_a_lead_that_nobody_can_be_reached_by_is_refused(assignment, refused):
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as error:
        assignment.RouteLead(assignment_service_pb2.RouteLeadRequest())
    assert error.problem.fields() == ["lead"]


def test_a_lead_that_is_not_there(assignment, refused):
    name = f"leads/{uuid.uuid4()}"
    with refused(StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND") as error:
        get(assignment, name)
    assert error.problem.resource == name


def test_in_a_batch_an_entry_fails_alone(assignment):
    profiles = [person(), person(employees=-1), person()]
    entries = [assignment_service_pb2.RouteLeadRequest(lead=lead, request_id=request_id()) for lead in profiles]
    results = assignment.BatchRouteLeads(assignment_service_pb2.BatchRouteLeadsRequest(requests=entries)).results
    assert [result.WhichOneof("result") for result in results] == ["response", "error", "response"]
    error = results[1].error
    assert (error.code, error.reason) == (StatusCode.INVALID_ARGUMENT.value[0], error_pb2.ERROR_REASON_INVALID_REQUEST)
    assert [violation.field for violation in error.field_violations] == ["requests[1].lead.employees"]


def test_leads_that_come_as_a_stream_are_answered_in_order(assignment):
    def sent():
        for profile in [person(), person(employees=-1), person()]:
            lead = assignment_service_pb2.RouteLeadRequest(lead=profile, request_id=request_id())
            yield assignment_service_pb2.RouteLeadsRequest(request=lead)

    results = [answer.result for answer in assignment.RouteLeads(sent())]
    assert [result.WhichOneof("result") for result in results] == ["response", "error", "response"]
    assert [violation.field for violation in results[1].error.field_violations] == ["request.lead.employees"]


def test_a_preview_leaves_nothing(assignment, refused):
    profile = person()
    preview = route(assignment, profile, validate_only=True)
    assert (preview.outcome, preview.lead.name, preview.decision) == (OUTCOME.ROUTE_OUTCOME_OFFERED, "", "")
    assert route(assignment, profile).outcome == OUTCOME.ROUTE_OUTCOME_OFFERED


def test_the_same_request_again_gets_the_same_answer(assignment, refused):
    request = assignment_service_pb2.RouteLeadRequest(lead=person(), request_id=request_id())
    first = assignment.RouteLead(request)
    accepted = accept(assignment, first.lead)
    assert assignment.RouteLead(request) == first
    assert get(assignment, first.lead.name) == accepted

    request.lead.job_title = "Somebody else"
    with refused(StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED"):
        assignment.RouteLead(request)


def test_who_saw_an_older_owner_changes_nothing(assignment, refused):
    seen = route(assignment).lead
    moved = reassign(assignment, seen, "reps/mia")
    assert (moved.owner, moved.epoch) == ("reps/mia", 2)
    with refused(StatusCode.ABORTED, "STALE_ETAG") as error:
        accept(assignment, seen)
    assert error.problem.facts == {"etag": moved.etag, "owner": "reps/mia"}
    assert get(assignment, seen.name) == moved


def test_pages_give_every_lead_once_and_in_order(assignment, refused):
    leads = [reassign(assignment, route(assignment).lead, "queues/nurture") for _ in range(7)]
    request = assignment_service_pb2.ListLeadsRequest(page_size=3, filter="owner = queues/nurture AND state = QUEUED")
    listed = list(pages(assignment.ListLeads, request))
    assert [len(page.leads) for page in listed] == [3, 3, 1]
    assert [lead for page in listed for lead in page.leads] == leads

    token = listed[0].next_page_token
    for wrong in ({"page_token": "made up"}, {"page_token": token, "filter": "state = CLOSED"}):
        with refused(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"):
            assignment.ListLeads(assignment_service_pb2.ListLeadsRequest(page_size=3, **wrong))
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_FILTER"):
        assignment.ListLeads(assignment_service_pb2.ListLeadsRequest(filter="colour = red"))


def test_the_clock_of_a_lead_is_told(services):
    lead = route(services.assignment).lead
    sla = services.escalation.GetLeadSla(escalation_service_pb2.GetLeadSlaRequest(name=lead.name)).lead_sla
    assert sla.sla.respond_by == lead.respond_by
    timers = services.escalation.ListTimers(escalation_service_pb2.ListTimersRequest(parent=lead.name)).timers
    due = [timer.due_time.ToNanoseconds() for timer in timers]
    assert due == sorted(due)
    assert due[0] == lead.accept_by.ToNanoseconds()


def test_the_clocks_of_a_lead_stand_and_run_again(services, refused):
    lead = route(services.assignment).lead
    seen = {"name": lead.name, "etag": lead.etag}
    fields = {"reason": sla_pb2.PAUSE_REASON_WAITING_FOR_LEAD, "note": "is on holiday"}
    pause = assignment_service_pb2.PauseSlaRequest(**seen, **fields, request_id=request_id())
    paused = services.assignment.PauseSla(pause).lead
    assert (paused.owner, paused.HasField("respond_by"), paused.HasField("accept_by")) == (lead.owner, False, False)
    assert services.assignment.PauseSla(pause).lead == paused

    sla = services.escalation.GetLeadSla(escalation_service_pb2.GetLeadSlaRequest(name=lead.name)).lead_sla
    assert (sla.state, len(sla.timers)) == (sla_pb2.LEAD_SLA_STATE_PAUSED, 0)
    assert [(entry.reason, entry.note, entry.actor, entry.HasField("end_time")) for entry in sla.pauses] == [
        (sla_pb2.PAUSE_REASON_WAITING_FOR_LEAD, "is on holiday", "python-client", False)
    ]
    assert all(timedelta() < clock.remaining.ToTimedelta() <= timedelta(minutes=15) for clock in sla.paused_clocks)

    resume = assignment_service_pb2.ResumeSlaRequest(**seen, request_id=request_id())
    resumed = services.assignment.ResumeSla(resume).lead
    assert resumed.respond_by.ToDatetime() > lead.respond_by.ToDatetime()

    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as error:
        services.assignment.PauseSla(assignment_service_pb2.PauseSlaRequest(name=lead.name))
    assert error.problem.fields() == ["etag", "reason"]


def test_a_score_explains_itself(services):
    profile = person(employees=500, lead_type=lead_pb2.LEAD_TYPE_DEMO_REQUEST)
    score = services.scoring.ScoreLead(scoring_service_pb2.ScoreLeadRequest(lead=profile)).score
    assert score.grade[0] in "ABC" and score.grade[1] in "123"
    assert sum(part.points for part in score.contributions) == score.fit_points + score.intent_points


@pytest.mark.parametrize("size", [-1, -(2**31)])
def test_a_negative_page_is_refused(assignment, refused, size):
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as error:
        assignment.ListLeads(assignment_service_pb2.ListLeadsRequest(page_size=size))
    assert error.problem.fields() == ["page_size"]
