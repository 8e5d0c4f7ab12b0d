// `npm run reconcile`: the provider's list against rows and ledger, batch by batch until nothing is left to do.
import { runCommand } from "./operator/command.ts";
import { reconcileAll } from "./reconcile/batches.ts";
import { parseOptions, usage } from "./reconcile/options.ts";
import { exitCode, soFarInShort, summarize } from "./reconcile/summary.ts";

Deno.exit(
  await runCommand({
    usage,
    parse: parseOptions,
    run: (target, { request }, onProgress) => reconcileAll({ ...target, request, onProgress }),
    doing: "Reconciling",
    tell: soFarInShort,
    summarize: (report, { request }) => summarize(report, request),
    exitCode: (report, { request }) => exitCode(report, request),
  }),
);
