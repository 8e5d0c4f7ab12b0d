import { z } from "zod";
import type { AnswerOf, Contract } from "./route_contract.ts";

export const internalWork = {
  method: "POST",
  path: "/internal/work",
  operationId: "work",
  tag: "Internal",
  access: "operator",
  summary: "Run waiting tasks",
  description:
    "Works through tasks that no process is working on: those of killed processes, and those due for another attempt. " +
    "Takes up new tasks for 10 s and answers within 145 s; use a client timeout of 150 s. The body is ignored.",
  answer: {
    description: "The report of this run.",
    name: "WorkReport",
    schema: () =>
      z.object({
        completed: z.int().describe("Tasks whose audio is now stored."),
        failed: z.int().describe("Tasks that failed for good."),
        put_back: z.int().describe("Tasks to be tried again later."),
        over: z.int().describe(
          "Tasks that were cancelled, or ended otherwise, before their audio was stored.",
        ),
        more: z.boolean().describe("Whether work remains: repeat the request."),
      }),
    example: { completed: 2, failed: 0, put_back: 1, over: 0, more: false },
  },
  errors: ["payload_too_large", "database_unavailable"],
} satisfies Contract;

export type WorkReport = AnswerOf<typeof internalWork>;
