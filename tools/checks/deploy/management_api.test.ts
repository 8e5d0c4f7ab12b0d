import assert from "node:assert/strict";
import { startManagementApi } from "./management_api.ts";

const token = "sbp_token";
const projectRef = "abcdefghijklmnopqrst";
const headers = { authorization: `Bearer ${token}` };

async function withApi(use: (project: string, api: ReturnType<typeof startManagementApi>) => Promise<void>) {
  const api = startManagementApi({ token, projectRef });
  try {
    await use(`${api.url}/v1/projects/${projectRef}`, api);
  } finally {
    await api.stop();
  }
}

async function statusOf(url: string, init: RequestInit): Promise<number> {
  const answer = await fetch(url, init);
  await answer.body?.cancel();
  return answer.status;
}

const metadata = {
  name: "api",
  entrypoint_path: "index.ts",
  import_map_path: "deno.json",
  static_patterns: [],
};

function formOf(told: unknown): FormData {
  const form = new FormData();
  form.append("file", new Blob(["export {};\n"]), "supabase/functions/api/index.ts");
  form.append("metadata", JSON.stringify(told));
  return form;
}

Deno.test("it keeps what was deployed, with the paths as they were sent", () =>
  withApi(async (project, api) => {
    const body = formOf(metadata);
    assert.equal(
      await statusOf(`${project}/functions/deploy?slug=api`, { method: "POST", headers, body }),
      201,
    );
    const [upload] = api.uploads;
    assert.deepEqual([upload?.slug, upload?.metadata], ["api", metadata]);
    assert.deepEqual(upload?.files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]), [
      ["supabase/functions/api/index.ts", "export {};\n"],
    ]);
    assert.equal(await statusOf(project, { headers }), 200);
    assert.deepEqual(api.refused, []);
  }));

Deno.test("what is no part of a deploy is refused, and told", () =>
  withApi(async (project, api) => {
    const deploy = `${project}/functions/deploy?slug=api`;
    const more = formOf({ ...metadata, secrets: {} });
    const other = formOf(metadata);
    other.append("environment", "DASHSCOPE_API_KEY=…");
    assert.deepEqual([
      await statusOf(`${project}/secrets`, { headers }),
      await statusOf(`${project}/functions/api`, { method: "DELETE", headers }),
      await statusOf(project.replace(projectRef, "another"), { headers }),
      await statusOf(project, { headers: { authorization: "Bearer sbp_another" } }),
      await statusOf(deploy, { method: "POST", body: formOf(metadata) }),
      await statusOf(deploy, { method: "POST", headers, body: more }),
      await statusOf(deploy, { method: "POST", headers, body: other }),
    ], [404, 404, 404, 401, 401, 400, 400]);
    assert.deepEqual(api.uploads, []);
    assert.equal(api.refused.length, 7);
    assert.equal(api.refused[0], `GET /v1/projects/${projectRef}/secrets is no part of a deploy.`);
  }));
