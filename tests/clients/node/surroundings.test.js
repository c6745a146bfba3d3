// What every gRPC client finds: health, who may call, deadlines; and that the client sends again what may be sent again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { connect, methodConfig, problem, retryUnavailable } from "./client.js";
import { Operations } from "./gen/google/longrunning/operations_pb.js";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "./gen/health/v1/health_pb.js";
import { AssignmentService } from "./gen/leadrouter/v1/assignment_service_pb.js";
import { DirectoryService } from "./gen/leadrouter/v1/directory_service_pb.js";
import { EscalationService } from "./gen/leadrouter/v1/escalation_service_pb.js";
import { PolicyService } from "./gen/leadrouter/v1/policy_service_pb.js";
import { ScoringService } from "./gen/leadrouter/v1/scoring_service_pb.js";
import { SubscriptionService } from "./gen/leadrouter/v1/subscription_service_pb.js";

const SERVED = {
  ASSIGNMENT: [AssignmentService, DirectoryService, PolicyService, SubscriptionService, Operations],
  SCORING: [ScoringService],
  ESCALATION: [EscalationService],
};

/** Connects, calls and disconnects.
 * @template Answer
 * @param {string} role
 * @param {(transport: import("@connectrpc/connect").Transport) => Promise<Answer>} call */
async function at(role, call) {
  const server = connect(process.env[`${role}_ADDRESS`] ?? "", process.env.TENANT ?? "", "node-client");
  try {
    return await call(server.transport);
  } finally {
    server.close();
  }
}

/** @param {Promise<unknown>} call */
const failure = (call) => call.then(() => assert.fail("it did not fail"), (error) => problem(error));

for (const [role, services] of Object.entries(SERVED)) {
  test(`${role.toLowerCase()} says that it is well`, () =>
    at(role, async (transport) => {
      const health = createClient(Health, transport);
      for (const service of ["", ...services.map(({ typeName }) => typeName)]) {
        assert.equal((await health.check({ service })).status, Serving.SERVING);
      }
      assert.equal((await failure(health.check({ service: "no.such.Service" }))).code, Code.NotFound);
    }));
}

test("another tenant is denied", () =>
  at("ASSIGNMENT", async (transport) => {
    const assignment = createClient(AssignmentService, transport);
    const headers = { "leadrouter-tenant": "somebody-else" };
    const told = await failure(assignment.listLeads({}, { headers }));
    assert.deepEqual([told.code, told.reason], [Code.PermissionDenied, "TENANT_DENIED"]);
  }));

for (const role of Object.keys(SERVED)) {
  test(`a call to ${role.toLowerCase()} ends by its deadline`, () =>
    at(role, async (transport) => {
      // One that would go on for ever: any other may be answered in time, however short that is.
      const statuses = createClient(Health, transport).watch({}, { timeoutMs: 200 });
      const told = await failure((async () => {
        for await (const _ of statuses);
      })());
      assert.equal(told.code, Code.DeadlineExceeded);
    }));
}

/** Calls a server that answers with these codes, one after the other, and then well; gives what it was asked.
 * @param {Code[]} codes */
async function faltering(...codes) {
  /** @type {string[]} */
  const asked = [];
  const transport = createRouterTransport(
    ({ service }) =>
      service(AssignmentService, {
        routeLead({ requestId }) {
          asked.push(requestId);
          const code = codes.shift();
          if (code) throw new ConnectError("not now", code);
          return { reason: "well" };
        },
      }),
    { transport: { interceptors: [retryUnavailable] } },
  );
  const answer = createClient(AssignmentService, transport).routeLead({ requestId: "the same" });
  return { asked, reason: await answer.then(({ reason }) => reason, (error) => Code[problem(error).code]) };
}

test("what is unavailable is sent again as it was", async () => {
  const same = "the same";
  const twice = await faltering(Code.Unavailable, Code.Unavailable);
  assert.deepEqual(twice, { asked: [same, same, same], reason: "well" });
  const always = await faltering(...Array(9).fill(Code.Unavailable));
  assert.deepEqual(always, { asked: Array(5).fill(same), reason: "Unavailable" });
});

test("nothing else is sent again", async () => {
  for (const code of [Code.Internal, Code.Aborted, Code.ResourceExhausted, Code.DeadlineExceeded]) {
    assert.deepEqual(await faltering(code), { asked: ["the same"], reason: Code[code] });
  }
});

test("every service has its service config", () => {
  for (const service of Object.values(SERVED).flat()) {
    assert.ok(service.methods.every((method) => methodConfig(service.typeName, method.name)));
  }
});
