import { z } from "zod";
import { documentedStatus } from "./errors.ts";

const when = z.enum(["before", "after"]);
const status = z.number().int().min(200).max(599);

/** An answer in place of the right one; `when` tells whether the call took effect first, "before" if not said. */
const answerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("error"),
    when: when.default("before"),
    code: z.string().min(1),
    status: status.optional(),
    message: z.string().optional(),
  }).refine(
    (answer) => answer.status ?? documentedStatus(answer.code),
    "an undocumented code needs its status",
  ),
  z.strictObject({ kind: z.literal("cut"), when: when.default("before") }),
  z.strictObject({ kind: z.literal("html"), when: when.default("before"), status: status.default(502) }),
  z.strictObject({ kind: z.literal("no_voice"), when: when.default("before") }),
  z.strictObject({ kind: z.literal("no_audio"), when: when.default("before") }),
  z.strictObject({ kind: z.literal("unfinished"), when: when.default("before") }),
]);
export type FaultAnswer = z.infer<typeof answerSchema>;

/** What the next `times` calls of one action (of any, without one) do. Delay and hold come before the answer. */
export const faultSchema = z.strictObject({
  action: z.enum(["create", "list", "delete", "synthesize"]).optional(),
  times: z.number().int().min(1).max(1_000_000).default(1),
  delay: z.strictObject({ ms: z.number().int().min(1).max(600_000), when: when.default("before") })
    .optional(),
  hold: when.optional(),
  answer: answerSchema.optional(),
});
export type Fault = z.infer<typeof faultSchema>;
/** A fault as it is asked for, before its defaults are filled in. */
export type FaultRequest = z.input<typeof faultSchema>;

/** The faults waiting for their calls, first come first used. */
export interface Faults {
  add(faults: readonly Fault[]): void;
  /** Takes the first fault that fits a call of this action. */
  take(action: string | undefined): Fault | undefined;
  /** What is left, with the times that are left. */
  pending(): Fault[];
  reset(): void;
}

/** An empty queue of faults. */
export function createFaults(): Faults {
  let queue: Fault[] = [];
  return {
    add(faults) {
      queue.push(...faults);
    },
    take(action) {
      const fault = queue.find((one) => one.action === undefined || one.action === action);
      if (!fault) return undefined;
      queue = queue.flatMap((one) =>
        one !== fault ? [one] : one.times > 1 ? [{ ...one, times: one.times - 1 }] : []
      );
      return fault;
    },
    pending: () => [...queue],
    reset() {
      queue = [];
    },
  };
}
