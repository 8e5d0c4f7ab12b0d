// `npm run test:deploy`: the tests of the deploy.
import { runDeployTests } from "../checks/deploy/run_deploy_tests.ts";

Deno.exit(await runDeployTests(Deno.args));
