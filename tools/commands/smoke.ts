// `npm run smoke`: clones a voice and has it speak, as a person with curl would, and says what came of it.
import { smoke } from "../operator/smoke/smoke_and_report.ts";
import { parseOptions, usage } from "../operator/smoke/smoke_options.ts";
import { runAndExit } from "../stack/command_line.ts";

await runAndExit({ usage, parse: parseOptions, run: smoke });
