// `npm run reconcile`: the provider's list against rows and ledger, batch by batch until nothing is left to do.
import { runOperatorCommand } from "../operator/operator_command.ts";
import { reconcileBatches } from "../operator/reconcile/reconcile_batches.ts";
import { parseOptions, usage } from "../operator/reconcile/reconcile_options.ts";
import { commandFor, exitCode, inShort, summarize } from "../operator/reconcile/reconcile_summary.ts";

await runOperatorCommand({
  usage,
  parse: parseOptions,
  route: ({ request }) => reconcileBatches(request),
  doing: "Reconciling",
  inShort,
  summarize: (report, options) => summarize(report, options.request, commandFor(options)),
  exitCode: (report, { request }) => exitCode(report, request),
});
