// The life of a lead, called from Node.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { anyUnpack, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { connect, pages, problem, requestId, wait } from "./client.js";
import { Operations } from "./gen/google/longrunning/operations_pb.js";
import { Truth } from "./gen/leadrouter/v1/assignment_pb.js";
import { AssignmentService, DeclineReason, RouteOutcome } from "./gen/leadrouter/v1/assignment_service_pb.js";
import {
  BulkReassignMetadataSchema,
  BulkReassignOutcome,
  BulkReassignResponseSchema,
} from "./gen/leadrouter/v1/bulk_reassign_pb.js";
import { DirectoryService } from "./gen/leadrouter/v1/directory_service_pb.js";
import { ErrorReason } from "./gen/leadrouter/v1/error_pb.js";
import { EscalationService } from "./gen/leadrouter/v1/escalation_service_pb.js";
import { CloseOutcome, LeadProfileSchema, LeadState, LeadType } from "./gen/leadrouter/v1/lead_pb.js";
import { PolicyService } from "./gen/leadrouter/v1/policy_service_pb.js";
import { ScoringService } from "./gen/leadrouter/v1/scoring_service_pb.js";
import { LeadSlaState, PauseReason, TimerKind } from "./gen/leadrouter/v1/sla_pb.js";
import { OwnershipChangeKind } from "./gen/leadrouter/v1/watch_ownership_pb.js";

/** @typedef {import("./gen/leadrouter/v1/lead_pb.js").Lead} Lead */
/** @typedef {import("@bufbuild/protobuf").MessageInitShape<typeof LeadProfileSchema>} Profile */

const ACTOR = "node-client";
const MINUTE = 60_000;
const WRONG = `\
name: wrong
time_zone: Etc/UTC
rules:
  - name: first
    when: lead.shoe_size > 40
    to: { pool: nobody }
default: { to: { queue: nowhere } }
`;

/** @param {string} role */
const server = (role) => connect(process.env[`${role}_ADDRESS`] ?? "", process.env.TENANT ?? "", ACTOR);
const servers = { assignment: server("ASSIGNMENT"), scoring: server("SCORING"), escalation: server("ESCALATION") };
const assignment = createClient(AssignmentService, servers.assignment.transport);
const directory = createClient(DirectoryService, servers.assignment.transport);
const operations = createClient(Operations, servers.assignment.transport);
const policy = createClient(PolicyService, servers.assignment.transport);
const scoring = createClient(ScoringService, servers.scoring.transport);
const escalation = createClient(EscalationService, servers.escalation.transport);

/** @param {string} name */
const document = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/** Somebody who was never seen before.
 * @param {Profile} [fields] */
const person = (fields) => create(LeadProfileSchema, { email: `${randomUUID()}@people.example`, ...fields });

/** @param {Profile} [lead] */
const route = (lead) => assignment.routeLead({ lead: lead ?? person(), requestId: requestId() });

/** @param {Profile} [profile] */
async function routed(profile) {
  const { lead } = await route(profile);
  assert.ok(lead);
  return lead;
}

/** The start of each command on a lead as it was seen.
 * @param {Lead} lead */
const seen = (lead) => ({ name: lead.name, etag: lead.etag, requestId: requestId() });

/** @param {Promise<unknown>} call
 * @param {Code} code
 * @param {string} reason */
async function refused(call, code, reason) {
  const told = problem(await call.then(() => assert.fail("it was not refused"), (error) => error));
  assert.deepEqual([told.code, told.reason, told.domain], [code, reason, "leadrouter"], told.message);
  return told;
}

/** @param {{ field: string }[]} violations */
const fields = (violations) => violations.map(({ field }) => field).sort();

before(async () => {
  const imported = await directory.importDirectory({ source: document("directory.yaml"), requestId: requestId() });
  assert.equal(imported.directory?.repCount, 3);
  const created = await policy.createPolicy({ policy: { source: document("policy.yaml") }, requestId: requestId() });
  assert.equal(created.policy?.active, false);
  const activated = await policy.activatePolicy({ name: created.policy.name, requestId: requestId() });
  assert.equal(activated.policy?.active, true);
});

after(() => Object.values(servers).forEach(({ close }) => close()));

test("a lead gets an owner, a deadline and a reason", async () => {
  const profile = person({ personName: "Zoë Müller", country: "us", leadType: LeadType.DEMO_REQUEST });
  const answer = await route(profile);
  const lead = answer.lead;
  assert.ok(lead?.respondBy && lead.acceptBy);
  assert.equal(answer.outcome, RouteOutcome.OFFERED);
  assert.ok(["reps/anna", "reps/ben"].includes(lead.owner), lead.owner);
  assert.deepEqual([lead.state, lead.epoch, lead.policy], [LeadState.OFFERED, 1, "policies/1"]);
  assert.equal(lead.acceptTime, undefined);
  assert.equal(lead.grade, answer.score?.grade);
  assert.match(answer.reason, /\S/);
  assert.deepEqual([lead.profile?.personName, lead.profile?.country], ["Zoë Müller", "US"]);
  assert.deepEqual((await assignment.getLead({ name: lead.name })).lead, lead);

  const { decision } = await assignment.getDecision({ name: answer.decision });
  assert.ok(decision?.decideTime);
  assert.deepEqual([decision.name, decision.owner, decision.reason], [answer.decision, lead.owner, answer.reason]);
  assert.equal(timestampMs(lead.respondBy) - timestampMs(decision.decideTime), 15 * MINUTE);
  assert.equal(timestampMs(lead.acceptBy) - timestampMs(decision.decideTime), 10 * MINUTE);
  assert.ok(decision.rules.every(({ outcome }) => outcome !== Truth.TRUE));
  const picked = decision.destinations.at(-1)?.candidates.filter((candidate) => candidate.picked);
  assert.deepEqual(picked?.map(({ rep }) => rep), [lead.owner]);
});

test("unknown is not nought", async () => {
  const { profile } = await routed(person({ employees: 0n }));
  assert.equal(profile?.employees, 0n);
  assert.equal(profile.annualRevenue, undefined);
});

test("the pool takes turns", async () => {
  const owners = [];
  for (let count = 0; count < 4; count += 1) owners.push((await routed()).owner);
  assert.deepEqual(owners.sort(), ["reps/anna", "reps/anna", "reps/ben", "reps/ben"]);
});

test("a named account goes to its owner", async () => {
  const lead = await routed(person({ email: `${randomUUID()}@umbrella.example` }));
  assert.deepEqual([lead.owner, lead.rule], ["reps/mia", "named-accounts"]);
});

test("a large deal waits in a queue", async () => {
  const answer = await route(person({ dealValue: 2_000_000n }));
  assert.deepEqual([answer.outcome, answer.lead?.owner], [RouteOutcome.QUEUED, "queues/review"]);
});

test("no customer is closed", async () => {
  const answer = await route(person({ attributes: { purpose: { kind: { case: "text", value: "careers" } } } }));
  assert.equal(answer.outcome, RouteOutcome.DISQUALIFIED);
  assert.deepEqual([answer.lead?.state, answer.lead?.owner], [LeadState.CLOSED, "queues/disqualified"]);
  assert.ok(answer.lead?.closeTime);
});

test("the owner accepts, answers and wins", async () => {
  const lead = await routed();
  const accepted = (await assignment.acceptLead({ ...seen(lead), rep: lead.owner, note: "on it" })).lead;
  assert.deepEqual([accepted?.state, accepted?.owner], [LeadState.ACCEPTED, lead.owner]);
  assert.ok(accepted?.acceptTime);

  const answered = (await assignment.recordFirstResponse(seen(accepted))).lead;
  assert.equal(answered?.state, LeadState.WORKING);

  const won = (await assignment.closeLead({ ...seen(answered), outcome: CloseOutcome.WON, value: 1200n })).lead;
  assert.deepEqual([won?.state, won?.closeValue], [LeadState.CLOSED, 1200n]);

  const { assignments } = await assignment.listAssignments({ parent: lead.name });
  assert.deepEqual(assignments.map(({ epoch, owner, actor }) => [epoch, owner, actor]), [[1, lead.owner, ACTOR]]);
});

test("saying yes again changes nothing", async () => {
  const accepted = (await assignment.acceptLead(seen(await routed()))).lead;
  assert.ok(accepted);
  assert.deepEqual((await assignment.acceptLead(seen(accepted))).lead, accepted);
});

test("only the owner says yes", async () => {
  const lead = await routed();
  const rep = lead.owner === "reps/anna" ? "reps/ben" : "reps/anna";
  const told = await refused(assignment.acceptLead({ ...seen(lead), rep }), Code.FailedPrecondition, "NOT_THE_OWNER");
  assert.equal(told.facts.owner, lead.owner);
});

test("a declined lead goes to the other", async () => {
  const lead = await routed();
  const command = { ...seen(lead), rep: lead.owner, reason: DeclineReason.NO_CAPACITY };
  const answer = await assignment.declineLead(command);
  assert.deepEqual([lead.owner, answer.lead?.owner].sort(), ["reps/anna", "reps/ben"]);
  assert.deepEqual([answer.lead?.epoch, answer.lead?.state], [2, LeadState.OFFERED]);
  assert.match(answer.reason, /\S/);
});

test("the same address is a duplicate", async () => {
  const name = randomUUID();
  const first = await routed(person({ email: `${name}@people.example` }));
  const again = await route(person({ email: `  ${name.toUpperCase()}@People.EXAMPLE ` }));
  assert.equal(again.outcome, RouteOutcome.DUPLICATE);
  assert.deepEqual([again.lead?.name, again.lead?.owner], [first.name, first.owner]);
  assert.equal(again.decision, `${first.name}/decisions/latest`);
  assert.equal(again.score, undefined);
});

test("every wrong field is told at once", async () => {
  const lead = person({ email: "nobody", employees: -1n, country: "Atlantis", technologies: ["x", ""] });
  const call = assignment.routeLead({ lead, requestId: "not a UUID" });
  const { violations } = await refused(call, Code.InvalidArgument, "INVALID_REQUEST");
  const wrong = ["lead.country", "lead.email", "lead.employees", "lead.technologies[1]", "request_id"];
  assert.deepEqual(fields(violations), wrong);
  assert.ok(violations.every(({ description }) => description !== ""));
});

test("a lead that nobody can be reached by is refused", async () => {
  const { violations } = await refused(assignment.routeLead({}), Code.InvalidArgument, "INVALID_REQUEST");
  assert.deepEqual(fields(violations), ["lead"]);
});

test("a lead that is not there", async () => {
  const name = `leads/${randomUUID()}`;
  const { resource } = await refused(assignment.getLead({ name }), Code.NotFound, "RESOURCE_NOT_FOUND");
  assert.equal(resource, name);
});

test("in a batch an entry fails alone", async () => {
  const requests = [person(), person({ employees: -1n }), person()].map((lead) => ({ lead, requestId: requestId() }));
  const results = (await assignment.batchRouteLeads({ requests })).results.map(({ result }) => result);
  assert.deepEqual(results.map((result) => result.case), ["response", "error", "response"]);
  assert.ok(results[1].case === "error");
  const error = results[1].value;
  assert.deepEqual([error.code, error.reason], [Code.InvalidArgument, ErrorReason.INVALID_REQUEST]);
  assert.deepEqual(fields(error.fieldViolations), ["requests[1].lead.employees"]);
});

test("leads that come as a stream are answered in order", async () => {
  async function* sent() {
    for (const lead of [person(), person({ employees: -1n }), person()]) {
      yield { request: { lead, requestId: requestId() } };
    }
  }
  const results = [];
  for await (const { result } of assignment.routeLeads(sent())) results.push(result?.result);
  assert.deepEqual(results.map((result) => result?.case), ["response", "error", "response"]);
  assert.ok(results[1]?.case === "error");
  assert.deepEqual(fields(results[1].value.fieldViolations), ["request.lead.employees"]);
});

test("what happens is told as it happens, and goes on where it was cut", async () => {
  /** @type {(request: { resumeToken?: string }) => AsyncIterable<import("./gen/leadrouter/v1/watch_ownership_pb.js").WatchOwnershipResponse>} */
  const watch = (request) => assignment.watchOwnership(request, { timeoutMs: MINUTE });
  let token = "";
  for await (const { resumeToken } of watch({})) {
    token = resumeToken;
    break;
  }
  const lead = await routed();
  await assignment.acceptLead(seen(lead));

  const told = [];
  for await (const { changes } of watch({ resumeToken: token })) {
    // Others have the same tenant.
    told.push(...changes.filter((change) => change.lead === lead.name));
    if (told.length >= 2) break;
  }
  assert.deepEqual(
    told.map((change) => [change.epoch, change.kind, change.owner]),
    [OwnershipChangeKind.ASSIGNED, OwnershipChangeKind.ACCEPTED].map((kind) => [1, kind, lead.owner]),
  );
  assert.ok(told.every((change) => change.changeTime));
});

test("a preview leaves nothing", async () => {
  const lead = person();
  const preview = await assignment.routeLead({ lead, validateOnly: true });
  assert.deepEqual([preview.outcome, preview.lead?.name, preview.decision], [RouteOutcome.OFFERED, "", ""]);
  assert.equal((await route(lead)).outcome, RouteOutcome.OFFERED);
});

test("the same request again gets the same answer", async () => {
  const request = { lead: person(), requestId: requestId() };
  const first = await assignment.routeLead(request);
  assert.ok(first.lead);
  const { lead: accepted } = await assignment.acceptLead(seen(first.lead));
  assert.deepEqual(await assignment.routeLead(request), first);
  assert.deepEqual((await assignment.getLead({ name: first.lead.name })).lead, accepted);

  request.lead.jobTitle = "Somebody else";
  await refused(assignment.routeLead(request), Code.AlreadyExists, "REQUEST_ID_REUSED");
});

test("who saw an older owner changes nothing", async () => {
  const lead = await routed();
  const { lead: moved } = await assignment.reassignLead({ ...seen(lead), owner: "reps/mia" });
  assert.deepEqual([moved?.owner, moved?.epoch], ["reps/mia", 2]);
  const { facts } = await refused(assignment.acceptLead(seen(lead)), Code.Aborted, "STALE_ETAG");
  assert.deepEqual({ ...facts }, { etag: moved?.etag, owner: "reps/mia" });
  assert.deepEqual((await assignment.getLead({ name: lead.name })).lead, moved);
});

test("pages give every lead once and in order", async () => {
  const leads = [];
  for (let count = 0; count < 7; count += 1) {
    leads.push((await assignment.reassignLead({ ...seen(await routed()), owner: "queues/nurture" })).lead);
  }
  const request = { pageSize: 3, filter: "owner = queues/nurture AND state = QUEUED" };
  const listed = [];
  for await (const page of pages(assignment.listLeads, request)) listed.push(page);
  assert.deepEqual(listed.map((page) => page.leads.length), [3, 3, 1]);
  assert.deepEqual(listed.flatMap((page) => page.leads), leads);

  const pageToken = listed[0].nextPageToken;
  for (const wrong of [{ pageToken: "made up" }, { pageToken, filter: "state = CLOSED" }]) {
    const call = assignment.listLeads({ pageSize: 3, ...wrong });
    await refused(call, Code.InvalidArgument, "INVALID_PAGE_TOKEN");
  }
  await refused(assignment.listLeads({ filter: "colour = red" }), Code.InvalidArgument, "INVALID_FILTER");
});

test("many leads go to somebody else by one operation", async () => {
  const leads = [];
  for (let count = 0; count < 5; count += 1) leads.push((await routed()).name);
  const request = { leads, target: { case: /** @type {const} */ ("owner"), value: "reps/mia" }, requestId: requestId() };
  const started = await assignment.bulkReassign(request);
  assert.equal((await assignment.bulkReassign(request)).name, started.name);
  const operation = await wait(operations, started);

  assert.ok(operation.metadata && operation.result.case === "response");
  const metadata = anyUnpack(operation.metadata, BulkReassignMetadataSchema);
  const response = anyUnpack(operation.result.value, BulkReassignResponseSchema);
  assert.deepEqual([metadata?.totalCount, metadata?.actor, response?.counts?.movedCount], [5, ACTOR, 5]);
  assert.equal(response?.owners.find(({ owner }) => owner === "reps/mia")?.gainedCount, 5);

  const listed = [];
  const listing = { parent: operation.name, pageSize: 2 };
  for await (const page of pages(assignment.listBulkReassignResults, listing)) listed.push(page.results);
  assert.deepEqual(listed.map((page) => page.length), [2, 2, 1]);
  assert.deepEqual(listed.flat().map(({ lead }) => lead), leads);
  assert.ok(listed.flat().every(({ outcome, owner }) => outcome === BulkReassignOutcome.MOVED && owner === "reps/mia"));
});

test("the clock of a lead is told", async () => {
  const lead = await routed();
  assert.ok(lead.acceptBy);
  const { leadSla } = await escalation.getLeadSla({ name: lead.name });
  assert.deepEqual(leadSla?.sla?.respondBy, lead.respondBy);
  const { timers } = await escalation.listTimers({ parent: lead.name });
  const due = timers.map(({ dueTime }) => (dueTime ? timestampMs(dueTime) : NaN));
  assert.deepEqual(due, [...due].sort((left, right) => left - right));
  assert.equal(due[0], timestampMs(lead.acceptBy));
});

test("the clocks of a lead stand and run again", async () => {
  const lead = await routed();
  const request = { ...seen(lead), reason: PauseReason.LEGAL_HOLD, resumeTime: timestampFromMs(Date.now() + 60 * MINUTE) };
  const { lead: paused } = await assignment.pauseSla(request);
  assert.deepEqual([paused?.owner, paused?.respondBy, paused?.acceptBy], [lead.owner, undefined, undefined]);
  const { leadSla } = await escalation.getLeadSla({ name: lead.name });
  assert.equal(leadSla?.state, LeadSlaState.PAUSED);
  assert.deepEqual(leadSla?.timers.map(({ kind }) => kind), [TimerKind.RESUME]);
  assert.deepEqual(
    leadSla?.pauses.map(({ reason, actor, endTime }) => [reason, actor, endTime]),
    [[PauseReason.LEGAL_HOLD, ACTOR, undefined]],
  );

  const { lead: resumed } = await assignment.resumeSla(seen(lead));
  assert.ok(resumed?.respondBy && lead.respondBy);
  assert.ok(timestampMs(resumed.respondBy) >= timestampMs(lead.respondBy));
  await refused(assignment.pauseSla({ ...request, ...seen(lead), etag: "7" }), Code.Aborted, "STALE_ETAG");
});

test("a score explains itself", async () => {
  const { score } = await scoring.scoreLead({ lead: person({ employees: 500n, leadType: LeadType.DEMO_REQUEST }) });
  assert.match(score?.grade ?? "", /^[ABC][123]$/);
  const points = score?.contributions.reduce((sum, part) => sum + part.points, 0);
  assert.equal(points, (score?.fitPoints ?? 0) + (score?.intentPoints ?? 0));
});

test("a wrong policy is refused with every place", async () => {
  const call = policy.createPolicy({ policy: { source: WRONG } });
  const { violations } = await refused(call, Code.InvalidArgument, "INVALID_DOCUMENT");
  assert.deepEqual(violations.map(({ description }) => description.match(/^(\d+):\d+: /)?.[1]), ["5", "6", "7"]);

  const { problems } = await policy.validatePolicy({ source: WRONG });
  assert.deepEqual(problems.map(({ line }) => line), [5, 6, 7]);
  assert.equal((await policy.listPolicies({})).policies.length, 1);
});
