// `npm run reconcile`: the provider's list against rows and ledger, batch by batch until nothing is left to do.
import { runCommand } from "../operator/command.ts";
import { reconcileAll } from "../operator/reconcile/batches.ts";
import { parseOptions, usage } from "../operator/reconcile/options.ts";
import { commandFor, exitCode, soFarInShort, summarize } from "../operator/reconcile/summary.ts";

Deno.exit(
  await runCommand({
    usage,
    parse: parseOptions,
    run: (target, { request }, onProgress) => reconcileAll({ ...target, request, onProgress }),
    doing: "Reconciling",
    tell: soFarInShort,
    summarize: (report, options) => summarize(report, options.request, commandFor(options)),
    exitCode: (report, { request }) => exitCode(report, request),
  }),
);
