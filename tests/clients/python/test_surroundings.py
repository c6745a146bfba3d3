"""What every gRPC client finds: health, reflection, who may call, deadlines, the published service config."""

import os
from concurrent import futures

import grpc
import leadrouter_client
import pytest
from conftest import ADDRESSES, SERVICES
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from leadrouter.v1 import (
    assignment_service_pb2,
    assignment_service_pb2_grpc,
    directory_service_pb2,
    escalation_service_pb2,
    lead_pb2,
    policy_service_pb2,
    scoring_service_pb2,
    subscription_service_pb2,
)

FILES = (
    assignment_service_pb2,
    directory_service_pb2,
    escalation_service_pb2,
    policy_service_pb2,
    scoring_service_pb2,
    subscription_service_pb2,
    operations_pb2,
)


def served_by(role: str) -> set[str]:
    return {f"leadrouter.v1.{name}" for name, (at, _) in SERVICES.items() if at == role}


@pytest.mark.parametrize("role", ADDRESSES)
def test_each_service_says_that_it_is_well(role):
    with grpc.insecure_channel(ADDRESSES[role]) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ["", *served_by(role)]:
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as refused:
            health.Check(health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=5)
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("role", ADDRESSES)
def test_each_server_lists_its_services(role):
    with grpc.insecure_channel(ADDRESSES[role]) as channel:
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        question = reflection_pb2.ServerReflectionRequest(list_services="*")
        answer = next(reflection.ServerReflectionInfo(iter([question]), timeout=5))
    listed = {service.name for service in answer.list_services_response.service}
    assert {name for name in listed if name.startswith("leadrouter.")} == served_by(role)
    assert "grpc.health.v1.Health" in listed


def test_another_tenant_is_denied(assignment, refused):
    with refused(grpc.StatusCode.PERMISSION_DENIED, "TENANT_DENIED"):
        request = assignment_service_pb2.ListLeadsRequest()
        assignment.ListLeads(request, metadata=[("leadrouter-tenant", "somebody-else")])


def test_a_tenant_that_cannot_be_one_is_told_by_its_header(assignment, refused):
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_METADATA") as error:
        request = assignment_service_pb2.ListLeadsRequest()
        assignment.ListLeads(request, metadata=[("leadrouter-tenant", "Not A Slug")])
    assert error.problem.facts["header"] == "leadrouter-tenant"


@pytest.mark.parametrize("role", ADDRESSES)
def test_a_call_ends_by_its_deadline(role):
    # One that would go on for ever: any other may be answered in time, however short that is.
    with grpc.insecure_channel(ADDRESSES[role]) as channel:
        statuses = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=0.2)
        with pytest.raises(grpc.RpcError) as late:
            list(statuses)
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_service_config_names_what_is_served():
    described = {service.full_name: service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()}
    names = [name for method in leadrouter_client.service_config("")["methodConfig"] for name in method["name"]]
    assert {name["service"] for name in names if "method" not in name} == described.keys()
    for name in names:
        assert name.get("method") is None or name["method"] in described[name["service"]].methods_by_name


class Faltering(assignment_service_pb2_grpc.AssignmentServiceServicer):
    """Answers with these codes, one after the other, and then well."""

    def __init__(self, *codes: grpc.StatusCode):
        self.codes = list(codes)
        self.asked: list[str] = []

    def RouteLead(self, request, context):
        self.asked.append(request.request_id)
        if self.codes:
            context.abort(self.codes.pop(0), "not now")
        return assignment_service_pb2.RouteLeadResponse(reason="well")


def route_at(servicer: Faltering):
    """Calls it over the published service config."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    assignment_service_pb2_grpc.add_AssignmentServiceServicer_to_server(servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(Well(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    service = "leadrouter.v1.AssignmentService"
    try:
        with leadrouter_client.channel(f"127.0.0.1:{port}", service, os.environ["TENANT"], "python-client") as channel:
            request = assignment_service_pb2.RouteLeadRequest(lead=lead_pb2.LeadProfile(), request_id="the same")
            return assignment_service_pb2_grpc.AssignmentServiceStub(channel).RouteLead(request)
    finally:
        server.stop(None).wait()


class Well(health_pb2_grpc.HealthServicer):
    """Says that everything is well."""

    def Watch(self, request, context):
        yield health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no more to tell")


def test_what_is_unavailable_is_sent_again_as_it_was():
    faltering = Faltering(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAVAILABLE)
    assert route_at(faltering).reason == "well"
    assert faltering.asked == ["the same"] * 3


@pytest.mark.parametrize("code", ["INTERNAL", "ABORTED", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"])
def test_nothing_else_is_sent_again(code):
    faltering = Faltering(grpc.StatusCode[code])
    with pytest.raises(grpc.RpcError) as error:
        route_at(faltering)
    assert error.value.code() == grpc.StatusCode[code]
    assert len(faltering.asked) == 1
