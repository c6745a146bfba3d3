"""How a Python program calls Leadrouter: channels by the published service config, who calls, rich errors, pages."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
from google.longrunning import operations_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from leadrouter.v1 import watch_ownership_pb2

PUBLISHED = Path(os.environ["REPOSITORY"], "proto/service_config.json")


def service_config(service: str) -> dict:
    """The published service config; the health that is watched is that of one service."""
    config = json.loads(PUBLISHED.read_text())
    config["healthCheckConfig"] = {"serviceName": service}
    return config


def channel(address: str, service: str, tenant: str, actor: str) -> grpc.Channel:
    """A channel whose calls are retried, limited in time and balanced as the service config says, and say who calls."""
    options = [("grpc.service_config", json.dumps(service_config(service)))]
    named = WhoCalls((("leadrouter-tenant", tenant), ("leadrouter-actor", actor)))
    return grpc.intercept_channel(grpc.insecure_channel(address, options), named)


class WhoCalls(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor
):
    """Adds metadata to each call that has none of the same name."""

    def __init__(self, metadata):
        self.metadata = metadata

    def complete(self, details):
        given = list(details.metadata or ())
        names = {name for name, _ in given}
        return details._replace(metadata=given + [pair for pair in self.metadata if pair[0] not in names])

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self.complete(details), request)

    def intercept_unary_stream(self, continuation, details, request):
        return continuation(self.complete(details), request)

    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(self.complete(details), requests)


def request_id() -> str:
    """Names one intended change: the same again when it is sent again."""
    return str(uuid.uuid4())


def pages(method: Callable, request) -> Iterator:
    """The pages of a List method; the same request each time, with the token of the page before."""
    while True:
        page = method(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def changes(assignment, token: str = "") -> Iterator:
    """What happens to leads, without end: each change, and the token to be kept once it is dealt with. A stream that breaks is
    resumed."""
    while True:
        try:
            for response in assignment.WatchOwnership(watch_ownership_pb2.WatchOwnershipRequest(resume_token=token)):
                # The token stands for all changes of a response: before the last of them the one before holds.
                for place, change in enumerate(response.changes, 1):
                    yield change, response.resume_token if place == len(response.changes) else token
                token = response.resume_token
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(1)


def wait(operations, operation: operations_pb2.Operation) -> operations_pb2.Operation:
    """The operation when it has ended, however long that takes; `operations` is the stub of google.longrunning."""
    while not operation.done:
        operation = operations.WaitOperation(operations_pb2.WaitOperationRequest(name=operation.name))
    return operation


class Problem:
    """What an error tells: canonical code, reason and facts for a program, each wrong field."""

    def __init__(self, error: grpc.RpcError):
        self.code: grpc.StatusCode = error.code()
        self.message: str = error.details()
        self.reason = ""
        self.domain = ""
        self.facts: dict[str, str] = {}
        # Pairs of path and description; all problems of one document have the path of the document.
        self.violations: list[tuple[str, str]] = []
        self.resource = ""
        status = rpc_status.from_call(error)
        for detail in status.details if status else ():
            self._read(detail)

    def fields(self) -> list[str]:
        """The fields that are wrong."""
        return sorted(field for field, _ in self.violations)

    def _read(self, detail):
        info = error_details_pb2.ErrorInfo()
        wrong = error_details_pb2.BadRequest()
        resource = error_details_pb2.ResourceInfo()
        if detail.Unpack(info):
            self.reason, self.domain, self.facts = info.reason, info.domain, dict(info.metadata)
        elif detail.Unpack(wrong):
            self.violations = [(violation.field, violation.description) for violation in wrong.field_violations]
        elif detail.Unpack(resource):
            self.resource = resource.resource_name
