"""What happens to leads, as a Python program hears of it."""

import uuid

from google.protobuf import duration_pb2
from grpc import StatusCode
from leadrouter.v1 import assignment_service_pb2, lead_pb2, watch_ownership_pb2
from leadrouter_client import changes, request_id

KIND = watch_ownership_pb2.OwnershipChangeKind
REQUEST = watch_ownership_pb2.WatchOwnershipRequest


def route(assignment) -> lead_pb2.Lead:
    profile = lead_pb2.LeadProfile(email=f"{uuid.uuid4()}@people.example")
    return assignment.RouteLead(assignment_service_pb2.RouteLeadRequest(lead=profile, request_id=request_id())).lead


def test_changes_come_in_order_and_go_on_where_they_were_cut(assignment):
    stream = assignment.WatchOwnership(REQUEST())
    token = next(stream).resume_token
    lead = route(assignment)
    accept = assignment_service_pb2.AcceptLeadRequest(name=lead.name, etag=lead.etag, request_id=request_id())
    assignment.AcceptLead(accept)
    stream.cancel()

    told = []
    for change, token in changes(assignment, token):
        told.append(change)
        if change.kind == KIND.OWNERSHIP_CHANGE_KIND_ACCEPTED:
            break
    assert [(change.lead, change.epoch) for change in told] == [(lead.name, 1)] * 2
    assert told[0].kind == KIND.OWNERSHIP_CHANGE_KIND_ASSIGNED
    assert (told[0].owner, told[0].respond_by) == (lead.owner, lead.respond_by)

    # Nothing of it comes again after the token that was kept with it.
    following = route(assignment)
    change, _ = next(changes(assignment, token))
    assert change.lead == following.name


def test_a_token_that_is_none_is_refused_with_all_else(assignment, refused):
    request = REQUEST(resume_token="made up", owner="mia", heartbeat=duration_pb2.Duration(seconds=0))
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as error:
        next(assignment.WatchOwnership(request))
    assert error.problem.fields() == ["heartbeat", "owner", "resume_token"]
