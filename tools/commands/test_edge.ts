// `npm run test:edge`: the edge tests on the platform's Deno, or with `--deno newest` first, on the newest.
import { takeDeno } from "../stack/function/deno_option.ts";
import { runEdgeTests } from "../testkit/run_edge_tests.ts";

const [which, args] = takeDeno(Deno.args);
Deno.exit(await runEdgeTests(which, args));
