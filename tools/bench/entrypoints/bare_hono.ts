// What a process of the same framework costs that does nothing: the baseline of starts and of throughput.
import { Hono } from "hono";

const app = new Hono();
app.all("*", (c) => c.json({ ok: true }));
Deno.serve(app.fetch);
