// Requests that Storage refuses, or that ask for what is not there, and in which words, as recorded from storage-api.
import assert from "node:assert/strict";
import {
  keyed,
  newKey,
  refusal,
  remove,
  storage,
  type StorageAnswer,
  told,
  uploaded,
} from "../../../tools/testkit/harness/storage_contract.ts";

const { key } = await uploaded();

type Asked = { method: string; path: string; json?: string; headers?: Record<string, string>; body?: string };

const post = (path: string, json: unknown): Asked => ({ method: "POST", path, json: JSON.stringify(json) });
const list = (json: unknown) => post("/object/list/references", json);
const sorted = (column: string, order: string) => list({ prefix: "", sortBy: { column, order } });
const drop = (json: unknown) => ({ ...post("/object/references", json), method: "DELETE" });
const sign = (json: unknown) => post(`/object/sign/references/${key}`, json);
const signUpload = post(`/object/upload/sign/references/${newKey()}`, {});
const store = (name: string): Asked => ({
  method: "POST",
  path: `/object/generations/${name}`,
  body: "RIFF",
  headers: { "content-type": "audio/wav" },
});

const invalid = (message: string) => refusal("400", "Error", "InvalidRequest", message);
const lacking = (property: string) => invalid(`body must have required property '${property}'`);
const notAllowed = (field: string) => invalid(`body/${field} must be equal to one of the allowed values`);
const unread = (message: string) => refusal("400", "FastifyError", "InvalidRequest", message);
const invalidKey = (name: string) => refusal("400", "InvalidKey", "InvalidKey", `Invalid key: ${name}`);
const noObject = refusal("404", "not_found", "NoSuchKey", "Object not found");
const noBucket = refusal("404", "Bucket not found", "NoSuchBucket", "Bucket not found");
const emptyBody = unread("Body cannot be empty when content-type is set to 'application/json'");
const noJson = unread("Body is not valid JSON but content-type is set to 'application/json'");
const nothing: StorageAnswer = { status: 200, body: [] };

const ANSWERS: Record<string, [Asked, StorageAnswer]> = {
  "sign-upload with an empty JSON body": [{ ...signUpload, json: "" }, emptyBody],
  "sign-upload with a body that is no JSON": [{ ...signUpload, json: "{" }, noJson],
  "sign-upload of a key with a NUL": [
    { method: "POST", path: "/object/upload/sign/references/a%00b" },
    refusal("500", "DatabaseError", "DatabaseError", "database error, code: 22021", 500),
  ],
  "sign without expiresIn": [sign({}), lacking("expiresIn")],
  "sign with expiresIn 0": [sign({ expiresIn: 0 }), invalid("body/expiresIn must be >= 1")],
  "sign with expiresIn 0.5": [sign({ expiresIn: 0.5 }), invalid("body/expiresIn must be integer")],
  "sign with a word as expiresIn": [sign({ expiresIn: "soon" }), invalid("body/expiresIn must be integer")],
  "sign in an unknown bucket": [post(`/object/sign/nowhere/${key}`, { expiresIn: 60 }), noObject],
  "sign many without expiresIn": [post("/object/sign/references", { paths: [key] }), lacking("expiresIn")],
  "list without a prefix": [list({}), lacking("prefix")],
  "list with limit 0": [list({ prefix: "", limit: 0 }), invalid("body/limit must be >= 1")],
  "list with limit -1": [list({ prefix: "", limit: -1 }), invalid("body/limit must be >= 1")],
  "list by an unknown column": [sorted("size", "asc"), notAllowed("sortBy/column")],
  "list in an unknown order": [sorted("name", "up"), notAllowed("sortBy/order")],
  "list with a body that is no JSON": [{ ...list({}), json: "nonsense" }, noJson],
  "list with an empty JSON body": [{ ...list({}), json: "" }, emptyBody],
  "list of an unknown bucket": [post("/object/list/nowhere", { prefix: "" }), nothing],
  "remove nothing": [drop({ prefixes: [] }), invalid("body/prefixes must NOT have fewer than 1 items")],
  "remove without prefixes": [drop({}), lacking("prefixes")],
  "remove by a string that names nothing": [drop({ prefixes: "nothing.wav" }), nothing],
  "remove with a body that is no JSON": [{ ...drop({}), json: "nonsense" }, noJson],
  "remove in an unknown bucket": [{ ...drop({ prefixes: [key] }), path: "/object/nowhere" }, nothing],
  "store under a key with ^": [store("a^b.wav"), invalidKey("a^b.wav")],
  "store under a key with #": [store("a%23b.wav"), invalidKey("a#b.wav")],
  "store under a key that is not ASCII": [store(encodeURIComponent("日本.wav")), invalidKey("日本.wav")],
  "copy without a destination": [
    post("/object/copy", { bucketId: "references", sourceKey: key }),
    lacking("destinationKey"),
  ],
  "make a bucket that is there": [
    post("/bucket", { id: "references", name: "references" }),
    refusal("409", "Duplicate", "BucketAlreadyExists", "The resource already exists"),
  ],
  "remove a bucket that is not empty": [
    { method: "DELETE", path: "/bucket/references" },
    refusal("409", "ResourceNotEmpty", "ResourceNotEmpty", "The bucket you tried to delete is not empty"),
  ],
};

const ask = async ({ method, path, json, headers, body }: Asked) => {
  const type: Record<string, string> = json === undefined ? {} : { "content-type": "application/json" };
  return await told(await keyed(path, { method, body: json ?? body, headers: { ...type, ...headers } }));
};

for (const [what, [asked, expected]] of Object.entries(ANSWERS)) {
  Deno.test(`${what}: ${expected.status} ${Object(expected.body).message ?? ""}`, async () => {
    assert.deepEqual(await ask(asked), expected);
  });
}

Deno.test("a key that leads out of its bucket is refused", async () => {
  const { status, body } = await ask(store("..%2Fx.wav"));
  const { message, ...rest } = Object(body);
  assert.deepEqual([status, rest], [400, { statusCode: "400", error: "InvalidKey", code: "InvalidKey" }]);
  assert.match(message, /^Invalid key: .*\.\.\/x\.wav.* contains dot path segment$/);
});

const noAuthorization = invalid("headers must have required property 'authorization'");

const WITHOUT_KEY = [
  ["GET", `/object/references/${key}`, noBucket],
  ["GET", `/object/info/public/references/${key}`, noBucket],
  ["POST", `/object/upload/sign/references/${key}`, noAuthorization],
  ["GET", "/bucket", noAuthorization],
] as const;

for (const [method, path, expected] of WITHOUT_KEY) {
  Deno.test(`${method} ${path.replace(key, "KEY")} without a key is refused by Storage itself`, async () => {
    assert.deepEqual(await told(await fetch(`${storage}${path}`, { method })), expected);
  });
}

Deno.test("the signed URL of an upload names the key as it is", async () => {
  const response = await keyed("/object/upload/sign/references/a%23b", { method: "POST" });
  const { url, token } = Object(await response.json());
  assert.equal(url, `/object/upload/sign/references/a#b?token=${token}`);
});

Deno.test("status answers 200 and nothing else", async () => {
  assert.deepEqual(await told(await fetch(`${storage}/status`)), { status: 200, body: "" });
});

Deno.test("the object of these tests is removed again", () => remove(key));
