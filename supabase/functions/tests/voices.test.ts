import assert from "node:assert/strict";
import { listVoices } from "../_shared/contract/list_voices.ts";
import { type Api, assertError, type Intercept, startApi } from "../../../tools/testkit/harness/api.ts";
import { keys, newUser, type SavedVoice, saveVoices, sql } from "../../../tools/testkit/harness/project.ts";

async function userWith(...voices: SavedVoice[]) {
  const { id, token } = await newUser();
  return { id, ids: await saveVoices(id, ...voices), token };
}

async function list(api: Api, token: string, query: Record<string, string> = {}) {
  const answer = await api.call("GET", `/voices?${new URLSearchParams(query)}`, { token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return listVoices.answer.schema().strict().parse(answer.body);
}

const NO_PROVIDER_VOICE = {
  ...{ provider_voice_id: null, provider_target_model: null, provider_voice_kind: null },
  ...{ provider_region: null, provider_request_id: null, provider_metadata: {} },
};

const at = (second: number) => `2026-11-22T10:00:${String(second).padStart(2, "0")}.000Z`;

Deno.test("a voice in the list has exactly the fields of the contract", async () => {
  await using api = await startApi({ keys });
  const { id, token } = await newUser();
  const [qwen, modal] = [crypto.randomUUID(), crypto.randomUUID()];
  await sql`insert into public.voices (id, user_id, name, created_at) values (${modal}, ${id}, 'Older', ${
    at(1)
  })`;
  const described = {
    ...{ id: qwen, name: "Grace", language: "English", source: "designed", description: "A warm voice" },
    ...{ reference_transcript: "Hello.", tts_provider: "qwen", provider_voice_id: `voice-${qwen}` },
    ...{
      provider_target_model: "qwen3-tts-vc-2026-01-22",
      provider_voice_kind: "vc",
      provider_region: "intl",
    },
    ...{ provider_request_id: "f0e1-request", provider_metadata: { usage: { count: 1 } } },
  };
  const reference_object_key = `${id}/${qwen}/reference.wav`;
  await sql`insert into public.voices ${
    sql({ ...described, user_id: id, reference_object_key, created_at: at(2) })
  }`;
  const older = {
    ...{ id: modal, name: "Older", language: "Auto", source: "uploaded", description: null },
    ...{ reference_transcript: null, tts_provider: "modal", ...NO_PROVIDER_VOICE },
  };
  const { body } = await api.call("GET", "/voices", { token });
  assert.deepEqual(body, {
    voices: [
      { ...described, created_at: "2026-11-22T10:00:02+00:00" },
      { ...older, created_at: "2026-11-22T10:00:01+00:00" },
    ],
    pagination: { page: 1, per_page: 20, total: 2, pages: 1 },
  });
});

Deno.test("the list holds only the caller's live voices, newest first, ties broken by id", async () => {
  await using api = await startApi({ keys });
  await userWith({ name: "Another user's" });
  const tied = Array.from({ length: 5 }, () => crypto.randomUUID());
  const { token, ids } = await userWith(
    { created_at: at(1) },
    { created_at: at(3) },
    { created_at: at(4), deleted_at: at(5) },
    ...tied.map((id) => ({ id, created_at: at(2) })),
  );
  const expected = [ids[1], ...tied.toSorted().toReversed(), ids[0]];
  const page = await list(api, token);
  assert.deepEqual(page.voices.map(({ id }) => id), expected);
  assert.equal(page.pagination.total, 7);
  assert.deepEqual(api.asked(), ["GET /rest/v1/voices"]);

  const pages = await Promise.all(
    [1, 2, 3, 4].map((number) => list(api, token, { page: String(number), per_page: "2" })),
  );
  assert.deepEqual(pages.flatMap(({ voices }) => voices.map(({ id }) => id)), expected);
});

Deno.test("ties are broken by id without the help of the index too", async () => {
  await using api = await startApi({ keys });
  const { token, ids } = await userWith(...Array.from({ length: 12 }, () => ({ created_at: at(1) })));
  const [index] = await sql<{ definition: string }[]>`
    select pg_get_indexdef('public.voices_live_newest_first'::regclass) as definition`;
  assert(index);
  await sql`drop index public.voices_live_newest_first`;
  try {
    const page = await list(api, token);
    assert.deepEqual(page.voices.map(({ id }) => id), ids.toSorted().toReversed());
  } finally {
    await sql.unsafe(index.definition);
  }
});

Deno.test("pages: defaults, limits, the last one, and those behind it", async () => {
  await using api = await startApi({ keys });
  const { token } = await userWith(...Array.from({ length: 41 }, (_, index) => ({ created_at: at(index) })));
  const cases: [Record<string, string>, number, object][] = [
    [{}, 20, { page: 1, per_page: 20, total: 41, pages: 3 }],
    [{ page: "", per_page: " " }, 20, { page: 1, per_page: 20, total: 41, pages: 3 }],
    [{ page: "3" }, 1, { page: 3, per_page: 20, total: 41, pages: 3 }],
    [{ per_page: "100" }, 41, { page: 1, per_page: 100, total: 41, pages: 1 }],
    [{ per_page: "1", page: "41" }, 1, { page: 41, per_page: 1, total: 41, pages: 41 }],
    [{ page: "4" }, 0, { page: 4, per_page: 20, total: 41, pages: 3 }],
    [{ page: "1000000", per_page: "100" }, 0, { page: 1_000_000, per_page: 100, total: 41, pages: 1 }],
  ];
  for (const [query, count, pagination] of cases) {
    const page = await list(api, token, query);
    assert.deepEqual([page.voices.length, page.pagination], [count, pagination]);
  }
  const nobody = await userWith();
  for (const page of [1, 2]) {
    const pagination = { page, per_page: 20, total: 0, pages: 0 };
    assert.deepEqual(await list(api, nobody.token, { page: String(page) }), { voices: [], pagination });
  }
});

Deno.test("a query out of bounds is refused with its rule", async () => {
  await using api = await startApi({ keys });
  const token = await keys.sign(crypto.randomUUID());
  const pages = ["0", "-1", "1.5", "1e3", "x", "1000001", "9".repeat(30), "٣"];
  const refused: [string, string[], string][] = [
    ["page", pages, "page must be a whole number from 1 to 1000000."],
    ["per_page", ["0", "101", "-5", "20.0", "all"], "per_page must be a whole number from 1 to 100."],
    ["source", ["Uploaded", "other", "uploaded,designed"], 'source must be "uploaded" or "designed".'],
    ["search", ["x".repeat(101), "😀".repeat(101)], "search must be at most 100 characters."],
    ["search", ["a\0b"], "search must not contain NUL characters."],
  ];
  for (const [name, values, detail] of refused) {
    for (const value of values) {
      const answer = await api.call("GET", `/voices?${new URLSearchParams({ [name]: value })}`, { token });
      assertError(answer, 400, "invalid_request", detail);
    }
  }
  assert.deepEqual(api.supabaseRequests, []);
});

const NAMES = [
  ...["plain", "100% real", "under_score", "underXscore", "back\\slash", "star * star", "comma, comma"],
  ...["(round)", "[square] {curly}", 'quote " quote', "quote ' quote", "dot.dot", "dotXdot"],
  ...["^start$ | or + ? end", "a:b&c=d#e;f/g", "Straße ÄÖÜ", "日本語の声", "café", "😀 smile"],
  ...["null", "true", "7"],
];

Deno.test("a search finds a part of the name as it stands, in any case, whatever its characters", async () => {
  await using api = await startApi({ keys });
  await userWith({ name: "plain, of another user" });
  const { token } = await userWith(...NAMES.map((name) => ({ name })), {
    name: "plain deleted",
    deleted_at: at(1),
  });
  const found = async (search: string) =>
    (await list(api, token, { search, per_page: "100" })).voices.map(({ name }) => name).sort();
  const literal = "% _ \\ * , ( ) [ ] { } \" ' . ^ $ | + ? : & = # ; / \\d \\w .* a|b *** (?i) % real".split(
    " ",
  );
  const words = [
    ...["PLAIN", "lain", " plain ", "äöü", "STRASSE", "straße", "日本", "cafe\u0301", "CAFÉ", "😀"],
    ...["null", "true", "7", "no such name"],
  ];
  for (const search of [...literal, ...words]) {
    const wanted = search.trim().normalize("NFC").toLowerCase();
    const expected = NAMES.filter((name) => name.toLowerCase().includes(wanted)).sort();
    assert.deepEqual(await found(search), expected, search);
  }
  assert.equal((await found("")).length, NAMES.length);
  assert.equal((await found("😀".repeat(100))).length, 0);
  assert.equal((await list(api, token, { search: "*" })).pagination.total, 1);
});

Deno.test("the source is filtered, alone and with a search", async () => {
  await using api = await startApi({ keys });
  const source = "designed";
  const { token } = await userWith({ name: "one" }, { name: "two", source }, { name: "three", source });
  const found = async (query: Record<string, string>) =>
    (await list(api, token, query)).voices.map(({ name }) => name).sort();
  assert.deepEqual(await found({ source: "uploaded" }), ["one"]);
  assert.deepEqual(await found({ source: "designed" }), ["three", "two"]);
  assert.deepEqual(await found({ source: "designed", search: "w" }), ["two"]);
  assert.deepEqual(await found({ source: "" }), ["one", "three", "two"]);
});

Deno.test("rows of the older flow whose columns are null do not hide the others", async () => {
  const row = {
    ...{ id: crypto.randomUUID(), name: null, language: null, source: null, description: null },
    ...{ reference_transcript: null, created_at: "2026-01-01T00:00:00+00:00", tts_provider: "modal" },
    ...NO_PROVIDER_VOICE,
  };
  const intercept: Intercept = (path) =>
    path === "/rest/v1/voices" ? Response.json([row], { headers: { "content-range": "0-0/1" } }) : undefined;
  await using api = await startApi({ keys, intercept });
  const token = await keys.sign(crypto.randomUUID());
  const answer = await api.call("GET", "/voices", { token });
  assert.equal(answer.status, 200);
  const [voice] = listVoices.answer.schema().parse(answer.body).voices;
  assert.deepEqual(voice, { ...row, name: "", language: "Auto", source: "uploaded" });
});
