// `npm run audit`: the known vulnerabilities of all packages, those that are deployed above all.
import { parseArgs } from "node:util";
import { ACCEPTED } from "../checks/audit/accepted.ts";
import { runAudit } from "../checks/audit/run.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/log.ts";
import { repository } from "../stack/repository.ts";

const usage = `Asks npm's registry which vulnerabilities are known in the packages of package-lock.json.

  npm run audit
  npm run audit -- --require      a registry that has no advisories is a failure, as with AUDIT_REQUIRED=true
  npm run audit -- --help         this text

Exit code: 1 for any vulnerability of a deployed package, for one of development from "high" up, for an entry of
tools/checks/audit/accepted.ts that is over or not needed, and when the registry failed or refused. 0 otherwise, so also when the
registry has no advisories to give: then it says that nothing was checked.`;

/** What one request of npm may take, in milliseconds. */
const REQUEST_MS = 30_000;

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      allowPositionals: false,
      options: {
        help: { type: "boolean", short: "h", default: false },
        require: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      logToStdout(usage);
      return 0;
    }
    const { lines, exitCode } = await runAudit({
      folder: repository,
      accepted: ACCEPTED,
      today: new Date().toISOString().slice(0, 10),
      required: values.require || Deno.env.get("AUDIT_REQUIRED") === "true",
      timeoutMs: REQUEST_MS,
      retries: 1,
    });
    for (const line of lines) logToStdout(line);
    return exitCode;
  } catch (error) {
    logToStderr(messageOf(error));
    return 1;
  }
}

Deno.exit(await main());
