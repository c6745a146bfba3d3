// How a Node program calls Leadrouter: transports that say who calls, retry, rich errors, pages.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Operations } from "./gen/google/longrunning/operations_pb.js";
import { BadRequestSchema, ErrorInfoSchema, ResourceInfoSchema } from "./gen/google/rpc/error_details_pb.js";

/**
 * @typedef {{ name: { service: string, method?: string }[], timeout: string, retryPolicy: {
 *   maxAttempts: number, initialBackoff: string, maxBackoff: string, backoffMultiplier: number } }} MethodConfig
 */

/** The published service config. Connect doesn't read such files, so what matters here is taken from it by hand. */
const PUBLISHED = new URL("../../../proto/service_config.json", import.meta.url);

/** @type {MethodConfig[]} */
const METHODS = JSON.parse(readFileSync(PUBLISHED, "utf8")).methodConfig;

/** @param {string} duration such as `0.1s` */
const milliseconds = (duration) => Number(duration.slice(0, -1)) * 1000;

/**
 * What the service config says of a method: by its own name, or by that of its service.
 *
 * @param {string} service
 * @param {string} method
 */
export function methodConfig(service, method) {
  /** @param {string | undefined} wanted */
  const named = (wanted) =>
    METHODS.find((config) => config.name.some((name) => name.service === service && name.method === wanted));
  return named(method) ?? named(undefined);
}

/**
 * Sends a call again, as it was, while the answer is UNAVAILABLE. Any other answer is one.
 *
 * @type {import("@connectrpc/connect").Interceptor}
 */
export const retryUnavailable = (next) => async (request) => {
  const policy = methodConfig(request.service.typeName, request.method.name)?.retryPolicy;
  let backoff = milliseconds(policy?.initialBackoff ?? "0s");
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await next(request);
    } catch (error) {
      const again = policy && !request.stream && attempt < policy.maxAttempts;
      if (!again || ConnectError.from(error).code !== Code.Unavailable) throw error;
      // Throws when the deadline passes meanwhile.
      await sleep(backoff * Math.random(), undefined, { signal: request.signal });
      backoff = Math.min(backoff * policy.backoffMultiplier, milliseconds(policy.maxBackoff));
    }
  }
};

/**
 * Says who calls, unless the call itself does.
 *
 * @param {string} tenant
 * @param {string} actor
 * @returns {import("@connectrpc/connect").Interceptor}
 */
const whoCalls = (tenant, actor) => (next) => (request) => {
  for (const [name, value] of [["leadrouter-tenant", tenant], ["leadrouter-actor", actor]]) {
    if (!request.header.has(name)) request.header.set(name, value);
  }
  return next(request);
};

/**
 * A transport to one server; `close` ends its connection.
 *
 * @param {string} address `host:port`
 * @param {string} tenant
 * @param {string} actor
 */
export function connect(address, tenant, actor) {
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const interceptors = [whoCalls(tenant, actor), retryUnavailable];
  const defaultTimeoutMs = 10_000;
  const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors, defaultTimeoutMs });
  return { transport, close: () => sessionManager.abort() };
}

/** Names one intended change: the same again when it is sent again. */
export const requestId = () => randomUUID();

/**
 * The pages of a List method; the same request each time, with the token of the page before.
 *
 * @template {{ pageToken?: string }} Request
 * @template {{ nextPageToken: string }} Page
 * @param {(request: Request) => Promise<Page>} method
 * @param {Request} request
 */
export async function* pages(method, request) {
  for (let pageToken = request.pageToken ?? ""; ; ) {
    const page = await method({ ...request, pageToken });
    yield page;
    pageToken = page.nextPageToken;
    if (pageToken === "") return;
  }
}

/**
 * The operation when it has ended, however long that takes.
 *
 * @param {import("@connectrpc/connect").Client<typeof Operations>} operations
 * @param {import("./gen/google/longrunning/operations_pb.js").Operation} operation
 */
export async function wait(operations, operation) {
  const timeoutMs = milliseconds(methodConfig(Operations.typeName, "WaitOperation")?.timeout ?? "60s");
  let known = operation;
  while (!known.done) known = await operations.waitOperation({ name: known.name }, { timeoutMs });
  return known;
}

/**
 * What an error tells: canonical code, reason and facts for a program, each wrong field.
 *
 * @param {unknown} error
 */
export function problem(error) {
  const found = ConnectError.from(error);
  const info = found.findDetails(ErrorInfoSchema).at(0);
  return {
    code: found.code,
    message: found.rawMessage,
    reason: info?.reason,
    domain: info?.domain,
    facts: info?.metadata ?? {},
    // All problems of one document have the path of the document.
    violations: found.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations),
    resource: found.findDetails(ResourceInfoSchema).at(0)?.resourceName,
  };
}
