"""What a receiver of webhooks does, with nothing but Python's own library and the generated messages."""

import base64
import hashlib
import hmac
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
from google.protobuf import json_format
from grpc import StatusCode
from leadrouter.v1 import assignment_service_pb2, lead_pb2, subscription_service_pb2, watch_ownership_pb2
from leadrouter_client import changes, request_id

KIND = watch_ownership_pb2.OwnershipChangeKind


def is_signed(secret: str, headers, body: bytes) -> bool:
    """Whether one of the signatures is made with that secret, as Standard Webhooks says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(expected, found) for found in headers["webhook-signature"].split())


@pytest.fixture
def receiver():
    """A server that takes what comes: its address, and a queue of headers and bodies."""
    heard = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()
            heard.put((self.headers, body))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", heard
    server.shutdown()
    server.server_close()


def test_messages_are_signed_and_say_what_a_watcher_is_told(assignment, subscriptions, receiver):
    url, heard = receiver
    stream = assignment.WatchOwnership(watch_ownership_pb2.WatchOwnershipRequest())
    token = next(stream).resume_token
    stream.cancel()
    subscription = subscription_service_pb2.Subscription(url=url)
    create = subscription_service_pb2.CreateSubscriptionRequest(
        subscription=subscription, subscription_id="python", request_id=request_id()
    )
    created = subscriptions.CreateSubscription(create)
    assert created.secret.startswith("whsec_")

    profile = lead_pb2.LeadProfile(email=f"{uuid.uuid4()}@people.example")
    route = assignment_service_pb2.RouteLeadRequest(lead=profile, request_id=request_id())
    lead = assignment.RouteLead(route).lead
    accept = assignment_service_pb2.AcceptLeadRequest(name=lead.name, etag=lead.etag, request_id=request_id())
    assignment.AcceptLead(accept)
    told = changes(assignment, token)
    for _ in range(2):
        headers, body = heard.get(timeout=30)
        change, _ = next(told)
        assert is_signed(created.secret, headers, body)
        assert not is_signed(created.secret, headers, body + b" ")
        event = json.loads(body)
        assert (event["specversion"], event["id"], event["subject"]) == ("1.0", headers["webhook-id"], lead.name)
        # Protobuf's own reader of JSON understands the data, and finds the same as is told by the stream.
        assert json_format.ParseDict(event["data"], watch_ownership_pb2.OwnershipChange()) == change
    assert change.kind == KIND.OWNERSHIP_CHANGE_KIND_ACCEPTED

    delete = subscription_service_pb2.DeleteSubscriptionRequest(name="subscriptions/python", request_id=request_id())
    subscriptions.DeleteSubscription(delete)


def test_all_that_is_wrong_is_told_at_once(subscriptions, refused):
    subscription = subscription_service_pb2.Subscription(url="nowhere", kinds=[KIND.OWNERSHIP_CHANGE_KIND_UNSPECIFIED])
    create = subscription_service_pb2.CreateSubscriptionRequest(
        subscription=subscription, subscription_id="Not An Id", request_id=request_id()
    )
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as error:
        subscriptions.CreateSubscription(create)
    assert error.problem.fields() == ["subscription.kinds[0]", "subscription.url", "subscription_id"]
