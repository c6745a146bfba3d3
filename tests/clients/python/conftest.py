"""The services under test, with the tests' directory and policy, as clients see them."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest
from google.longrunning import operations_pb2_grpc
from leadrouter.v1 import (
    assignment_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
    escalation_service_pb2_grpc,
    policy_pb2,
    policy_service_pb2,
    policy_service_pb2_grpc,
    scoring_service_pb2_grpc,
    subscription_service_pb2_grpc,
)
from leadrouter_client import Problem, channel, request_id

ACTOR = "python-client"
DOCUMENTS = Path(os.environ["REPOSITORY"], "tests/clients")
ADDRESSES = {role: os.environ[f"{role.upper()}_ADDRESS"] for role in ("assignment", "scoring", "escalation")}
SERVICES = {
    "AssignmentService": ("assignment", assignment_service_pb2_grpc.AssignmentServiceStub),
    "DirectoryService": ("assignment", directory_service_pb2_grpc.DirectoryServiceStub),
    "PolicyService": ("assignment", policy_service_pb2_grpc.PolicyServiceStub),
    "ScoringService": ("scoring", scoring_service_pb2_grpc.ScoringServiceStub),
    "EscalationService": ("escalation", escalation_service_pb2_grpc.EscalationServiceStub),
    "SubscriptionService": ("assignment", subscription_service_pb2_grpc.SubscriptionServiceStub),
}


@dataclass
class Services:
    """A stub for each service."""

    assignment: assignment_service_pb2_grpc.AssignmentServiceStub
    directory: directory_service_pb2_grpc.DirectoryServiceStub
    policy: policy_service_pb2_grpc.PolicyServiceStub
    scoring: scoring_service_pb2_grpc.ScoringServiceStub
    escalation: escalation_service_pb2_grpc.EscalationServiceStub
    subscription: subscription_service_pb2_grpc.SubscriptionServiceStub
    operations: operations_pb2_grpc.OperationsStub


@pytest.fixture(scope="session")
def services():
    """The services, with directory and policy installed."""
    channels, stubs = [], {}
    for name, (role, stub) in SERVICES.items():
        channels.append(channel(ADDRESSES[role], f"leadrouter.v1.{name}", os.environ["TENANT"], ACTOR))
        stubs[name.removesuffix("Service").lower()] = stub(channels[-1])
    # What takes long is asked for by the standard service, at the address of the one that started it.
    channels.append(channel(ADDRESSES["assignment"], "google.longrunning.Operations", os.environ["TENANT"], ACTOR))
    services = Services(**stubs, operations=operations_pb2_grpc.OperationsStub(channels[-1]))
    install(services)
    yield services
    for open_channel in channels:
        open_channel.close()


def install(services: Services):
    """Imports the directory, and creates and activates the policy."""
    directory = directory_service_pb2.ImportDirectoryRequest(
        source=(DOCUMENTS / "directory.yaml").read_text(), request_id=request_id()
    )
    assert services.directory.ImportDirectory(directory).directory.rep_count == 3
    source = policy_pb2.Policy(source=(DOCUMENTS / "policy.yaml").read_text())
    created = services.policy.CreatePolicy(
        policy_service_pb2.CreatePolicyRequest(policy=source, request_id=request_id())
    ).policy
    assert not created.active
    activate = policy_service_pb2.ActivatePolicyRequest(name=created.name, request_id=request_id())
    assert services.policy.ActivatePolicy(activate).policy.active


@pytest.fixture
def assignment(services):
    return services.assignment


@pytest.fixture
def subscriptions(services):
    return services.subscription


@pytest.fixture
def operations(services):
    return services.operations


@pytest.fixture
def refused():
    """`with refused(code, reason) as error:` - the calls within must be refused; `error.problem` tells more."""
    return expect_refusal


@contextmanager
def expect_refusal(code: grpc.StatusCode, reason: str):
    error = SimpleNamespace(problem=None)
    with pytest.raises(grpc.RpcError) as caught:
        yield error
    error.problem = Problem(caught.value)
    told = (error.problem.code, error.problem.reason, error.problem.domain)
    assert told == (code, reason, "leadrouter"), error.problem.message
