"""Many leads at once, called from Python."""

import uuid

from leadrouter.v1 import assignment_service_pb2, bulk_reassign_pb2, lead_pb2
from leadrouter_client import pages, request_id, wait

OUTCOME = bulk_reassign_pb2.BulkReassignOutcome


def route(assignment) -> lead_pb2.Lead:
    profile = lead_pb2.LeadProfile(email=f"{uuid.uuid4()}@people.example")
    return assignment.RouteLead(assignment_service_pb2.RouteLeadRequest(lead=profile, request_id=request_id())).lead


def test_many_leads_go_to_somebody_else_by_one_operation(assignment, operations):
    leads = [route(assignment).name for _ in range(5)]
    request = bulk_reassign_pb2.BulkReassignRequest(leads=leads, owner="reps/mia", request_id=request_id())
    started = assignment.BulkReassign(request)
    assert assignment.BulkReassign(request).name == started.name
    operation = wait(operations, started)

    metadata, response = bulk_reassign_pb2.BulkReassignMetadata(), bulk_reassign_pb2.BulkReassignResponse()
    assert operation.metadata.Unpack(metadata) and operation.response.Unpack(response)
    assert (metadata.total_count, metadata.actor, metadata.counts) == (5, "python-client", response.counts)
    assert response.counts.moved_count == 5
    assert [owner.gained_count for owner in response.owners if owner.owner == "reps/mia"] == [5]

    request = bulk_reassign_pb2.ListBulkReassignResultsRequest(parent=operation.name, page_size=2)
    listed = [list(page.results) for page in pages(assignment.ListBulkReassignResults, request)]
    assert [len(page) for page in listed] == [2, 2, 1]
    results = [result for page in listed for result in page]
    assert [result.lead for result in results] == leads
    assert all((result.outcome, result.owner) == (OUTCOME.BULK_REASSIGN_OUTCOME_MOVED, "reps/mia") for result in results)
