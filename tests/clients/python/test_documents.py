"""Directory and policy: what is wrong with a document is told with its place."""

import re

from grpc import StatusCode
from leadrouter.v1 import directory_service_pb2, policy_pb2, policy_service_pb2

WRONG = """\
name: wrong
time_zone: Etc/UTC
rules:
  - name: first
    when: lead.shoe_size > 40
    to: { pool: nobody }
default: { to: { queue: nowhere } }
"""


def test_a_wrong_policy_is_refused_with_every_place(services, refused):
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_DOCUMENT") as error:
        request = policy_service_pb2.CreatePolicyRequest(policy=policy_pb2.Policy(source=WRONG))
        services.policy.CreatePolicy(request)
    told = [re.match(r"(\d+):\d+: ", description) for _, description in error.problem.violations]
    assert [int(place.group(1)) for place in told] == [5, 6, 7]
    assert set(error.problem.fields()) == {"policy.source"}

    problems = services.policy.ValidatePolicy(policy_service_pb2.ValidatePolicyRequest(source=WRONG)).problems
    assert [problem.line for problem in problems] == [5, 6, 7]
    assert len(services.policy.ListPolicies(policy_service_pb2.ListPoliciesRequest()).policies) == 1


def test_reps_are_listed(services):
    reps = services.directory.ListReps(directory_service_pb2.ListRepsRequest()).reps
    assert [rep.name for rep in reps] == ["reps/anna", "reps/ben", "reps/mia"]
