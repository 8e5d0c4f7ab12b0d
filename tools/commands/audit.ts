// `npm run audit`: the known vulnerabilities of all packages.
import { parseArgs } from "node:util";
import { ACCEPTED } from "../checks/audit/accepted.ts";
import { runAudit } from "../checks/audit/audit.ts";
import { runAndExit } from "../stack/command_line.ts";
import { repository } from "../stack/repository.ts";
import { logToStdout } from "../stack/terminal.ts";

const usage = `Checks all packages of package-lock.json for vulnerabilities that npm's registry knows.

  npm run audit
  npm run audit -- --require      fails if the registry has no advisories, as with AUDIT_REQUIRED=true
  npm run audit -- --help         this text

Exits with 1 for any vulnerability of a deployed package, for one of a development package from "high" up, for an entry of
tools/checks/audit/accepted.ts that is expired or not needed, and when the registry fails or refuses. Exits with 0 otherwise,
also when the registry has no advisories: then it says that nothing was checked.`;

await runAndExit({
  usage,
  parse: (args) =>
    parseArgs({
      args,
      allowPositionals: false,
      options: {
        help: { type: "boolean", short: "h", default: false },
        require: { type: "boolean", default: false },
      },
    }).values,
  async run({ require }) {
    const { lines, exitCode } = await runAudit({
      folder: repository,
      accepted: ACCEPTED,
      today: new Date().toISOString().slice(0, 10),
      required: require || Deno.env.get("AUDIT_REQUIRED") === "true",
      timeoutMs: 30_000,
      retries: 1,
    });
    for (const line of lines) logToStdout(line);
    return exitCode;
  },
});
