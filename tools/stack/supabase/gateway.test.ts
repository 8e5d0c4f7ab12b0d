import assert from "node:assert/strict";
import { startGateway } from "./gateway.ts";

const keys = {
  publishableKey: "sb_publishable_x",
  secretKey: "sb_secret_x",
  jwtSecret: "",
  databasePassword: "",
};

function gatewayTo(handler: (request: Request) => Promise<Response>) {
  const services = { auth: handler, rest: handler, storage: handler, functions: null };
  return startGateway({ port: 0, keys, services: () => services, log: () => {} });
}

Deno.test("a call that never ends does not keep the gateway from stopping", async () => {
  const arrived = Promise.withResolvers<void>();
  const gateway = gatewayTo(() => {
    arrived.resolve();
    return new Promise<never>(() => {});
  });
  const call = fetch(`http://127.0.0.1:${gateway.port}/rest/v1/voices`).then(() => "answered", () => "cut");
  await arrived.promise;
  await gateway.stop(1);
  assert.equal(await call, "cut");
});

Deno.test("a call under way may end before the gateway does", async () => {
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const gateway = gatewayTo(() => {
    arrived.resolve();
    return answer.promise;
  });
  const call = fetch(`http://127.0.0.1:${gateway.port}/rest/v1/voices`).then((response) => response.text());
  await arrived.promise;
  const stopping = gateway.stop(60_000);
  answer.resolve(new Response("whole"));
  assert.equal(await call, "whole");
  await stopping;
});

Deno.test("what is neither a service nor the function answers 404", async () => {
  const gateway = gatewayTo(() => Promise.resolve(new Response("wrong")));
  for (const path of ["/", "/rest/v1x", "/apix", "/functions/v1/other"]) {
    const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`);
    assert.equal(response.status, 404, path);
    await response.body?.cancel();
  }
  await gateway.stop(1_000);
});
